"""Long runs with real programs, random kills and exact book-keeping: ``python -m tests.soak.relay``."""
