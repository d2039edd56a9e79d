"""Mail and what mail programs keep: messages, mailboxes, calendars, their packings."""
