"""Documents with a password, written by LibreOffice itself through a small macro, in one start."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE {0} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{1}">\n'
)
_LIBRARIES = (
    _HEAD.format("library:libraries", "libraries.dtd")
    + '<library:libraries xmlns:library="http://openoffice.org/2000/library" '
    'xmlns:xlink="http://www.w3.org/1999/xlink"><library:library library:name="Standard" '
    'xlink:href="$(USER)/basic/Standard/script.xlb/" xlink:type="simple" library:link="false"/>'
    "</library:libraries>"
)
_LIBRARY = (
    _HEAD.format("library:library", "library.dtd")
    + '<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" '
    'library:readonly="false" library:passwordprotected="false"><library:element library:name="Module1"/>'
    "</library:library>"
)
_MODULE = (
    _HEAD.format("script:module", "module.dtd")
    + '<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" '
    'script:language="StarBasic">{0}</script:module>'
)
_SAVE = """Sub Locked(source As String, target As String, filter As String, word As String)
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  document = StarDesktop.loadComponentFromURL(source, "_blank", 0, hidden())
  Dim how(1) As New com.sun.star.beans.PropertyValue
  how(0).Name = "FilterName"
  how(0).Value = filter
  how(1).Name = "Password"
  how(1).Value = word
  document.storeToURL(target, how())
  document.close(True)
End Sub
Sub Main
"""


def installed() -> bool:
    """Whether LibreOffice is there."""
    return shutil.which("soffice") is not None


def with_password(folder: Path, documents: Iterable[tuple[Path, str, str]], password: str) -> None:
    """Write each (source, target name, export filter) into ``folder`` under a password."""
    calls = [
        f'  Locked("{source.as_uri()}", "{(folder / target).as_uri()}", "{filter_name}", "{password}")'
        for source, target, filter_name in documents
    ]
    standard = folder / "profile" / "user" / "basic" / "Standard"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    # The first start makes the profile, and would write its own macros over ours.
    _run(folder, profile, "--terminate_after_init")
    standard.mkdir(parents=True, exist_ok=True)
    (standard.parent / "script.xlc").write_text(_LIBRARIES)
    (standard / "script.xlb").write_text(_LIBRARY)
    macro = _SAVE + "\n".join(calls) + "\nEnd Sub\n"
    (standard / "Module1.xba").write_text(_MODULE.format(escape(macro)))
    _run(folder, profile, "macro:///Standard.Module1.Main()")


def _run(folder: Path, *arguments: str) -> None:
    command = ["soffice", "--headless", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=180)
