"""Migrations of the foundation that every database has: the audit log and the wrapped keys."""
