"""OpenDocument: the names of elements and attributes, whichever prefixes a file uses for them."""

from __future__ import annotations


class Names(dict[str, str]):
    """Names with the standard's own prefixes, whichever prefixes the file declares.

    Files with prefixes that nobody declared exist and open: they mean those of the standard.
    """

    def __init__(self) -> None:
        super().__init__()
        self._prefixes: dict[str, str] = {}
        self.unread = False  # a namespace was met that an inner element declares

    def declare(self, attributes: dict[str, str]) -> None:
        """Take the namespaces that an element declares."""
        for key, value in attributes.items():
            if key.startswith("xmlns:"):
                prefix = key[6:]
                self._prefixes[prefix] = _prefix(value) or prefix
                for name in [one for one in self if one.startswith(prefix + ":")]:
                    del self[name]
        self.unread = False

    def __missing__(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        if prefix == "xmlns":
            self.unread = True
            return name
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
