"""Migrations of the console.

0001 accounts, 0002 inbox (decisions, rules, saved views), 0003 incidents, shares, shielded people.
"""
