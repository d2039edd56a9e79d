"""``python -m scanner.commands`` is ``dlp``."""

from scanner.commands import main

main()
