"""``dlp quarantine``: look at held mail and decide, from the command line."""

from __future__ import annotations

import typer

from smtp_filter.commands.held import deciding, looking, upkeep

HELP = """Held mail: list it, look at it, decide.

You act as your account of the console, with its roles, departments and rules, and every act is in the audit
log under its name: sign in with `dlp console sign-in`, or have console.command_accounts say who you are.
Everything is masked unless you give a reason to see it.  Some decisions need a second person: `approve` or
`decline` them.  Nobody gets round this by being root; in an emergency --break-glass REASON does without an
account, shows no value, destroys nothing, and the duty role is told.

\b
Examples:
  dlp quarantine list --severity high
  dlp quarantine show Q-2026-000123
  dlp quarantine release Q-2026-000123 --reason "right person, agreed with the manager" --route secure
  dlp quarantine return --domain example.com --age 1d --reason "wrong address" --dry-run
"""
VERBS = (
    ("list", looking.LIST_HELP, looking.show_list),
    ("show", looking.SHOW_HELP, looking.show),
    *deciding.VERBS,
    ("emergency", looking.EMERGENCY_HELP, looking.emergency),
    ("figures", looking.FIGURES_HELP, looking.show_figures),
    ("rekey", upkeep.REKEY_HELP, upkeep.rekey),
)


def register(app: typer.Typer) -> None:
    """Add the verb with its sub-verbs."""
    verbs = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    for name, text, function in VERBS:
        verbs.command(name, help=text)(function)
    app.add_typer(verbs, name="quarantine")
