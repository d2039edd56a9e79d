"""The relay's sections of the one configuration file, and the settings that each room is given of them.

``scanner.configuration`` finds ``SECTIONS`` where this program is installed.
"""

from scanner.configuration.schema import Section
from smtp_filter.configuration.console import ConsoleSection, OpenIdSection
from smtp_filter.configuration.sections import (
    GatewayHopSection,
    MailSection,
    MailWorkersSection,
    MetricsSection,
    NextHopSection,
    NoticesSection,
    QuarantineSection,
    RelaySection,
    SecureHopSection,
)

SECTIONS: dict[str, type[Section]] = {
    "relay": RelaySection,
    "next_hop": NextHopSection,
    "secure_hop": SecureHopSection,
    "gateway_hop": GatewayHopSection,
    "mail": MailSection,
    "mail_workers": MailWorkersSection,
    "quarantine": QuarantineSection,
    "notices": NoticesSection,
    "metrics": MetricsSection,
    "console": ConsoleSection,
    "openid": OpenIdSection,
}
"""The names of the sections in the file, in the order in which they are shown."""

__all__ = [
    "SECTIONS",
    "ConsoleSection",
    "GatewayHopSection",
    "MailSection",
    "MailWorkersSection",
    "MetricsSection",
    "NextHopSection",
    "NoticesSection",
    "OpenIdSection",
    "QuarantineSection",
    "RelaySection",
    "SecureHopSection",
]
