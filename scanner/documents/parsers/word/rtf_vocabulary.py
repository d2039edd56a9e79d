"""The words of RTF: what stands for characters, where text goes, how bytes are read.

Source: Rich Text Format Specification 1.9.1.
"""

from __future__ import annotations

import re
from functools import cache

TOKEN = re.compile(
    r"\\'([0-9A-Fa-f]{2})|\\([A-Za-z]{1,32})(-?[0-9]{1,10})? ?|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.DOTALL,
)
"""A byte in hexadecimal, a control word and its number, a control symbol, a brace, a line end, characters."""

CHARACTERS = {
    "tab": "\t", "line": "\n", "softline": "\n", "emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022",
    "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d",
    "emspace": " ", "enspace": " ", "qmspace": " ",
}  # fmt: skip
"""Control word -> the character that it stands for."""

SYMBOLS = {
    "~": "\xa0",
    "_": "\u2011",
    "-": "",
    "\\": "\\",
    "{": "{",
    "}": "}",
    "\n": "\n",
    "\r": "\n",
    "\t": "\t",
}
"""Control symbol -> the character that it stands for."""

SKIPPED = frozenset(
    (  # noqa: SIM905
        "stylesheet themedata colorschememapping datastore latentstyles listtable listoverridetable rsidtbl "
        "xmlnstbl blipuid mmathPr pnseclvl filetbl fontemb fontfile passwordhash wgrffmtfilter panose falt "
        "pgdsctbl atndate atntime atnref atrfstart atrfend atnparent nonshppict nonesttables upr objclass "
        "ffname ffentrymcr ffexitmcr picprop"
    ).split()
)
"""Destinations without text: tables of styles, packed data, another form of what is read."""

SHOWN = frozenset(
    (  # noqa: SIM905
        "shpinst shprslt background nesttableprops sp do shppict moMath moMathPara mmath mr formfield ud "
        "listtext pntext"
    ).split()
)
"""Destinations that are marked as ignorable and hold what is shown."""

DESTINATIONS = {
    "annotation": ("comment", "comment"),
    "atnauthor": ("comment author", "comment"),
    "atnid": ("comment author", "comment"),
    "docvar": ("document variable", "document variable"),
    "dptxbxtext": ("text box", ""),
    "ffdeftext": ("form field", "form field"),
    "ffhelptext": ("form field", "form field"),
    "ffl": ("form field", "form field"),
    "ffstattext": ("form field", "form field"),
    "fldinst": ("field instruction", "field instruction"),
    "footer": ("footer", ""),
    "footerf": ("footer", ""),
    "footerl": ("footer", ""),
    "footerr": ("footer", ""),
    "footnote": ("footnote", ""),
    "header": ("header", ""),
    "headerf": ("header", ""),
    "headerl": ("header", ""),
    "headerr": ("header", ""),
    "info": ("document properties", "document properties"),
    "shptxt": ("text box", ""),
    "userprops": ("document properties", "document properties"),
    "generator": ("document properties", "document properties"),
    "bkmkstart": ("bookmark", "bookmark"),
    "sn": ("shape property", "shape property"),
    "sv": ("shape property", "shape property"),
    "result": ("object", ""),
    "revtbl": ("author of a change", "author of a change"),
}
"""Destination -> (place, why hidden)."""

INFO = frozenset(
    {
        *("title", "subject", "author", "manager", "company", "operator", "category", "keywords", "doccomm"),
        *("comment", "hlinkbase", "propname", "staticval", "linkval"),
    }
)
"""Fields of the information group, each a text of its own."""

SHAPE_WORDS = {"gtextUNICODE": "", "wzDescription": "alt text", "pihlShape": "link target"}
"""Properties of shapes that somebody wrote -> why a reader does not see them."""

CHARSETS = {
    0: "cp1252", 77: "mac-roman", 78: "cp932", 79: "cp949", 80: "gbk", 81: "big5", 83: "mac-greek",
    85: "mac-turkish", 88: "mac-latin2", 89: "mac-cyrillic", 128: "cp932", 129: "cp949", 130: "johab",
    134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
r"""Number of a charset (``\fcharset``) -> its codec."""

TICKS = {
    0xFE: "\u2612", 0x78: "\u2612", 0xFD: "\u2612", 0xFC: "\u2713", 0x52: "\u2611", 0x54: "\u2612",
    0xA8: "\u2610", 0x6F: "\u2610", 0x71: "\u2610",
}  # fmt: skip
"""Check boxes of the symbol fonts."""

DOUBLE_BYTE = frozenset({"cp932", "cp949", "johab", "gbk", "big5", "cp936", "cp950"})
"""Codecs with characters of two bytes, of which the second may look like ASCII."""


@cache
def known_codec(codec: str) -> str:
    """The codec where Python has it, cp1252 else."""
    try:
        b"a".decode(codec)
    except LookupError:
        return "cp1252"
    return codec
