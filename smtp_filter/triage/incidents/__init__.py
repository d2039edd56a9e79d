"""Incidents: what happened, to how many people, what was decided and told, until it is closed."""

from smtp_filter.triage.incidents.opening import NewIncident, open_for_message, open_incident

__all__ = ["NewIncident", "open_for_message", "open_incident"]
