"""Whether the directory that ends a ZIP file is that of the file, and not of an archive inside of it."""

from __future__ import annotations

import zipfile

_LOCAL_HEADER = b"PK\x03\x04"


def front_is_unlisted(archive: zipfile.ZipFile) -> bool:
    """Tell an archive that begins with a member which its directory does not list.

    An archive that broke off behind a stored member which is an archive itself (a presentation behind a
    chart's workbook) ends in that one's directory: by it everything in front would be passed over.
    """
    file = archive.fp
    if file is None:
        return False
    first = min((entry.header_offset for entry in archive.infolist()), default=None)
    if first == 0:
        return False
    position = file.tell()
    file.seek(0)
    head = file.read(len(_LOCAL_HEADER))
    file.seek(position)
    return head == _LOCAL_HEADER
