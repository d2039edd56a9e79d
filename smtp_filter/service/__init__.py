"""The running program: one supervisor, relay processes that share the port, a background process, a zygote.

A message is examined by a worker of the zygote, judged there, and then passed, held or returned by the relay
process that took it.  The background process sends notices, releases and expiries, and answers for health
and figures.  Whatever dies is replaced; a reload starts a second set beside the first and then lets the first
finish, on the same listening sockets, so that no connection is refused.
"""
