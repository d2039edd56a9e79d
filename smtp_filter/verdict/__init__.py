"""What is done with a message and why: routes, protection, misdirection and policy to one verdict.

Pure: an inspection, an envelope and a policy in, a verdict out.  Nothing here opens a socket or a database.
"""
