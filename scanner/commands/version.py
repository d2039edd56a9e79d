"""``dlp version``: what is installed, for a report of a fault."""

from __future__ import annotations

import typer

HELP = """Print the versions of dlp, Python and the libraries that read documents.

\b
Examples:
  dlp version
  dlp --version
"""

# What decides how a document is read and judged.
_LIBRARIES = (
    "google-re2",
    "pdfminer.six",
    "presidio-analyzer",
    "pypdfium2",
    "spacy",
    "sqlalchemy",
)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("version", help=HELP)(show)


def program_version() -> str:
    """The version of this program."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("council-dlp")
    except PackageNotFoundError:
        return "(not installed, run from its source)"


def show() -> None:
    """Print versions."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    typer.echo(f"dlp {program_version()}")
    typer.echo(f"python {platform.python_version()}")
    for library in _LIBRARIES:
        try:
            typer.echo(f"{library} {version(library)}")
        except PackageNotFoundError:
            typer.echo(f"{library} missing")
