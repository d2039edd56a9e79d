"""The scanner: finds UK personal data in text, documents and file shares, and says how bad it is.

Rooms, lowest floor first: ``text``, ``detection`` and ``documents``, ``judgement`` and ``store``,
``shares`` and ``reports``, ``commands``.  A room imports only from the floors beneath it
(``docs/architecture.md``); values flow one way, from bytes to assessment.
"""
