"""What the styles of a page hide: declarations of elements, and the simple rules of its style sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?|<!--|-->")
_BRACE = re.compile(r"[{}]")
# A tag, a class or a name of one element; what depends on its neighbours is left to a browser.
_SIMPLE = re.compile(r"[a-z][a-z0-9]*(?:[.#][\w-]+)?|[.#][\w-]+")
_COLOUR = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})|rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})[^)]*\)|[a-z]+")
_NAMED = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "blue": "#0000ff", "yellow": "#ffff00"}
_NAMED |= {"lime": "#00ff00", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080", "navy": "#000080"}
_NO_COLOUR = frozenset(("transparent", "none", "inherit", "initial", "unset", "auto", "windowtext", "window"))
_WHITE = "#ffffff"
_UNKNOWN = "?"
_NOTHING = re.compile(r"0(?:\.0*)?(?:px|pt|em|rem|%)?")
_TINY = re.compile(r"(?:1(?:\.[0-5]\d*)?|0?\.\d+)(?:px|pt)")
_FAR_AWAY = re.compile(r"-(?:[1-9]\d{3,6}(?:\.\d*)?(?:px|pt)|[1-9]\d{2,6}(?:\.\d*)?em)")
_MOVED = ("left", "top", "text-indent", "margin-left")
_BY_COLOUR = frozenset(("white text", "text in the colour of its background"))
_MOST_RULES, _MOST_KEPT = 5_000, 2_000

_TELLING = ("class", "id", "style", "color", "bgcolor", "text", "hidden")


@dataclass(frozen=True, slots=True)
class Look:
    """Why text that looks so is not seen (empty where it is), its colour and that of its ground if known."""

    hidden: str = ""
    colour: str = ""
    ground: str = ""


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class _Said:
    """What one element says: why it is not shown, its own colour and that of its own ground."""

    hidden: str
    colour: str
    ground: str


class StyleSheets:
    """The rules that a page has given so far."""

    def __init__(self) -> None:
        self._rules: dict[str, dict[str, str]] = {}
        self._paints_elsewhere = False
        self._kept: dict[tuple[str | None, ...], _Said | None] = {}

    def add(self, text: str) -> None:
        """Take the rules of one style sheet; those for some media only are not for everybody."""
        self._kept.clear()
        for selectors, body in _rules(_COMMENT.sub(" ", text).lower()):
            for selector in selectors.split(","):
                selector = selector.strip()
                if _SIMPLE.fullmatch(selector):
                    if len(self._rules) < _MOST_RULES or selector in self._rules:
                        self._rules.setdefault(selector, {}).update(declarations(body))
                elif "background" in body:
                    self._paints_elsewhere = True

    def look(self, tag: str, attributes: Mapping[str, str], outer: Look) -> Look:
        """How the text of an element looks inside of what looks like ``outer``."""
        if not attributes and tag not in self._rules:
            return outer
        key = (tag, *map(attributes.get, _TELLING))
        if key in self._kept:
            said = self._kept[key]
        else:
            said = self._said(tag, attributes)
            if len(self._kept) < _MOST_KEPT:
                self._kept[key] = said
        return outer if said is None else _judged(said, outer, unsure=self._paints_elsewhere)

    def _said(self, tag: str, attributes: Mapping[str, str]) -> _Said | None:
        """What an element says by itself, ``None`` where that is nothing."""
        found = dict(self._rules.get(tag, {}))
        if self._rules:
            for name in attributes.get("class", "").lower().split():
                found |= self._rules.get(f".{name}", {}) | self._rules.get(f"{tag}.{name}", {})
            name = attributes.get("id", "").lower()
            found |= self._rules.get(f"#{name}", {}) | self._rules.get(f"{tag}#{name}", {})
        found |= declarations(attributes.get("style", "").lower())
        colour = _colour(found.get("color", attributes.get("color", "") if tag == "font" else ""))
        if tag == "body":
            colour = colour or _colour(attributes.get("text", ""))
        said = _Said(
            "hidden element" if "hidden" in attributes else _not_shown(found),
            colour,
            _ground(found) or _colour(attributes.get("bgcolor", "")),
        )
        return said if said.hidden or said.colour or said.ground else None


def _judged(said: _Said, outer: Look, *, unsure: bool) -> Look:
    colour, ground = said.colour or outer.colour, said.ground or outer.ground
    inherited = "" if outer.hidden in _BY_COLOUR else outer.hidden
    if reason := inherited or said.hidden:
        return Look(reason, colour, ground)
    on_page = not ground and colour == _WHITE and not unsure
    if colour and (on_page or (colour == ground and ground != _UNKNOWN)):
        white = colour == _WHITE
        return Look("white text" if white else "text in the colour of its background", colour, ground)
    return Look("", colour, ground)


def declarations(style: str) -> dict[str, str]:
    """The properties of a style in small letters, without blanks and marks of importance.

    >>> declarations("display : none !important; color:#FFF".lower())
    {'display': 'none', 'color': '#fff'}
    """
    found: dict[str, str] = {}
    for one in style.split(";"):
        name, colon, value = one.partition(":")
        if colon:
            found[name.strip()] = "".join(value.replace("!important", "").split())
    return found


def _not_shown(found: Mapping[str, str]) -> str:
    if found.get("display") == "none":
        return "display:none"
    if found.get("visibility") == "hidden":
        return "visibility:hidden"
    if found.get("mso-hide") == "all":
        return "hidden for Outlook"
    size = found.get("font-size", "")
    if _NOTHING.fullmatch(size):
        return "font size 0"
    if _TINY.fullmatch(size):
        return "tiny text"
    if re.fullmatch(r"0(?:\.0*)?%?", found.get("opacity", "")):
        return "transparent text"
    if any(_FAR_AWAY.fullmatch(found.get(name, "")) for name in _MOVED):
        return "outside the page"
    return ""


def _ground(found: Mapping[str, str]) -> str:
    value = found.get("background-color") or found.get("background") or ""
    return _UNKNOWN if "url(" in value or "gradient(" in value else _colour(value)


def _colour(value: str) -> str:
    """A colour as ``#rrggbb``; "?" for one without a number here; empty where there is none.

    >>> _colour("white"), _colour("#fff"), _colour("rgb(255,255,255)"), _colour("teal"), _colour("none")
    ('#ffffff', '#ffffff', '#ffffff', '?', '')
    """
    match = _COLOUR.match(value.lower())
    if match is None or match[0] in _NO_COLOUR:
        return ""
    word = match[0]
    if match[1] is not None:
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in match.groups())
    if word[0] == "#":
        return word if len(word) == 7 else "#" + "".join(letter * 2 for letter in word[1:])
    return _NAMED.get(word, _UNKNOWN)


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of the rules that stand in no other rule."""
    depth = start = body = 0
    selectors = ""
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            if not depth:
                selectors, body = text[start : brace.start()].rpartition(";")[2].strip(), brace.end()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                if not selectors.startswith("@"):
                    yield selectors, text[body : brace.start()]
                start = brace.end()
        else:
            start = brace.end()
