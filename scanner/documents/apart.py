"""Reading in a process of its own: whatever becomes of that process, each segment that it sent is kept.

It costs a fork and the writing down of all text, so it is for files whose reader has died before.  Nothing
that comes out of the process is believed: lengths are bounded and shapes are checked.  Where it dies as well,
another one reads without the engine that draws pages, which dies most: fields, comments and properties of a
PDF are kept then, and what stands behind it in a message.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, NoReturn

from scanner.documents.isolation import ended_by
from scanner.documents.limits import Limits
from scanner.documents.model import (
    Coverage,
    Gap,
    Location,
    ProtectedPart,
    Protection,
    Segment,
    Shortfall,
    Status,
)
from scanner.documents.protocol import Source, TimeUpError
from scanner.documents.reader import Read, read_document
from scanner.documents.sniffing import UNKNOWN, sniff
from scanner.text import Field

_LENGTH = struct.Struct(">I")
# A segment of the longest text, with its cells, in JSON's longest spelling.
_MESSAGE_BYTES = 32_000_000
# Kinds in which no page of a PDF can be: another reading would end like the one before.
_WITHOUT_PAGES = frozenset({"csv", "dbf", "image", "json", "metafile", "text", "xls", "xlsb"})


class _NonsenseError(Exception):
    """The reading process sent what is no item."""


def reading_apart(prepare: Callable[[], None], read: Read = read_document) -> Read:
    """``read`` done by a fork of this process; its death is a gap behind what had arrived.

    ``prepare`` runs in the fork before it reads: it gives up what a stranger's file must not reach.
    """

    def once(
        source: Source, limits: Limits, kind: str | None
    ) -> Generator[Segment | Coverage, None, tuple[Shortfall, str] | None]:
        receiving, sending = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(receiving)
            _send_all(sending, prepare, lambda: read(source, limits=limits, kind=kind))
        os.close(sending)
        with os.fdopen(receiving, "rb") as pipe:
            return (yield from _received(pipe, child, limits))

    def read_apart(
        source: Source, *, limits: Limits | None = None, kind: str | None = None
    ) -> Generator[Segment | Coverage, None, None]:
        limits = limits or Limits()
        sent = _Sent()
        ended = yield from sent.noted(once(source, limits, kind))
        if ended is None:
            return
        kind = kind or _kind_of(source)
        reason, words = ended
        gaps = (Gap(source.location, reason, words),)
        if reason is Shortfall.PARSER_STOPPED and kind not in _WITHOUT_PAGES:
            again = once(source, replace(limits, page_engine=False), kind)
            for item in again:
                if isinstance(item, Coverage):
                    more = Gap(source.location, reason, f"pdfium was left out after {words}")
                    yield replace(item, status=sent.status, gaps=(more, *item.gaps))
                    return
                if sent.is_new(item):
                    yield item
        yield Coverage(sent.status, kind, gaps)

    return read_apart


@dataclass(slots=True)
class _Sent:
    """What was handed out of a file so far: another reading does not repeat it."""

    some: bool = False
    known: set[int] = field(default_factory=set)

    @property
    def status(self) -> Status:
        return Status.PARTIAL if self.some else Status.NOT_INSPECTED

    def is_new(self, segment: Segment) -> bool:
        """Whether a segment was not handed out before; it counts as such from now on."""
        self.some = self.some or segment.location.parts[-1:] != ("file name",)
        key = hash((segment.location, segment.text))
        new = key not in self.known
        self.known.add(key)
        return new

    def noted(
        self, items: Generator[Segment | Coverage, None, tuple[Shortfall, str] | None]
    ) -> Generator[Segment | Coverage, None, tuple[Shortfall, str] | None]:
        """Pass items on; gives what the generator gives."""
        while True:
            try:
                item = next(items)
            except StopIteration as end:
                ended: tuple[Shortfall, str] | None = end.value
                return ended
            if isinstance(item, Segment):
                self.is_new(item)
            yield item


def _send_all(
    sending: int,
    prepare: Callable[[], None],
    items: Callable[[], Generator[Segment | Coverage, None, None]],
) -> NoReturn:
    status = 1
    # Whatever happens, this copy of the process must not go on as if it were the process.
    try:
        prepare()
        with os.fdopen(sending, "wb", buffering=0) as pipe:
            for item in items():
                body = json.dumps(_as_json(item), separators=(",", ":")).encode("ascii")
                pipe.write(_LENGTH.pack(len(body)))
                view = memoryview(body)
                while view:
                    view = view[pipe.write(view) or 0 :]
        status = 0
    finally:
        os._exit(status)


def _received(
    pipe: BinaryIO, child: int, limits: Limits
) -> Generator[Segment | Coverage, None, tuple[Shortfall, str] | None]:
    """Hand on what comes; gives the reason and the words where the process ended before its coverage."""
    characters = 0
    reason, ending = Shortfall.PARSER_STOPPED, ""
    try:
        while (item := _next(pipe)) is not None:
            if isinstance(item, Segment):
                characters += len(item.text)
                if characters > 2 * limits.text_characters:
                    raise _NonsenseError
            yield item
            if isinstance(item, Coverage):
                return None
    except _NonsenseError:
        ending = "gave no sensible answer"
    except TimeUpError as error:
        reason, ending = Shortfall.LIMIT, str(error)
    finally:
        status = _end(child)
    return reason, ending or f"its reader ended twice: {ended_by(status)}"


def _kind_of(source: Source) -> str:
    try:
        return sniff(source)
    except Exception:  # what killed the reader may well upset this
        return UNKNOWN


def _end(child: int) -> int:
    """End the reading process where it has not ended; its exit code, negative for a signal."""
    with contextlib.suppress(ChildProcessError):
        ended, status = os.waitpid(child, os.WNOHANG)
        if not ended:
            # It closed its pipe or was given up.  One that is dying has its own status all the same.
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
        return os.waitstatus_to_exitcode(status)
    return 0


def _next(pipe: BinaryIO) -> Segment | Coverage | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _MESSAGE_BYTES:
        raise _NonsenseError
    body = pipe.read(length)
    if len(body) < length:
        return None
    try:
        return _from_json(json.loads(body))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise _NonsenseError from None


def _as_json(item: Segment | Coverage) -> dict[str, Any]:
    if isinstance(item, Segment):
        return {
            "text": item.text,
            "at": item.location.parts,
            "hidden": item.hidden,
            "fields": [(part.start, part.end, part.label) for part in item.fields],
            "cells": item.cells,
            "table": item.table,
            "hidden_fields": item.hidden_fields,
        }
    return {
        "status": item.status.value,
        "kind": item.kind,
        "gaps": [(gap.location.parts, gap.reason.value, gap.detail) for gap in item.gaps],
        "protection": item.protection.value,
        "protected": [
            (part.location.parts, part.protection.value, part.method, part.opened) for part in item.protected
        ],
    }


def _from_json(item: dict[str, Any]) -> Segment | Coverage:
    if "text" in item:
        text = _text(item["text"])
        fields = tuple(Field(int(start), int(end), _text(label)) for start, end, label in item["fields"])
        if any(not 0 <= part.start <= part.end <= len(text) for part in fields):
            raise ValueError
        table = item["table"]
        return Segment(
            text,
            _location(item["at"]),
            _text(item["hidden"]),
            fields,
            _texts(item["cells"]),
            None if table is None else int(table),
            _texts(item["hidden_fields"]),
        )
    return Coverage(
        Status(item["status"]),
        _text(item["kind"]),
        tuple(Gap(_location(at), Shortfall(reason), _text(detail)) for at, reason, detail in item["gaps"]),
        Protection(item["protection"]),
        tuple(
            ProtectedPart(_location(at), Protection(protection), _text(method), _text(opened))
            for at, protection, method, opened in item["protected"]
        ),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError
    return tuple(map(_text, values))


def _location(parts: object) -> Location:
    return Location(_texts(parts))
