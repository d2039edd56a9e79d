"""Figures for the SIRO: held mail and shares over some weeks, as values, charts, CSV, PDF."""
