"""The pages, one module per family: handlers and ``routes()``, found by being here."""
