"""Sealing: what goes in comes out, what was touched does not, and keys can be changed and lost."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from scanner.store import audit
from scanner.store.database import FOUNDATION, open_database, writing
from scanner.store.sealing import (
    CHUNK_BYTES,
    DataKey,
    DestroyedError,
    MasterKeySource,
    Sealer,
    SealingError,
    forget_lost,
    metadata,
    sealing_key,
    wipe_remains,
)
from tests.schema import differences


@pytest.fixture
def engine(database_url: str) -> Engine:
    return open_database(database_url, FOUNDATION)


@pytest.fixture
def source(tmp_path: Path) -> MasterKeySource:
    return MasterKeySource(tmp_path / "keys" / "master.key", {})


def key() -> DataKey:
    return DataKey("k", os.urandom(32))


def test_the_tables_are_those_of_the_migrations(engine: Engine) -> None:
    assert differences(engine, metadata) == []
    assert differences(engine, audit.metadata) == []


# --- values and streams ---------------------------------------------------------------------------------


def test_a_value_opens_only_whole_and_in_its_place() -> None:
    one = key()
    sealed = one.seal(b"Review of J.", "hold.subject")
    assert one.open(sealed, "hold.subject") == b"Review of J."
    assert sealed != one.seal(b"Review of J.", "hold.subject")
    for broken, context in [
        (sealed, "hold.sender"),
        (sealed[:-1], "hold.subject"),
        (bytes([sealed[0] ^ 1]) + sealed[1:], "hold.subject"),
        (b"", "hold.subject"),
    ]:
        with pytest.raises(SealingError):
            one.open(broken, context)
    with pytest.raises(SealingError):
        key().open(sealed, "hold.subject")


SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7]


@pytest.mark.parametrize("size", SIZES)
def test_streams_of_every_length_come_back(size: int) -> None:
    one, plain, sealed = key(), os.urandom(size), io.BytesIO()
    assert one.seal_stream(io.BytesIO(plain), sealed, "body") == len(sealed.getvalue())
    sealed.seek(0)
    assert b"".join(one.open_stream(sealed, "body")) == plain


CHUNK = CHUNK_BYTES + 16
HEAD = 21
DAMAGE: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("last chunk cut off", lambda s: s[: HEAD + 2 * CHUNK]),
    ("cut inside a chunk", lambda s: s[: HEAD + CHUNK + 100]),
    ("only the head", lambda s: s[:HEAD]),
    ("cut inside the head", lambda s: s[:10]),
    ("chunks exchanged", lambda s: s[:HEAD] + s[HEAD + CHUNK :][:CHUNK] + s[HEAD:][:CHUNK] + s[-23:]),
    ("a chunk twice", lambda s: s[: HEAD + CHUNK] + s[HEAD:]),
    ("one bit", lambda s: s[:5000] + bytes([s[5000] ^ 4]) + s[5001:]),
    ("salt changed", lambda s: s[:6] + bytes([s[6] ^ 4]) + s[7:]),
    ("something added", lambda s: s + b"x"),
    ("empty", lambda s: b""),
]


@pytest.mark.parametrize(("what", "damage"), DAMAGE, ids=[what for what, _ in DAMAGE])
def test_a_damaged_stream_is_noticed(what: str, damage: Callable[[bytes], bytes]) -> None:
    one, sealed = key(), io.BytesIO()
    one.seal_stream(io.BytesIO(os.urandom(2 * CHUNK_BYTES + 7)), sealed, "body")
    with pytest.raises(SealingError, match="damaged"):
        list(one.open_stream(io.BytesIO(damage(sealed.getvalue())), "body"))


MEMORY = """
import os, resource, sys
from scanner.store.sealing import DataKey
key = DataKey("k", bytes(32))
with open(sys.argv[1], "rb") as plain, open(sys.argv[2], "wb") as sealed:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    key.seal_stream(plain, sealed, "body")
with open(sys.argv[2], "rb") as sealed:
    assert sum(map(len, key.open_stream(sealed, "body"))) == 50_000_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_fifty_megabytes_take_constant_memory(tmp_path: Path) -> None:
    with (tmp_path / "plain").open("wb") as plain:
        plain.truncate(50_000_000)
    command = [sys.executable, "-c", MEMORY, tmp_path / "plain", tmp_path / "sealed"]
    grown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert int(grown) * 1024 < 10_000_000


# --- where the master key comes from ----------------------------------------------------------------------


def test_made_on_first_use_private_and_not_in_the_state(engine: Engine, source: MasterKeySource) -> None:
    first = Sealer.open(engine, source)
    assert source.file.stat().st_mode & 0o777 == 0o600
    assert Sealer.open(engine, source).current == first.current
    assert [path.name for path in source.file.parent.iterdir()] == ["master.key"]
    usual = MasterKeySource.usual(environment={"HOME": "/home/u", "XDG_STATE_HOME": "/home/u/state"})
    assert usual.file == Path("/home/u/.config/dlp/master.key")


def test_credential_before_environment_before_file(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_text("11" * 32)
    file.chmod(0o600)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "dlp-master-key").write_text("33" * 32 + "\n" + "44" * 32 + "\n")
    environment = {"DLP_MASTER_KEY": "22" * 32}
    assert [k.secret[0] for k in MasterKeySource(file, {}).read()] == [0x11]
    assert [k.secret[0] for k in MasterKeySource(file, environment).read()] == [0x22]
    environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    assert [k.secret[0] for k in MasterKeySource(file, environment).read()] == [0x33, 0x44]
    with pytest.raises(SealingError, match="change it there"):
        MasterKeySource(file, environment).add_new()


@pytest.mark.parametrize("written", ["", "12", "zz" * 32, "11" * 33, "11" * 32 + "\nfoo"])
def test_a_malformed_key_is_refused_and_not_shown(tmp_path: Path, written: str) -> None:
    file = tmp_path / "master.key"
    file.write_text(written)
    file.chmod(0o600)
    with pytest.raises(SealingError) as caught:
        MasterKeySource(file, {}).read()
    assert "11" * 8 not in str(caught.value)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_text("11" * 32)
    file.chmod(0o640)
    with pytest.raises(SealingError, match="chmod 600"):
        MasterKeySource(file, {}).read()


# --- data keys in the database -----------------------------------------------------------------------------


def test_a_destroyed_key_takes_what_it_sealed_with_it(engine: Engine, source: MasterKeySource) -> None:
    sealer = Sealer.open(engine, source)
    with writing(engine) as connection:
        one, other = sealer.new_key(connection), sealer.new_key(connection)
    sealed = one.seal(b"value", "c")
    with engine.connect() as connection:
        assert sealer.key(connection, one.id).open(sealed, "c") == b"value"
    with writing(engine) as connection:
        sealer.destroy(connection, [one.id])
    wipe_remains(engine)
    with engine.connect() as connection:
        assert sealer.keys(connection, [one.id, other.id]).keys() == {other.id}
        with pytest.raises(DestroyedError):
            sealer.key(connection, one.id)


def test_a_destroyed_key_is_not_left_in_the_files_of_sqlite(tmp_path: Path, source: MasterKeySource) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'd' / 'dlp.db'}", FOUNDATION)
    sealer = Sealer.open(engine, source)
    with writing(engine) as connection:
        one = sealer.new_key(connection)
        wrapped = connection.execute(
            select(sealing_key.c.wrapped).where(sealing_key.c.id == one.id)
        ).scalar_one()
    found = lambda: any(wrapped[:24] in path.read_bytes() for path in (tmp_path / "d").iterdir())  # noqa: E731
    assert found()
    with writing(engine) as connection:
        sealer.destroy(connection, [one.id])
    wipe_remains(engine)
    assert not found()


def test_named_keys_last(engine: Engine, source: MasterKeySource) -> None:
    sealer = Sealer.open(engine, source)
    search = sealer.named(engine, "search")
    assert sealer.named(engine, "search") == search == Sealer.open(engine, source).named(engine, "search")
    assert sealer.named(engine, "audit") != search


def test_changing_the_master_key_while_another_program_works(engine: Engine, source: MasterKeySource) -> None:
    sealer, working = Sealer.open(engine, source), Sealer.open(engine, source)
    with writing(engine) as connection:
        keys = [sealer.new_key(connection) for _ in range(1203)]
    before = sealer.current
    assert sealer.rotate(engine) == 1203
    assert sealer.current != before
    with writing(engine) as connection:
        assert working.key(connection, keys[0].id).secret == keys[0].secret
        late = working.new_key(connection)
    assert sealer.forget_older(engine) == 0
    assert len(source.read()) == 1
    with engine.connect() as connection:
        assert Sealer.open(engine, source).key(connection, late.id).secret == late.secret
        assert connection.execute(select(func.count()).where(sealing_key.c.master == before)).scalar() == 0


def test_a_change_that_was_killed_half_way_goes_on(engine: Engine, source: MasterKeySource) -> None:
    sealer = Sealer.open(engine, source)
    with writing(engine) as connection:
        keys = [sealer.new_key(connection) for _ in range(3)]
    source.add_new()  # killed here: the new key is written, nothing is wrapped by it
    again = Sealer.open(engine, source)
    with writing(engine) as connection:
        keys.append(again.new_key(connection))  # the relay went on
    assert again.rewrap(engine) == 3
    with engine.connect() as connection:
        assert [again.key(connection, one.id).secret for one in keys] == [one.secret for one in keys]


def test_a_lost_master_key_is_noticed_and_never_papered_over(engine: Engine, source: MasterKeySource) -> None:
    sealer = Sealer.open(engine, source)
    with writing(engine) as connection:
        one = sealer.new_key(connection)
    kept = source.file.read_text()
    source.file.unlink()
    with pytest.raises(SealingError, match=r"missing, and 1 items are sealed"):
        Sealer.open(engine, source)
    assert not source.file.exists()
    # Found again in the safe:
    source.file.write_text(kept)
    source.file.chmod(0o600)
    with engine.connect() as connection:
        assert Sealer.open(engine, source).key(connection, one.id).secret == one.secret
    # Lost for good:
    source.file.unlink()
    source.make_first()
    assert forget_lost(engine, source) == 1
    Sealer.open(engine, source)


def test_a_wrapped_key_put_in_anothers_place_does_not_open(engine: Engine, source: MasterKeySource) -> None:
    sealer = Sealer.open(engine, source)
    with writing(engine) as connection:
        one, other = sealer.new_key(connection), sealer.new_key(connection)
        connection.execute(
            text(
                "UPDATE sealing_key SET wrapped = (SELECT o.wrapped FROM sealing_key o WHERE o.id = :other)"
            ),
            {"other": other.id},
        )
    with engine.connect() as connection, pytest.raises(SealingError, match="changed"):
        sealer.key(connection, one.id)
