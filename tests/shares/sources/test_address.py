"""Addresses: what is kept of them, and what is refused in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scanner.shares.sources import SourceError, distinct, is_remote, usable
from scanner.shares.sources.address import canonical, parsed
from scanner.shares.sources.credentials import Credentials, credentials


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("smb://Files01/Housing/", b"smb://files01/Housing"),
        ("smb://files01:1445//Housing//a b/", b"smb://files01:1445/Housing/a b"),
        ("smb://guest@files01/Housing", b"smb://guest@files01/Housing"),
        ("sftp://web/srv/www/", b"sftp://web/srv/www"),
        ("sftp://web", b"sftp://web"),
        ("sftp://[::1]:22/srv", b"sftp://[::1]:22/srv"),
        ("s3://bucket/a/b/", b"s3://bucket/a/b"),
        ("smb://files01/Housing/what?#%20", b"smb://files01/Housing/what?#%20"),  # names are names
    ],
)
def test_kept(written: str, kept: bytes) -> None:
    assert canonical(written) == kept
    assert canonical(kept.decode()) == kept


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("smb://files01", "name the share"),
        ("smb://user:secret@files01/share", "password"),
        ("sftp://user:secret@web/srv", "password"),
        ("smb:///share", "write smb://"),
        ("smb://files01:port/share", "write smb://"),
        ("smb://files01/share/../other", "'..'"),
        ("s3://key:secret@bucket/a", "AWS"),
    ],
)
def test_refused(written: str, says: str) -> None:
    with pytest.raises(SourceError, match=says) as raised:
        canonical(written)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("path", "remote"),
    [("smb://a/b", True), ("s3://a", True), ("/smb://a", False), ("smb:/a/b", False), ("http://a/b", False)],
)
def test_remote(path: str, remote: bool) -> None:
    assert is_remote(path) is remote


def test_address_parts() -> None:
    address = parsed(b"smb://u@h:1/share/a/b")
    assert (address.server, address.top, address.place) == ("smb://u@h:1", "smb://u@h:1/share", ("a", "b"))


def test_distinct() -> None:
    roots = [b"smb://a/s", b"smb://a/s/x", b"smb://a/sx", b"smb://a/s"]
    assert distinct(roots) == [b"smb://a/s", b"smb://a/sx"]


def test_a_missing_extra_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smbprotocol", None)
    with pytest.raises(SourceError, match=r"pip install 'council-dlp\[smb\]'"):
        usable("smb://a/b")


def test_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "credentials"
    monkeypatch.setenv("DLP_CREDENTIALS", str(path))
    assert credentials("files01") == Credentials()
    path.write_text("machine files01 login scan@EXAMPLE password s3cret\n")
    path.chmod(0o640)
    with pytest.raises(SourceError, match="chmod 600"):
        credentials("files01")
    path.chmod(0o600)
    assert credentials("files01") == Credentials("scan@EXAMPLE", "s3cret")
    assert credentials("files01", "other") == Credentials("other")
    assert credentials("files02") == Credentials()
    assert "s3cret" not in repr(credentials("files01"))
    path.write_text("machine files01 login x pass word\n")
    with pytest.raises(SourceError) as raised:
        credentials("files01")
    assert "word" not in str(raised.value)
