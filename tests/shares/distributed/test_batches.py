from __future__ import annotations

import pytest

from scanner.shares.distributed.batches import (
    LOST_ALONE,
    LOST_WHOLE,
    Batch,
    divided,
    fingerprint,
    queue_name,
    to_blame,
)
from scanner.shares.distributed.servers import LOCAL, server_of
from scanner.shares.mounts import Mounts

TABLE = b"\n".join(
    [
        b"21 1 8:1 / / rw - ext4 /dev/sda1 rw",
        b"22 21 0:50 / /mnt/fs1 rw - cifs //FS1.council.example/Shares rw,vers=3.1.1",
        b"23 21 0:51 / /mnt/nfs rw - nfs4 fs2:/export/data rw",
        b"24 21 0:52 / /mnt/ssh rw - fuse.sshfs scan@fs3:/data rw",
        b"25 21 0:53 / /mnt/long rw - cifs //a-very-long-server-name.of.a.council.example/x rw",
    ]
)


@pytest.mark.parametrize(
    ("path", "server"),
    [
        (b"/mnt/fs1/housing", "fs1.council.example"),
        (b"/mnt/nfs", "fs2"),
        (b"/mnt/ssh/a", "fs3"),
        (b"/mnt/fs10", LOCAL),  # no mount: its name only begins like one
        (b"/srv/shares/housing", "named"),
        (b"/srv/shares", LOCAL),
    ],
)
def test_the_server_of_a_path_is_told_by_its_mount_or_by_the_configuration(path: bytes, server: str) -> None:
    assert server_of(path, Mounts(TABLE), {"/srv/shares/housing": "Named"}) == server


def test_a_long_name_stays_itself_and_within_a_channel_of_postgresql() -> None:
    long = server_of(b"/mnt/long", Mounts(TABLE), {})
    other = server_of(b"/x", Mounts(TABLE), {"/x": "a-very-long-server-name.of.another.council.example"})
    assert long != other
    assert len("procrastinate_queue_v1#" + queue_name(fingerprint(("a",), b"k"), long)) < 63


FILES = tuple(range(40))


@pytest.mark.parametrize(
    ("batch", "owed", "sizes", "why"),
    [
        (Batch(1, "s", FILES, lost=1), FILES, [40], "lost once it is offered as it is"),
        (
            Batch(1, "s", FILES, lost=LOST_WHOLE),
            FILES,
            [10, 10, 10, 10],
            "lost three times it is taken apart",
        ),
        (Batch(1, "s", FILES, lost=1), FILES[30:], [10], "what was entered is not offered again"),
        (Batch(1, "s", FILES, lost=1, parted=True), FILES[:5], [2, 2, 1], "a part at its first loss"),
        (Batch(1, "s", FILES, lost=1, parted=True), FILES[:1], [1], "one file is offered alone"),
        (Batch(1, "s", FILES, lost=9), (), [], "nothing is owed"),
    ],
)
def test_what_is_offered_of_a_lost_batch(
    batch: Batch, owed: tuple[int, ...], sizes: list[int], why: str
) -> None:
    parts = divided(batch, owed)
    assert [len(part.files) for part in parts] == sizes, why
    assert [number for part in parts for number in part.files] == list(owed)


@pytest.mark.parametrize(
    ("batch", "blamed"),
    [
        (Batch(1, "s", (1,), lost=LOST_WHOLE), True),
        (Batch(1, "s", (1,), lost=LOST_WHOLE - 1), False),
        (Batch(1, "s", (1,), lost=LOST_ALONE, parted=True), True),
        (Batch(1, "s", (1,), lost=LOST_ALONE - 1, parted=True), False),
        (Batch(1, "s", (1, 2), lost=9), False),
    ],
)
def test_a_file_is_to_blame_only_alone(batch: Batch, blamed: bool) -> None:
    assert to_blame(batch) is blamed


def test_the_fingerprint_differs_by_rules_and_by_key() -> None:
    marks = {fingerprint(("a", "b"), b"k"), fingerprint(("ab", ""), b"k"), fingerprint(("a", "b"), b"l")}
    assert len(marks) == 3


def test_a_batch_comes_back_from_its_job_as_it_was() -> None:
    batch = Batch(7, "fs1", (3, 1, 2), signature=4, place=5, priority=9_000, lost=2, parted=True)
    assert Batch.of(batch.args(), batch.priority) == batch
