"""What verbs do before their work: read the configuration, set up logging, find the state directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scanner.commands.exits import fail

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from scanner.configuration import Configuration

CONFIG_HELP = (
    "Configuration file [default: $DLP_CONFIG, ~/.config/dlp/dlp.yaml, /etc/dlp/dlp.yaml, else built-in]."
)
STATE_HELP = "State directory: ledgers and the installation's key [default: ~/.local/state/dlp]."


def configuration(path: Path | None) -> Configuration:
    """The configuration, or the end of the program with one line per problem."""
    from scanner.configuration import ConfigurationError, configuration_path, load

    try:
        return load(configuration_path(path))
    except ConfigurationError as error:
        fail(str(error))


def state_directory(given: Path | None, configured: Path | None) -> Path:
    """The state directory of the options, the configuration or the system, in this order."""
    from scanner.store.keys import default_state_directory

    return Path(given or configured or default_state_directory()).absolute()


def inventory(settings: Configuration, state: Path) -> Engine:
    """The database of runs and files, or the end of the program with a line that says why not.

    What was not compared with the list of shielded people yet is, where there is one.
    """
    from scanner.commands.shielding import Comparing
    from scanner.store.database import StorageError
    from scanner.store.inventory import open_inventory

    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = (error.strerror or "write error").lower()
        fail(f"the state directory {state} cannot be used ({reason}); choose another with --state")
    try:
        engine = open_inventory(settings.storage.url(state))
    except StorageError as error:
        fail(str(error))
    # Whatever the verb tells of files, it does so after this.
    Comparing(engine, settings.storage.master_key).all()
    return engine


def set_up_logging(level: str, file: Path | None) -> None:
    """Log to standard error or to a file that only its owner may read."""
    import logging
    import os

    handler: logging.Handler = logging.StreamHandler()
    if file is not None:
        try:
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
            handler = logging.FileHandler(file, encoding="utf-8")
        except OSError as error:
            fail(f"logging.file: {file} cannot be written ({(error.strerror or '').lower()})")
    logging.basicConfig(
        level=level.upper(), handlers=[handler], format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
