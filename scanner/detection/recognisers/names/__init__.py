"""Names of people by rules, with a place for a language model's opinion.

Runs of capitalised words, values of labels and places beside greetings, titles and case-note phrases become
candidates; each reason for or against one adds to its log-odds (``weighing``); a name that one place of a
document establishes supports its other mentions (``coherence``); each place ends with one decision.
"""

from scanner.detection.recognisers.names.recogniser import NameRecogniser
from scanner.detection.recognisers.names.weighing import ModelSpan

__all__ = ["ModelSpan", "NameRecogniser"]
