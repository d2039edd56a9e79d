"""Which objects a glob leaves out."""

from __future__ import annotations

import time

import pytest

from scanner.shares.globs import Globs

TABLE = [
    # pattern, path beneath /srv, left out, why
    ("*.iso", "a/b/disk.iso", True, "a name pattern matches at any depth"),
    ("*.iso", "a/disk.iso.txt", False, "the whole name must match"),
    ("*.iso", "a/disk.ISO", False, "names are case-sensitive"),
    ("node_modules", "x/node_modules", True, "a folder's name"),
    ("node_modules", "x/my_node_modules", False, "not a part of a name"),
    ("archive/*", "archive/2019", True, "beneath the root"),
    ("archive/*", "archive/2019/list.csv", False, "* stays within one name"),
    ("archive/*", "old/archive/2019", False, "anchored at the root"),
    ("archive/**", "archive/2019/list.csv", True, "** crosses folders"),
    ("**/raw", "raw", True, "** may be nothing"),
    ("**/raw", "a/b/raw", True, "** may be several folders"),
    ("**/raw", "a/b/draw", False, "a folder name is whole"),
    ("/srv/a/*.log", "a/x.log", True, "a whole path"),
    ("/srv/a/*.log", "b/x.log", False, "another folder"),
    ("a?c", "abc", True, "one character"),
    ("a?c", "ac", False, "exactly one"),
    ("[0-9]*.txt", "7up.txt", True, "a set"),
    ("[!0-9]*.txt", "7up.txt", False, "a negated set"),
    ("a.c", "abc", False, "a dot is a dot"),
    ("(a|b)", "a", False, "nothing else is special"),
    ("old/", "old", True, "a slash at the end is ignored"),
    ("[", "[", True, "an unfinished set is itself"),
]


@pytest.mark.parametrize(("pattern", "path", "left_out", "why"), TABLE)
def test_match(pattern: str, path: str, left_out: bool, why: str) -> None:
    assert Globs([pattern]).match(b"/srv/" + path.encode(), b"/srv") is left_out, why


def test_names_need_no_encoding() -> None:
    assert Globs(["*.tmp"]).match(b"/srv/\xff\n\xe9.tmp", b"/srv")


def test_hostile_pattern_is_linear() -> None:
    pattern = "*a" * 30 + "b"
    start = time.process_time()
    assert not Globs([pattern]).match(b"/srv/" + b"a" * 200, b"/srv")
    # A backtracking matcher would not end within the age of the universe; this is no measure of speed.
    assert time.process_time() - start < 30
