"""Alembic's script location: how the migrations of any room are run; the versions lie with their rooms."""
