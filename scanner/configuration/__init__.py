"""The one configuration file: its schema, how it is found and read, and the settings each room gets of it.

Without any file the defaults work.  Secrets are never in the file: they come from the environment.
"""

from scanner.configuration.loading import configuration_path, load, overridden
from scanner.configuration.problems import ConfigurationError, Problem
from scanner.configuration.programs import configuration_type
from scanner.configuration.schema import Configuration

__all__ = [
    "Configuration",
    "ConfigurationError",
    "Problem",
    "configuration_path",
    "configuration_type",
    "load",
    "overridden",
]
