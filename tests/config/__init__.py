"""Tests of the set-ups in ``config``."""
