"""The verbs of ``dlp``, one file each: a verb parses its options, calls the rooms beneath, prints.

A verb's module has a ``register`` function that adds it to the program.  It imports what it works with only
when it is run, so that help and completion answer at once.
"""


def main() -> None:
    """Run the program ``dlp``."""
    from scanner.commands.root import program

    program()(prog_name="dlp")
