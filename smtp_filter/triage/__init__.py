"""The console: the pages on which security staff look at what is held, and decide.

A request goes one way: ``app`` (middleware, routes) to a handler of ``pages``, which asks the services of its
room (``accounts``, ``inbox``, ``incidents``, ...) and renders a template.  SQL is in the rooms' query modules
only; every act is in the audit log, in the transaction of what it changed.
"""
