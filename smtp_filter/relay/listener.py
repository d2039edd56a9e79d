"""The listener: sockets, who is let in, the sessions that run, and their graceful end."""

from __future__ import annotations
