"""Whoever carries mail for the quarantine: releases and notices go out through this one small protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from smtp_filter.delivery import Outcome
from smtp_filter.message import Content, Envelope


class Carrier(Protocol):
    """Sends one message to a next hop and says what became of each recipient."""

    async def carry(
        self,
        envelope: Envelope,
        content: Content,
        route: str,
        head: bytes = b"",
        before_dot: Callable[[], bool] = lambda: True,
    ) -> Outcome:
        """Send ``head`` and then the exact bytes of ``content`` over a route; never raises for a next hop.

        ``route`` is ``default``, ``secure`` or ``gateway``; one that is not configured is a transient
        failure.  ``before_dot`` is called right before the final dot and may forbid it.
        """
        ...
