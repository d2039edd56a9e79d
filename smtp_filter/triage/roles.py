"""Who may do what: the roles of the console in plain words."""

from __future__ import annotations

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
