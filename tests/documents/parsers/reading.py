"""Reading a built file through the whole frame, and packing parts into a package."""
# ruff: noqa: E501 (parts of packages stand as Office writes them, on one line)

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from scanner.documents.model import Coverage, Segment
from scanner.documents.protocol import Source
from scanner.documents.reader import read_whole


def read(data: bytes) -> tuple[tuple[Segment, ...], Coverage]:
    """Segments and coverage of a file without a name."""
    return read_whole(Source.from_bytes(data))


def segment_with(segments: tuple[Segment, ...], token: str) -> Segment:
    """The only segment that holds ``token``; fails when there is none or more than one."""
    found = [segment for segment in segments if token in segment.text]
    assert found, f"{token} is not read"
    assert len(found) == 1, f"{token} is read {len(found)} times: {[str(one.location) for one in found]}"
    return found[0]


def pack(parts: Mapping[str, str | bytes], comment: bytes = b"") -> bytes:
    """A ZIP archive of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The parts of a ZIP archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/>'
    "</Types>"
)


def relationships(*links: tuple[str, str, str]) -> str:
    """A relationships part from (identifier, last word of the type, target); external where it has a colon."""
    rows = "".join(
        f'<Relationship Id="{identifier}" Target="{target}"'
        f' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"'
        + (' TargetMode="External"/>' if ":" in target else "/>")
        for identifier, kind, target in links
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'
