"""Databases, their dumps, and tables of single files."""
