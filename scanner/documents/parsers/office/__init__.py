"""What Office programs share: packages, compound files, embedded objects, macros, properties, encryption."""
