"""Where a route leads: the settings of one next hop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from smtp_filter.loopback import is_loopback


@dataclass(frozen=True, slots=True)
class NextHop:
    """One server that takes mail from us.

    ``tls`` is ``starttls`` (certificate checked against ``name`` or ``host``, no fallback to clear text) or
    ``none``, which is refused for anything but a loopback address (``mail_filtering`` section 4).  Times are
    in seconds; ``data_done_seconds`` is the wait for the answer to the final dot (RFC 5321 4.5.3.2.6: ten
    minutes). ``certificate`` and ``key`` are shown to a server that asks for a client certificate.
    """

    host: str
    port: int = 25
    tls: Literal["starttls", "none"] = "starttls"
    name: str = ""
    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    helo: str = ""
    """Our own name; the listener puts its ``hostname`` there where it is empty."""
    connect_seconds: float = 10.0
    command_seconds: float = 30.0
    data_block_seconds: float = 180.0
    data_done_seconds: float = 600.0
    idle_seconds: float = 8.0
    """How long an unused connection is kept; below the 10 s that a stressed Postfix waits for a command."""
    pool_size: int = 20
    messages_per_connection: int = 100

    def __post_init__(self) -> None:
        """Refuse clear text to another machine; raises ``ValueError``."""
        if self.tls == "none" and not is_loopback(self.host):
            raise ValueError("a next hop that is not on the loopback address needs tls: starttls")
