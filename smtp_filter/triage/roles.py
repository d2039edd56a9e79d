"""Who may do what: the roles of the console in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """A role of an account; an account may hold several."""

    VIEWER = "viewer"
    TRIAGE = "triage"
    APPROVER = "approver"
    AUDITOR = "auditor"
    DPO = "dpo"
    SIRO = "siro"
    DUTY = "duty"
    RULE_EDITOR = "rule_editor"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """The role as people call it."""
        return _LABELS[self]

    @property
    def meaning(self) -> str:
        """What it allows, in one line."""
        return _MEANINGS[self]


# Everybody who looks at held items; administrators and auditors see no content.
READERS = (Role.VIEWER, Role.TRIAGE, Role.APPROVER, Role.DPO, Role.DUTY)
DECIDERS = (Role.TRIAGE, Role.APPROVER, Role.DPO, Role.DUTY)
FIGURE_READERS = (Role.DPO, Role.SIRO, Role.APPROVER, Role.DUTY)

# What is done to held mail, and who may: for the pages and the commands.
MAY: Mapping[str, tuple[Role, ...]] = {
    "look": READERS,
    "claim": DECIDERS,
    "assign": DECIDERS,
    "release": DECIDERS,
    "return": DECIDERS,
    "delete": DECIDERS,
    "escalate": DECIDERS,
    "decline": DECIDERS,
    "reopen": DECIDERS,
    "expire": DECIDERS,
    "approve": (Role.APPROVER, Role.DPO),
    "purge": (Role.APPROVER, Role.DPO),
    "keep": (Role.APPROVER, Role.DPO),
    "unkeep": (Role.APPROVER, Role.DPO),
    "reveal": DECIDERS,
    "preview": DECIDERS,
    "download": (Role.APPROVER, Role.DPO),
    "emergency.ask": DECIDERS,
    "emergency.confirm": (Role.DUTY, Role.APPROVER),
    "emergency.review": (Role.DPO, Role.APPROVER, Role.DUTY),
    "figures": FIGURE_READERS,
}
# What whoever has the server may do without an account, in an emergency: nothing that shows a value, nothing
# that destroys, nothing that is a second person's.
WITHOUT_ACCOUNT = frozenset(
    {"look", "assign", "release", "return", "escalate", "decline", "reopen", "expire", "keep"}
    | {"emergency.ask", "figures"}
)

_LABELS = {
    Role.VIEWER: "Viewer",
    Role.TRIAGE: "Triage officer",
    Role.APPROVER: "Approver",
    Role.AUDITOR: "Auditor",
    Role.DPO: "Data protection officer",
    Role.SIRO: "Senior information risk owner",
    Role.DUTY: "Duty officer",
    Role.RULE_EDITOR: "Rule editor",
    Role.ADMINISTRATOR: "Administrator",
}
_MEANINGS = {
    Role.VIEWER: "sees held items, masked; decides nothing",
    Role.TRIAGE: "looks at held items and decides",
    Role.APPROVER: "agrees as the second person, and decides",
    Role.AUDITOR: "reads and exports the audit log; sees no items",
    Role.DPO: "leads incidents, sees the people affected",
    Role.SIRO: "sees the figures and the reports",
    Role.DUTY: "is told of emergencies and of shielded people",
    Role.RULE_EDITOR: "approves changes of rules",
    Role.ADMINISTRATOR: "looks after accounts; sees no items",
}
