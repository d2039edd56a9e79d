"""Rules are data: YAML packs with their own examples, their schema, their loader and their checks.

``rules`` is the lowest floor: it knows nothing of documents, mail or detection.
"""
