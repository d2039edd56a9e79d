"""Alerts on their way out: what the outbox owes goes to e-mail, a webhook, syslog, and never holds a value.

A channel takes what it is owed or fails as a whole; what failed is tried again, later and later, while the
other channels go on.  E-mail gathers: one digest every few minutes, at once where something is critical.
"""
