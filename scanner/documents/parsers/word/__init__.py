"""Word processing: Word of all ages, and RTF."""
