"""Sealing at rest: a master key wraps one data key for each item, and a data key seals its values and bodies.

Deleting a wrapped key deletes what it sealed, wherever copies of that lie.  The master key comes from a
systemd credential, the environment or a file, in this order; several keys are one per line, the newest first,
so that a change of key goes on while the program works: data keys are wrapped anew, bodies are not touched.
Without its master key nothing sealed can be read again by anybody.
"""

from __future__ import annotations

import hmac
import os
import secrets
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import (
    Column,
    Connection,
    Double,
    Engine,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from scanner.store.database import writing
from scanner.store.folders import sync_folder

KEY_VARIABLE = "DLP_MASTER_KEY"
CREDENTIAL = "dlp-master-key"
FILE_NAME = "master.key"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
# What is in memory of a body at a time, and the finest grain at which it is checked.
CHUNK_BYTES = 1 << 18
_MAGIC = b"DLPS\x01"
_SALT_BYTES = 16
_REWRAPPED_AT_ONCE = 500

metadata = MetaData()
sealing_key = Table(
    "sealing_key",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("purpose", String(40), unique=True),
    Column("master", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made", Double, nullable=False),
    Index("sealing_key_by_master", "master"),
)


class SealingError(Exception):
    """A key is missing or a sealed thing was changed; the message is one line without any of its content."""


class DestroyedError(SealingError):
    """The data key was deleted: what it sealed is gone for good."""


# --- the master key -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key that wraps data keys; ``id`` tells which without saying anything of it."""

    id: str
    secret: bytes

    @classmethod
    def of(cls, secret: bytes) -> MasterKey:
        """The key with its id, which is derived from it."""
        return cls(hmac.digest(secret, b"dlp master key id", "sha256")[:8].hex(), secret)


@dataclass(frozen=True, slots=True)
class MasterKeySource:
    """Where the master keys come from: a credential of systemd, the environment, else ``file``."""

    file: Path
    environment: Mapping[str, str]

    @classmethod
    def usual(cls, file: Path | None = None, environment: Mapping[str, str] = os.environ) -> MasterKeySource:
        """The configured file, else the one in the user's configuration directory: never the state's."""
        base = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "/")) / ".config")
        return cls(file or Path(base) / "dlp" / FILE_NAME, environment)

    def read(self) -> tuple[MasterKey, ...]:
        """The keys, the newest first; none where there is no source yet.  Raises :class:`SealingError`."""
        credential = self._credential()
        if credential is not None:
            return _parsed(_file_text(credential), f"the credential {CREDENTIAL}")
        written = self.environment.get(KEY_VARIABLE)
        if written is not None:
            return _parsed(written, f"environment variable {KEY_VARIABLE}")
        if not self.file.exists():
            return ()
        if self.file.stat().st_mode & 0o077:
            raise SealingError(f"{self.file} may be read by others; run: chmod 600 '{self.file}'")
        return _parsed(_file_text(self.file), str(self.file))

    def mark(self) -> tuple[int, int]:
        """Something that changes whenever the file does; constant for the other sources."""
        if self._credential() is not None or KEY_VARIABLE in self.environment:
            return (0, 0)
        try:
            state = self.file.stat()
        except OSError:
            return (0, 0)
        return (state.st_ino, state.st_mtime_ns)

    def make_first(self) -> None:
        """Make the file with a new key; keeps one that another program made meanwhile."""
        draft = self._draft((MasterKey.of(secrets.token_bytes(KEY_BYTES)),))
        try:
            os.link(draft, self.file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_folder(self.file.parent)

    def add_new(self) -> None:
        """Put a new key in front of the file's.  Raises :class:`SealingError` for another source."""
        self._replace((MasterKey.of(secrets.token_bytes(KEY_BYTES)), *self.read()))

    def keep_only_newest(self) -> None:
        """Forget the older keys of the file.  Raises :class:`SealingError` for another source."""
        self._replace(self.read()[:1])

    def _replace(self, keys: tuple[MasterKey, ...]) -> None:
        if self._credential() is not None or KEY_VARIABLE in self.environment:
            where = f"the credential {CREDENTIAL}" if self._credential() else f"${KEY_VARIABLE}"
            raise SealingError(f"the master key comes from {where}: change it there, newest key first")
        self._draft(keys).replace(self.file)
        sync_folder(self.file.parent)

    def _draft(self, keys: tuple[MasterKey, ...]) -> Path:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.file.with_name(f"{self.file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("".join(f"{key.secret.hex()}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _credential(self) -> Path | None:
        folder = self.environment.get("CREDENTIALS_DIRECTORY")
        path = Path(folder) / CREDENTIAL if folder else None
        return path if path is not None and path.exists() else None


def _file_text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError as error:
        raise SealingError(f"{path} cannot be read ({(error.strerror or '').lower()})") from None


def _parsed(written: str, where: str) -> tuple[MasterKey, ...]:
    keys = []
    for part in written.replace(",", "\n").split():
        try:
            secret = bytes.fromhex(part)
        except ValueError:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise SealingError(f"{where} must hold {2 * KEY_BYTES} hexadecimal digits a line")
        keys.append(MasterKey.of(secret))
    if not keys:
        raise SealingError(f"{where} holds no key")
    return tuple(keys)


# --- data keys ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataKey:
    """The key of one item: seals its small values and its body, each bound to a ``context``."""

    id: str
    secret: bytes

    @cached_property
    def _values(self) -> AESGCM:
        return AESGCM(_derived(self.secret, b"", b"values"))

    def seal(self, value: bytes, context: str) -> bytes:
        """A small value sealed; it opens only with the same ``context``."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._values.encrypt(nonce, value, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The value again.  Raises :class:`SealingError` where a bit was changed or it is another's."""
        try:
            return self._values.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise SealingError("a sealed value was changed or belongs elsewhere") from None

    def seal_stream(self, source: BinaryIO, target: BinaryIO, context: str) -> int:
        """Seal all of ``source`` into ``target`` in chunks; returns the bytes written."""
        salt = os.urandom(_SALT_BYTES)
        cipher = AESGCM(_derived(self.secret, salt, b"stream"))
        written = target.write(_MAGIC + salt)
        chunk, number = source.read(CHUNK_BYTES), 0
        while True:
            following = source.read(CHUNK_BYTES)
            sealed = cipher.encrypt(_chunk_nonce(number, last=not following), chunk, context.encode())
            written += target.write(sealed)
            if not following:
                return written
            chunk, number = following, number + 1

    def open_stream(self, source: BinaryIO, context: str) -> Iterator[bytes]:
        """The chunks again, in order; :class:`SealingError` where one was changed, moved or cut off."""
        head = source.read(len(_MAGIC) + _SALT_BYTES)
        if len(head) < len(_MAGIC) + _SALT_BYTES or not head.startswith(_MAGIC):
            raise SealingError("a sealed body is damaged: it does not begin as one")
        cipher = AESGCM(_derived(self.secret, head[len(_MAGIC) :], b"stream"))
        chunk, number = source.read(CHUNK_BYTES + TAG_BYTES), 0
        while True:
            following = source.read(CHUNK_BYTES + TAG_BYTES)
            try:
                nonce = _chunk_nonce(number, last=not following)
                yield cipher.decrypt(nonce, chunk, context.encode())
            except (InvalidTag, ValueError):
                raise SealingError(f"a sealed body is damaged in chunk {number + 1}") from None
            if not following:
                return
            chunk, number = following, number + 1


def _chunk_nonce(number: int, *, last: bool) -> bytes:
    # The place and whether it is the last: chunks can be neither moved nor cut off.
    return bytes(7) + struct.pack(">I?", number, last)


def _derived(secret: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=salt or None, info=b"dlp " + purpose).derive(secret)


# --- both together ------------------------------------------------------------------------------------------


class Sealer:
    """Makes, finds and destroys data keys; their wrapped form lies in the database."""

    def __init__(self, source: MasterKeySource, keys: tuple[MasterKey, ...]) -> None:
        self._source = source
        self._mark = source.mark()
        self._keys = keys

    @classmethod
    def open(cls, engine: Engine, source: MasterKeySource) -> Sealer:
        """The sealer of a database; a master key is made on first use.

        Raises :class:`SealingError` where keys in the database are wrapped by a master key that is not
        there: a lost key must be noticed before something new is sealed under another one.
        """
        with engine.connect() as connection:
            used = _keys_by_master(connection)
        keys = source.read()
        if not keys and not used:
            source.make_first()
            keys = source.read()
        sealer = cls(source, keys)
        missing = used.keys() - {key.id for key in keys}
        if missing:
            items = sum(used[one] for one in missing)
            raise SealingError(
                f"master key {', '.join(sorted(missing))} is missing, and {items} items are sealed under it: "
                "restore it from where it is kept (docs/quarantine.md)"
            )
        return sealer

    @property
    def current(self) -> str:
        """The id of the key that wraps new data keys."""
        return self._keys[0].id

    @staticmethod
    def make_key() -> DataKey:
        """A new data key that is nowhere yet; :meth:`keep` stores it once what it sealed is on disk."""
        return DataKey(secrets.token_hex(12), secrets.token_bytes(KEY_BYTES))

    def keep(self, connection: Connection, key: DataKey, purpose: str | None = None) -> None:
        """Store a data key, wrapped, in the caller's transaction."""
        self._refresh()
        master = self._keys[0]
        connection.execute(
            insert(sealing_key).values(
                id=key.id, purpose=purpose, master=master.id, wrapped=_wrap(master, key), made=time.time()
            )
        )

    def new_key(self, connection: Connection, purpose: str | None = None) -> DataKey:
        """A new data key, stored wrapped in the caller's transaction."""
        key = self.make_key()
        self.keep(connection, key, purpose)
        return key

    def key(self, connection: Connection, key_id: str) -> DataKey:
        """A data key by its id.  Raises :class:`DestroyedError` once it was destroyed."""
        found = self.keys(connection, [key_id])
        if key_id not in found:
            raise DestroyedError(f"key {key_id} was destroyed: what it sealed is gone")
        return found[key_id]

    def keys(self, connection: Connection, key_ids: list[str]) -> dict[str, DataKey]:
        """Several data keys in one query; those that were destroyed are left out."""
        rows = connection.execute(select(sealing_key).where(sealing_key.c.id.in_(key_ids)))
        return {row.id: DataKey(row.id, self._unwrap(row.master, row.id, row.wrapped)) for row in rows}

    def named(self, engine: Engine, purpose: str) -> bytes:
        """The lasting secret for one purpose (search, audit, marker), made on first use."""
        for _ in range(2):
            with engine.connect() as connection:
                row = connection.execute(
                    select(sealing_key).where(sealing_key.c.purpose == purpose)
                ).one_or_none()
            if row is not None:
                return self._unwrap(row.master, row.id, row.wrapped)
            try:
                with writing(engine) as connection:
                    return self.new_key(connection, purpose).secret
            except IntegrityError:
                continue  # another program was first
        raise SealingError(f"the key for {purpose} can neither be made nor read")

    @staticmethod
    def destroy(connection: Connection, key_ids: list[str]) -> None:
        """Delete wrapped keys; see :func:`wipe_remains` for what the database keeps of them."""
        connection.execute(delete(sealing_key).where(sealing_key.c.id.in_(key_ids)))

    # --- change of the master key ---------------------------------------------------------------------------

    def rotate(self, engine: Engine) -> int:
        """Put a new master key in front and wrap every data key with it; returns how many.

        Only for a key file.  The older keys stay until :meth:`forget_older`.
        """
        self._source.add_new()
        return self.rewrap(engine)

    def rewrap(self, engine: Engine) -> int:
        """Wrap with the newest master key every data key that is wrapped by an older one; returns how many.

        In batches: it may be killed and run again, and the relay works meanwhile.
        """
        self._reload()
        newest = self._keys[0]
        done = 0
        while True:
            with writing(engine) as connection:
                rows = connection.execute(
                    select(sealing_key).where(sealing_key.c.master != newest.id).limit(_REWRAPPED_AT_ONCE)
                ).all()
                for row in rows:
                    key = DataKey(row.id, self._unwrap(row.master, row.id, row.wrapped))
                    connection.execute(
                        update(sealing_key)
                        .where(sealing_key.c.id == row.id)
                        .values(master=newest.id, wrapped=_wrap(newest, key))
                    )
            if not rows:
                return done
            done += len(rows)

    def forget_older(self, engine: Engine) -> int:
        """End a change of key: whatever is left is wrapped anew, then the file's older keys are forgotten."""
        done = self.rewrap(engine)
        self._source.keep_only_newest()
        self._reload()
        return done

    def _refresh(self) -> None:
        # Another program may have changed the key: nothing new may be wrapped by one that will be forgotten.
        if self._source.mark() != self._mark:
            self._reload()

    def _reload(self) -> None:
        self._mark = self._source.mark()
        self._keys = self._source.read() or self._keys

    def _unwrap(self, master_id: str, key_id: str, wrapped: bytes) -> bytes:
        master = next((key for key in self._keys if key.id == master_id), None)
        if master is None:
            self._reload()
            master = next((key for key in self._keys if key.id == master_id), None)
        if master is None:
            raise SealingError(f"master key {master_id} is missing (docs/quarantine.md)")
        try:
            return AESGCM(master.secret).decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], f"data key {key_id}".encode()
            )
        except (InvalidTag, ValueError):
            raise SealingError(f"the wrapped key {key_id} was changed") from None


def forget_lost(engine: Engine, source: MasterKeySource) -> int:
    """Delete the data keys whose master key is lost, and with them all they sealed; returns how many.

    For the day after the loss, when nobody has a copy: what is left of the database works again.
    """
    known = [key.id for key in source.read()]
    with writing(engine) as connection:
        return connection.execute(delete(sealing_key).where(sealing_key.c.master.not_in(known))).rowcount


def wipe_remains(engine: Engine) -> None:
    """Take deleted rows out of what the database keeps of its past: SQLite's log, PostgreSQL's dead rows."""
    # Neither works inside a transaction, so neither goes through one of the engine's.
    pooled = engine.raw_connection()
    connection: Any = pooled.dbapi_connection
    if engine.dialect.name == "sqlite":
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        connection.autocommit = True
        connection.execute("VACUUM sealing_key")
        connection.autocommit = False
    pooled.close()


def _wrap(master: MasterKey, key: DataKey) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(master.secret).encrypt(nonce, key.secret, f"data key {key.id}".encode())


def _keys_by_master(connection: Connection) -> dict[str, int]:
    query = select(sealing_key.c.master, func.count().label("sealed")).group_by(sealing_key.c.master)
    return {row.master: row.sealed for row in connection.execute(query)}
