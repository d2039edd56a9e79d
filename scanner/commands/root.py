"""The root command: finds the verbs of both programs and hands over."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

import typer

from scanner.commands.version import program_version

# The relay's verbs appear where it is installed; this program works without it.
VERB_PACKAGES = ("scanner.commands", "smtp_filter.commands")

HELP = """Find people's data in council file shares and outgoing mail, and say how bad it is and why.

Values are masked everywhere unless you ask for them; a scan never changes what it reads.

\b
Examples:
  dlp scan /srv/shares/housing
  dlp scan . --format html --output ~/report.html
  dlp rules test-mail message.eml --from a@example.gov.uk --to b@example.com
  dlp relay --check
  dlp doctor
"""


def program() -> typer.Typer:
    """The whole program, with every verb that is installed."""
    app = typer.Typer(
        name="dlp",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def _root(
        _version: bool = typer.Option(
            False, "--version", is_eager=True, callback=_print_version, help="Print the version and stop."
        ),
    ) -> None:
        pass

    for package in VERB_PACKAGES:
        for name in _modules(package):
            register = getattr(importlib.import_module(name), "register", None)
            if register is not None:
                register(app)
    return app


def _modules(package: str) -> list[str]:
    """The modules of a package by name, none where it is not installed."""
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        return []
    if spec is None or spec.submodule_search_locations is None:
        return []
    found = pkgutil.iter_modules(spec.submodule_search_locations)
    return sorted(f"{package}.{module.name}" for module in found if not module.name.startswith("_"))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dlp {program_version()}")
        raise typer.Exit
