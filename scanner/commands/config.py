"""``dlp config``: check the configuration file, show what is in force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.preparing import CONFIG_HELP

if TYPE_CHECKING:
    from pydantic import BaseModel

HELP = """Check and show the configuration.

\b
Examples:
  dlp config check
  dlp config check /etc/dlp/dlp.yaml
  dlp config show
"""

CHECK_HELP = """Check a configuration file; each problem is one line with file, line, key and what is allowed.

\b
Examples:
  dlp config check
  dlp config check /etc/dlp/dlp.yaml
"""

SHOW_HELP = """Show every setting in force, as a configuration file, and where it comes from.

\b
Examples:
  dlp config show
  dlp config show --config dlp.yaml > full.yaml
  DLP_SCAN_WORKERS=2 dlp config show
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.command("check", help=CHECK_HELP)(check)
    group.command("show", help=SHOW_HELP)(show)
    app.add_typer(group, name="config")


def check(
    file: Annotated[Path | None, typer.Argument(help=CONFIG_HELP)] = None,
) -> None:
    """Say whether the configuration can be used."""
    from scanner.commands.preparing import configuration
    from scanner.configuration import configuration_path

    configuration(file)
    path = configuration_path(file)
    typer.echo(f"{path}: is right" if path else "no configuration file: the built-in defaults are in force")


def show(config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None) -> None:
    """Print the configuration in force."""
    import os

    from scanner.commands.preparing import configuration
    from scanner.configuration import configuration_path, overridden

    settings = configuration(config)
    variables = overridden(os.environ)
    typer.echo(f"# from {configuration_path(config) or 'the built-in defaults'}")
    for name in type(settings).model_fields:
        section = getattr(settings, name)
        typer.echo(f"\n# {(type(section).__doc__ or '').strip()}\n{name}:")
        for key in type(section).model_fields:
            for line in _setting(section, key, variables.get((name, key))):
                typer.echo(line)


def _setting(section: BaseModel, key: str, variable: str | None) -> list[str]:
    import json

    field = type(section).model_fields[key]
    value = getattr(section, key)
    # JSON is YAML, and shows texts, lists and true/false without ambiguity.
    shown = json.dumps(value, default=str, ensure_ascii=False)
    source = f" (set by {variable})" if variable else ""
    return [f"  # {field.description}{source}", f"  {key}: {shown}"]
