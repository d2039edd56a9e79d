"""Peers that several rooms of the mail side test against."""

from tests.smtp_filter.peers import certificates, postfix, sink

__all__ = ["certificates", "postfix", "sink"]
