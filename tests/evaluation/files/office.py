"""What LibreOffice makes of our files: other kinds of the same documents, in one start."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

# Where the name of a kind alone leaves LibreOffice a choice.
_FILTERS = {
    "xls": "xls:MS Excel 97",
    "csv": "csv:Text - txt - csv (StarCalc):44,34,76,1",
    "doc": "doc:MS Word 97",
    "rtf": "rtf:Rich Text Format",
    "xml": "xml:MS Excel 2003 XML",
    "fods": "fods",
    "html": "html:HTML (StarCalc)",
    "slk": "slk:SYLK",
    "dif": "dif:DIF",
    "dbf": "dbf:dBase",
}
_SECONDS = 400


def installed() -> bool:
    """Whether LibreOffice is there."""
    return shutil.which("soffice") is not None


def converted(
    files: Mapping[str, bytes], wanted: Mapping[str, tuple[str, ...]]
) -> dict[tuple[str, str], bytes]:
    """Each file in each of its wanted kinds; what LibreOffice does not make is left out."""
    by_form: dict[str, list[str]] = defaultdict(list)
    for name, forms in wanted.items():
        for form in forms:
            by_form[form].append(name)
    made = {}
    with tempfile.TemporaryDirectory() as written:
        folder = Path(written)
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        for name in wanted:
            (folder / name).write_bytes(files[name])
        for form, names in by_form.items():
            out = folder / f"as_{form}"
            command = [
                "soffice",
                profile,
                "--headless",
                "--convert-to",
                _FILTERS.get(form, form),
                "--outdir",
                str(out),
            ]
            subprocess.run(
                [*command, *(str(folder / name) for name in names)],
                check=True,
                capture_output=True,
                timeout=_SECONDS,
            )
            for name in names:
                path = out / (Path(name).stem + f".{form}")
                if path.exists():
                    made[name, form] = path.read_bytes()
    return made
