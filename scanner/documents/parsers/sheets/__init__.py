"""Spreadsheets: cells as they are shown, and everything behind them."""
