"""A tag before the subject: the one change of a message that a policy may ask for."""

from __future__ import annotations

import re

from smtp_filter.message import Content

# As much of a message as a head may be long; a subject behind it stays as it is.
_HEAD = 262_144
_END = re.compile(rb"\r\n\r\n|\A\r\n")
_SUBJECT = re.compile(rb"(?:\A|\r\n)subject[ \t]*:[ \t]*", re.IGNORECASE)
_TAG = re.compile(r"[ -~]{1,60}")


def tagged(content: Content, tag: str) -> tuple[bytes, Content]:
    """The head with ``tag`` before the first subject, and the rest of the message.

    A subject that begins with the tag stays as it is; a message without one gets one.  Raises ``ValueError``
    for a tag that is no short line of ASCII.
    """
    if not _TAG.fullmatch(tag):
        raise ValueError("a subject tag is not one short line of ASCII")
    with content.open() as file:
        start = file.read(_HEAD)
    end = _END.search(start)
    head = start[: end.start()] if end else start
    mark = tag.encode("ascii")
    subject = _SUBJECT.search(head)
    if subject is None:
        return b"Subject: " + mark + b"\r\n", content
    if head[subject.end() :].lower().startswith(mark.lower()):
        return b"", content
    return head[: subject.end()] + mark + b" ", content.behind(subject.end())
