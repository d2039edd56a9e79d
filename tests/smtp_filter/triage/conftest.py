"""A running console and a browser before it."""

from tests.smtp_filter.triage.browser import browser, console, page

__all__ = ["browser", "console", "page"]
