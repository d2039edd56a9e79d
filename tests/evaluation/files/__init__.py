"""Files as council staff make them, built at run time with their truth: what is in them and where."""
