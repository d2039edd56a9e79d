"""The verbs of ``dlp``, one file each: a verb parses its options, calls the rooms beneath, prints.

A verb's module has a ``register`` function that adds it to the program.  It imports what it works with only
when it is run, so that help and completion answer at once.
"""

import sys


def main() -> None:
    """Run the program ``dlp``."""
    from scanner.commands.root import program

    try:
        program()(prog_name="dlp")
    except BrokenPipeError:
        # Whoever read the output has seen enough (``dlp scan ... | head``).
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        from scanner.commands.exits import internal_error

        internal_error(error)
