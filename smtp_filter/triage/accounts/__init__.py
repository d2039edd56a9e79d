"""Who may use the console: accounts, passwords, second factors, sessions, and the provider of OpenID Connect.

A secret is never stored as such: passwords and recovery codes as argon2id hashes, tokens of sessions and
one-time links as digests, the seed of a second factor sealed.
"""
