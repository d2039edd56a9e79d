"""OpenDocument: the names of elements and attributes, whichever prefixes a file uses for them."""

from __future__ import annotations


class Names(dict[str, str]):
    """Names with the standard's own prefixes, whichever prefixes the file declares.

    Files with prefixes that nobody declared exist and open: they mean those of the standard.
    """

    def __init__(self) -> None:
        super().__init__()
        self._prefixes: dict[str, str] = {}

    def declare(self, attributes: dict[str, str]) -> None:
        """Take the namespaces that the outermost element declares."""
        for key, value in attributes.items():
            if key.startswith("xmlns:"):
                self._prefixes[key[6:]] = _prefix(value) or key[6:]

    def __missing__(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        short = self[name] = f"{self._prefixes.get(prefix, prefix)}:{local}"
        return short


def _prefix(space: str) -> str:
    """Prefix of a namespace: "text" for both generations of the format.

    >>> _prefix("urn:oasis:names:tc:opendocument:xmlns:text:1.0"), _prefix("http://openoffice.org/2000/text")
    ('text', 'text')
    """
    if space.startswith("urn:"):
        words = space.split(":")
        word = words[-2] if len(words) > 1 else ""
    else:
        word = space.rstrip("/").rpartition("/")[2]
    known = {
        "drawing": "draw",
        "xsl-fo-compatible": "fo",
        "svg-compatible": "svg",
        "1.1": "dc",
        "2000": "svg",
    }
    return known.get(word, word)
