"""The mail side: a relay that inspects outgoing mail, its quarantine and the console where people decide.

It stands on the scanner's core; ``scanner`` never imports it.
"""
