"""What stands behind the pages of held mail: filters, views, what a message's page says, false alarms."""
