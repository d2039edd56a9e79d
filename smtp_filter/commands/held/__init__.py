"""The sub-verbs of ``dlp quarantine``: their options, looking, acting, upkeep, and how items are written."""
