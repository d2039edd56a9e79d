"""What scans found on shares: lists, one file, decisions that outlive runs, what was there on a date."""
