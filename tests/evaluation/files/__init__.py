"""Files as council staff make them, built at run time with their truth: what they hold, where, and how bad."""
