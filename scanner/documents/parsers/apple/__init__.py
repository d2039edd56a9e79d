"""What Apple's programs keep: documents, property lists, folders, forks."""
