"""Migrations of the quarantine."""
