"""Mail: messages (EML, MHTML) and mailboxes (mbox), every part under every plausible reading.

The splitting into parts is our own, on the raw bytes and without recursion: the standard parser decodes
too little where a message is malformed on purpose (a second boundary, base64 on a container, padding in
the middle), and its depth and its headers can be made to cost without limit.
"""

from __future__ import annotations

import binascii
import re
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from email.message import Message
from email.utils import collapse_rfc2231_value
from itertools import islice

from scanner.documents.decoding import decode
from scanner.documents.limits import Limits
from scanner.documents.mail_headers import (
    HEADER_BLOCK,
    HEADER_LINES,
    Header,
    base64_bytes,
    decoded_words,
    readable_message,
    split_headers,
)
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.mail.encoded_text import files_inside, other_readings, uuencoded
from scanner.documents.parsers.markup.html import html_events
from scanner.documents.parsers.markup.plain import text_segments
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import row_segment

# Bounds of one message.  Postfix stops at 100 levels, rspamd at 64; honest mail stays under ten.
_LEVELS = 64
_PARAMETERS = 16_000
_BOUNDARIES = 8
_ATTACHED = "attached message"

# Signatures over the message: long random text that nobody wrote.
_SIGNATURE_HEADERS = frozenset(
    {"dkim-signature", "arc-seal", "arc-message-signature", "x-google-dkim-signature", "domainkey-signature"}
)
_PART_HEADERS = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version"}
)
_BOUNDARY = re.compile(rb"""boundary\s{0,9}=\s{0,9}(?:"([^"\r\n]{1,500})"|([^\s;"]{1,500}))""", re.IGNORECASE)
_DASHED_LINE = re.compile(rb"^--(\S[^\r\n]{0,198}?)(?:--)?[ \t]*\r?$", re.MULTILINE)
# Parameters whose values are read elsewhere, or are no words of anybody.
_NAME = re.compile(r";\s{0,20}([^\s=;*\"]{1,40})\*?[0-9]{0,3}\*?\s{0,20}=")
_PARAMETER = re.compile(r";\s{0,20}[^\s=;\"]{1,60}\s{0,20}=\s{0,20}(?:\"(?:[^\"\\]|\\.)*+\"|[^\s;\"]*+)")
_PARAMETER_NAMES = frozenset(
    {
        *(
            "boundary",
            "charset",
            "creation-date",
            "delsp",
            "filename",
            "format",
            "micalg",
            "modification-date",
        ),
        *(
            "method",
            "name",
            "protocol",
            "read-date",
            "reply-type",
            "report-type",
            "size",
            "smime-type",
            "start",
        ),
        *(
            "type",
            "x-apple-part-url",
            "x-mac-creator",
            "x-mac-type",
            "x-unix-mode",
            "hp-legacy",
            "access-type",
        ),
        *("number", "total", "id", "component", "differences", "header", "start-info", "conversions", "url"),
    }
)
_COMMENT = re.compile(r"\([^()]*\)")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_TRAILING_BLANKS = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n)")
_QUOTED = re.compile(rb"=(?:[0-9A-F]{2}|\r?\n)")
# What ordinary text (addresses of pages, base64) does not have: escapes in a row or at a line's end.
_SURELY_QUOTED = re.compile(rb"=[0-9A-F]{2}=[0-9A-F]{2}|=20\r?\n|=3D[\"']|[^=\s]=\r?\n\S[^\r\n]{0,200}=\r?\n")
_PARTS_IN_TEXT = re.compile(rb"^--\S[^\r\n]{0,200}\r?\nContent-[A-Za-z-]{1,40}:", re.MULTILINE)
_UUENCODED = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
_KNOWN_CODINGS = _UUENCODED | {"", "7bit", "8bit", "binary", "none", "base64", "quoted-printable"}
_READINGS = 3
_TEXT_ATTACHMENT = 20_000_000
_PGP_BLOCK = re.compile(
    r"-----BEGIN PGP MESSAGE-----.{0,2000000}?(?:-----END PGP MESSAGE-----|\Z)", re.DOTALL
)
_MULTIPART_NOTICE = re.compile(r"(?i)^\W{0,5}this is a (?:multi-?part|cryptographically)[^\n]{0,200}$")


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of bytes that is a message or one of its parts, still with its headers."""

    data: bytes
    start: int
    end: int
    within: Location
    level: int
    message: bool
    default: str = "text/plain"


class MailParser:
    """Reads one message with everything in it."""

    kinds = frozenset({"eml", "mhtml"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield headers, bodies, alternatives and what stands between them; attachments are members."""
        yield from message_events(readable_message(source.read()), limits)


class MailboxParser:
    """Reads a mailbox of many messages, one at a time."""

    kinds = frozenset({"mbox"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the events of each message under its number."""
        number = 0
        separator = b""
        lines: list[bytes] = []
        size = 0
        blank = True
        with source.open() as file:
            for line in file:
                begins = blank and line.startswith(b"From ")
                if begins and (lines or separator):
                    number += 1
                    yield from _numbered(separator, b"".join(lines), number, limits)
                    lines, size = [], 0
                elif line.startswith(b">From "):
                    line = line[1:]
                if size + len(line) > limits.parser_bytes:
                    yield Gap(Location((f"message {number + 1}",)), Shortfall.TOO_LARGE)
                    lines, size = [], 0
                blank = not line.strip()
                if begins:
                    separator = line
                else:
                    lines.append(line)
                    size += len(line)
        yield from _numbered(separator, b"".join(lines), number + 1, limits)


def _numbered(separator: bytes, data: bytes, number: int, limits: Limits) -> Iterator[Event]:
    """Events of one message: first of the line that stands before it, which names a sender and a day."""
    place = Location((f"message {number}",))
    if number > limits.members:
        yield Gap(HERE, Shortfall.LIMIT, f"more than {limits.members:,} messages")
        return
    if words := decode(separator[:HEADER_BLOCK]).strip():
        yield row_segment([words], ["From"], place / "separator line", hidden="mail header")
    yield from message_events(data, limits, place)


def message_events(data: bytes, limits: Limits, within: Location = HERE) -> Iterator[Event]:
    """Events of one message in bytes, at a location of its own."""
    stack = [_Part(data, 0, len(data), within, 0, True)]
    count = 0
    attached = messages = 0
    while stack:
        part = stack.pop()
        count += 1
        if count > limits.mime_parts or part.level > min(_LEVELS, limits.depth):
            what = (
                f"more than {limits.mime_parts:,} parts"
                if count > limits.mime_parts
                else "parts nested too deep"
            )
            yield Gap(part.within, Shortfall.LIMIT, what)
            # What is not taken apart any more is at least looked at as it stands.
            yield from text_segments((decode(part.data[part.start : part.end]),), limits, part.within / "raw")
            if count > limits.mime_parts:
                return
            continue
        headers, body = split_headers(part.data, part.start, part.end, message=not part.level)
        yield from _header_segments(headers, part)
        deeper: list[_Part] = []
        for event in _body_events(part, headers, body, limits, deeper):
            if isinstance(event, Member) and not event.name:
                attached += 1
                event = replace(
                    event, location=Location((*event.location.parts[:-1], f"attachment {attached}"))
                )
            yield event
        for index, inner in enumerate(deeper):
            if inner.within.parts[-1:] == (_ATTACHED,) and inner.message:
                messages += 1
                place = Location((*inner.within.parts[:-1], f"{_ATTACHED} {messages}"))
                deeper[index] = replace(inner, within=place)
        stack.extend(reversed(deeper))


def _header_segments(headers: list[Header], part: _Part) -> Iterator[Event]:
    if len(headers) > HEADER_LINES:
        yield Gap(part.within / "headers", Shortfall.LIMIT, f"more than {HEADER_LINES:,} header fields")
    for name, value in headers:
        lowered = name.lower()
        if lowered in _SIGNATURE_HEADERS:
            continue
        if lowered in _PART_HEADERS and _for_programs(value):
            continue
        text = decoded_words(value)
        if text.strip():
            hidden = "" if lowered in ("from", "to", "cc", "subject", "date") else "mail header"
            place = part.within / (f"header {name}" if name else "header line")
            yield row_segment([text], [name], place, hidden=hidden)


def _for_programs(value: str) -> bool:
    """Whether a header is one value and parameters that are read elsewhere: nothing that a person wrote."""
    rest = _PARAMETER.sub("", value)
    return " " not in rest.strip(" ;") and all(
        one.lower() in _PARAMETER_NAMES for one in _NAME.findall(value)
    )


def _parameters(value: str) -> Message:
    message = Message()
    message["Content-Type"] = value[:_PARAMETERS]
    return message


def _parameter(value: str, name: str) -> str:
    """One parameter of a header, RFC 2231 and RFC 2047 undone; empty where there is none."""
    try:
        found = _parameters(value).get_param(name, "", unquote=True)
        text = found if isinstance(found, str) else collapse_rfc2231_value(found)
    except (LookupError, UnicodeError, ValueError, TypeError, RecursionError):
        return ""
    return decoded_words(text).strip()


def _values(headers: list[Header], name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def _body_events(
    part: _Part, headers: list[Header], begin: int, limits: Limits, deeper: list[_Part]
) -> Iterator[Event]:
    """Events of one body under each of its readings; parts inside it are put into ``deeper``."""
    types = _values(headers, "content-type") or [part.default]
    kinds = [_bare(one.split(";", 1)[0]) for one in types]
    codings = list(dict.fromkeys(map(_bare, _values(headers, "content-transfer-encoding")))) or [""]
    names = [
        found
        for value in (*_values(headers, "content-disposition"), *types)
        for key in ("filename", "name")
        if (found := _parameter(value, key))
    ]
    name = names[0] if names else ""
    for other in dict.fromkeys(names[1:]):
        if other != name:
            yield Segment(other, part.within / "second file name", "mail header")
    raw = part.data[begin : part.end]
    if any(kind.startswith("multipart/") for kind in kinds):
        for data in _decodings(raw, codings):
            if (yield from _multipart(_whole(part, data), types, limits, deeper)):
                return
    simple = [kind for kind in dict.fromkeys(kinds) if not kind.startswith("multipart/")] or ["text/plain"]
    contents = [_undo(raw, coding) for coding in codings[:_READINGS]]
    unknown = codings[0] and codings[0] not in _KNOWN_CODINGS
    if "quoted-printable" not in codings and (_QUOTED if unknown else _SURELY_QUOTED).search(raw):
        # Not declared, or by a damaged header: as it stands, and undone.
        contents.append(_undo(raw, "quoted-printable"))
    place = part.within
    for number, content in enumerate(dict.fromkeys(contents)):
        for kind in simple[:_READINGS]:
            if number or kind != simple[0]:
                place = part.within / "another reading"
            reading = replace(part, within=place)
            yield from _one_reading(reading, headers, kind, types, content, name, limits, deeper)
    if not any(kind.startswith("message/") for kind in simple) and _PARTS_IN_TEXT.search(raw):
        # A container that is not declared as one: some programs take it apart all the same.
        yield from _multipart(
            _whole(replace(part, within=part.within / "parts in text"), raw), [], limits, deeper
        )
    if codings[0] == "base64" and len(_NO_BASE64.sub(b"", raw)) * 20 < len(raw) * 17:
        # Declared base64 and is not: some programs show it as it stands.
        yield from text_segments((decode(raw),), limits, part.within / "body (undecoded)")


def _bare(value: str) -> str:
    """A value without comments, quotes and blanks, in small letters."""
    return _COMMENT.sub("", value).strip(" \t\"'").lower()


def _whole(part: _Part, data: bytes) -> _Part:
    return replace(part, data=data, start=0, end=len(data))


def _decodings(raw: bytes, codings: list[str]) -> list[bytes]:
    """The bytes of a container under every encoding that is declared (none is allowed), and as they are."""
    undone = [
        _undo(raw, coding) for coding in codings[:_READINGS] if coding in ("base64", "quoted-printable")
    ]
    return list(dict.fromkeys((*undone, raw)))


def _one_reading(
    part: _Part,
    headers: list[Header],
    kind: str,
    types: list[str],
    content: bytes,
    name: str,
    limits: Limits,
    deeper: list[_Part],
) -> Iterator[Event]:
    """Events of a body that is no container, taken for what ``kind`` says."""
    if kind in ("message/rfc822", "message/global", "message/news"):
        place = part.within / (f'{_ATTACHED} "{name}"' if name else _ATTACHED)
        deeper.append(_Part(content, 0, len(content), place, part.level + 1, True))
        return
    if kind == "message/partial":
        yield Gap(part.within, Shortfall.UNSUPPORTED_KIND, "fragment of a message")
    if kind == "message/external-body":
        yield row_segment([types[0]], ["Content-Type"], part.within / "header Content-Type")
        if _parameter(types[0], "access-type").lower() != "url":
            yield Gap(part.within, Shortfall.UNSUPPORTED_KIND, "content that stands elsewhere")
    disposition = (_values(headers, "content-disposition") or [""])[0].strip().lower()
    if name or disposition.startswith("attachment") or not kind.startswith(("text/", "message/")):
        declared = _parameter(types[0], "charset")
        place = part.within / (f'attachment "{name}"' if name else "attachment")
        if content and 0 not in content[:1000] and len(content) < _TEXT_ATTACHMENT:
            yield from files_inside(content, place)
        if kind.startswith("text/") and declared.lower() not in ("", "utf-8", "us-ascii"):
            content = decode(content, declared).encode("utf-8")
        if content:
            yield Member(name, content, place)
        return
    yield from _text_body(part, kind, types, content, limits)


def _text_body(part: _Part, kind: str, types: list[str], content: bytes, limits: Limits) -> Iterator[Event]:
    text = decode(content, _parameter(types[0], "charset"))
    if kind in ("text/html", "application/xhtml+xml", "text/enriched", "text/richtext"):
        place = part.within / "body (HTML)"
        for event in html_events(text):
            yield replace(event, location=Location(place.parts + event.location.parts))
        yield from files_inside(content, place)
        return
    if kind in ("text/calendar", "text/vcard", "text/x-vcard", "text/csv", "text/xml", "text/directory"):
        yield Member("", text.encode("utf-8"), part.within / "attachment")
        return
    place = part.within / "body"
    if _parameter(types[0], "format").lower() == "flowed":
        joint = "" if _parameter(types[0], "delsp").lower() == "yes" else " "
        text = re.sub(r"(?<!--) \r?\n(?![>\r\n])", joint, text)
    yield from text_segments((text,), limits, place)
    yield from _inside_text(content, text, place)


def _inside_text(content: bytes, text: str, place: Location) -> Iterator[Event]:
    """What stands encoded in running text: files, words in another reading, PGP."""
    yield from files_inside(content, place)
    yield from other_readings(text, place)
    if "-----BEGIN PGP MESSAGE-----" in text:
        for block in _PGP_BLOCK.finditer(text):
            yield Member("", block[0].encode("utf-8"), place / "PGP message")


def _multipart(
    part: _Part, types: list[str], limits: Limits, deeper: list[_Part]
) -> Generator[Event, None, bool]:
    """Split a container under each boundary that is declared, else under those that its lines suggest.

    Returns whether any boundary was found; where none is, the body is read as the text it is.
    """
    data, start, end = part.data, part.start, part.end
    declared: list[bytes] = []
    for value in types:
        if named := _parameter(value, "boundary"):
            declared.append(named.encode("utf-8", "replace"))
        for match in _BOUNDARY.finditer(value[:_PARAMETERS].encode("utf-8", "replace")):
            declared.append(match[1] or match[2])
    tried = [one.rstrip() for one in dict.fromkeys(declared) if one.strip()]
    found = [one for one in tried[:_BOUNDARIES] if data.find(b"--" + one, start, end) >= 0]
    if not found:
        lines = Counter(
            match[1] for match in islice(_DASHED_LINE.finditer(data, start, end), limits.mime_parts)
        )
        found = [line for line, count in lines.most_common(1) if count > 1]
        if not found:
            return False
    default = "message/rfc822" if any("multipart/digest" in one.lower() for one in types) else "text/plain"
    parts = 0
    for boundary in found:
        line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?$", re.MULTILINE)
        begin = start
        outside = True  # before the first boundary and after a closing one
        for match in line.finditer(data, start, end):
            if outside:
                yield from _between(data[begin : match.start()], part, limits)
            else:
                parts += 1
                deeper.append(
                    replace(part, start=begin, end=match.start(), level=part.level + 1, default=default)
                )
            outside = match[1] is not None
            begin = min(end, match.end() + 1)
            if parts > limits.mime_parts:
                break
        if not outside:
            parts += 1
            deeper.append(_inside(part, begin, end, default))
        elif parts:
            yield from _between(data[begin:end], part, limits)
    return parts > 0


def _inside(part: _Part, start: int, end: int, default: str) -> _Part:
    return replace(part, start=start, end=end, level=part.level + 1, message=False, default=default)


def _between(data: bytes, part: _Part, limits: Limits) -> Iterator[Segment]:
    """Text before the first part and after the last: no mail program shows it."""
    text = decode(data).strip()
    if text and not _MULTIPART_NOTICE.match(text):
        for segment in text_segments((text,), limits, part.within / "between the parts"):
            yield replace(segment, hidden="outside of all parts")


def _undo(data: bytes, coding: str) -> bytes:
    """Undo a transfer encoding; what is none, or unknown, stays as it is."""
    if coding == "base64":
        return base64_bytes(data)
    if coding == "quoted-printable":
        # Blanks at the end of a line are of the transport, and would hide a soft line break.
        return binascii.a2b_qp(_TRAILING_BLANKS.sub(b"", data))
    if coding in _UUENCODED:
        found = next(uuencoded(data), None)
        return found[1] if found else data
    if coding not in _KNOWN_CODINGS:
        cleaned = _NO_BASE64.sub(b"", data)
        if len(cleaned) >= 60 and len(cleaned) * 100 > len(b"".join(data.split())) * 99:
            return base64_bytes(data)
    return data
