"""Watching folders: what changes is read when it settles, entered into the file table, and alerted.

Local disks tell of changes themselves (inotify, through watchdog, in a process of its own: the process that
forks the readers has no threads).  Network mounts do not tell what other machines do: they are swept, that is
walked and held against the file table, which is the only picture of the share that is kept.  Whatever may
have been missed (an overflow, a folder without a watch, the time before the start) is swept in the same way.
"""
