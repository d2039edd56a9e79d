"""Text as detection sees it: normalised with exact offset maps, and passages with their structure."""

from scanner.text.labels import words_apart
from scanner.text.normalise import NormalisedText, normalise, to_bytes
from scanner.text.passage import Block, Field, Passage

__all__ = ["Block", "Field", "NormalisedText", "Passage", "normalise", "to_bytes", "words_apart"]
