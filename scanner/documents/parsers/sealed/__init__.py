"""Encrypted files and messages, certificates, signatures."""
