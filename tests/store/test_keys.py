"""The installation's key: made once, private, and refused where it is not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from scanner.store.keys import (
    InstallationKeyError,
    content_hash,
    default_state_directory,
    installation_key,
    keyed_hash,
)


@pytest.fixture(autouse=True)
def _no_key_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLP_KEY", raising=False)


def test_made_once_and_private(tmp_path: Path) -> None:
    state = tmp_path / "state"
    key = installation_key(state)
    assert len(key) == 32
    assert installation_key(state) == key
    (file,) = state.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert installation_key(tmp_path / "other") != key


def test_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLP_KEY", "ab" * 32)
    assert installation_key(tmp_path / "state") == b"\xab" * 32
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "ab" * 31, "ab" * 33])
def test_malformed_key_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("DLP_KEY", text)
    with pytest.raises(InstallationKeyError, match="64 hexadecimal digits") as caught:
        installation_key(Path("unused"))
    assert not text or text not in str(caught.value)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    installation_key(tmp_path)
    (tmp_path / "hash.key").chmod(0o640)
    with pytest.raises(InstallationKeyError, match="chmod 600"):
        installation_key(tmp_path)


def test_hashes_depend_on_key_and_content() -> None:
    one, other = bytes(32), b"\1" * 32
    assert keyed_hash(one, b"x") == keyed_hash(one, b"x")
    assert keyed_hash(one, b"x") != keyed_hash(other, b"x")
    assert keyed_hash(one, b"x") != keyed_hash(one, b"y")
    large = b"x" * 3_000_000
    assert content_hash(one, io.BytesIO(large)) == keyed_hash(one, large)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("/var/state", "/var/state/dlp"), ("", "/home/u/.local/state/dlp"), ("rel", "/home/u/.local/state/dlp")],
)
def test_default_state_directory(monkeypatch: pytest.MonkeyPatch, given: str, expected: str) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    monkeypatch.setenv("XDG_STATE_HOME", given)
    assert str(default_state_directory()) == expected
