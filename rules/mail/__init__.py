"""Rules of outgoing mail: policies, routes, domains; their schema, loader, matching and examples.

Data first: ``policy.yaml``, ``routes.yaml`` and ``domains.yaml`` lie beside this file; a council's own policy
file has the form of the first and may add to the others.  Nothing here reads a message.
"""

from rules.mail.checking import broken_examples, example_count
from rules.mail.loading import Domains, MailRules, load_mail_rules
from rules.mail.matching import Facts, matches
from rules.mail.schema import MailPolicy, PolicyRule, RouteLine

__all__ = [
    "Domains",
    "Facts",
    "MailPolicy",
    "MailRules",
    "PolicyRule",
    "RouteLine",
    "broken_examples",
    "example_count",
    "load_mail_rules",
    "matches",
]
