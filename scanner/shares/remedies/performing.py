"""Doing and undoing, one file after the other: checked, written down, done, written down again."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner.shares.remedies import moving
from scanner.shares.remedies.moving import Vault
from scanner.shares.remedies.snapshot import (
    ACL,
    Held,
    RefusedError,
    check_unchanged,
    held,
    restore_attributes,
    snapshot,
)
from scanner.store.entry import LedgerEntry, displayable
from scanner.store.remedies import Act, ActState, Journal, Kind

TAG = "user.dlp.finding"
_OPEN = (ActState.INTENDED, ActState.UNDOING)
_OWNER_ONLY = 0o700


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is to be done: ``vault`` with a move, ``ask`` is whom the note names."""

    kind: Kind
    vault: Vault | None = None
    ask: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: its act, or why it was left as it is."""

    path: str
    act: Act | None = None
    refused: str = ""


class Remedying:
    """Does and undoes for one actor.  ``key`` makes the content hashes of the installation."""

    def __init__(self, journal: Journal, key: bytes, actor: str) -> None:
        self._journal = journal
        self._key = key
        self._actor = actor

    # --- doing -------------------------------------------------------------------------------------------

    def apply(self, run: str, entries: Iterable[LedgerEntry], remedy: Remedy) -> Iterator[Outcome]:
        """Do it to each file; what does not fit is refused and stays as it is."""
        for entry in entries:
            try:
                act = self._apply(run, entry, remedy)
            except RefusedError as error:
                yield Outcome(entry.path, refused=str(error))
            else:
                yield Outcome(entry.path, act)

    def check(self, entries: Iterable[LedgerEntry], remedy: Remedy) -> Iterator[Outcome]:
        """What :meth:`apply` would do, as far as can be told without touching or reading anything."""
        for entry in entries:
            try:
                _local(entry)
                with held(entry.raw_path) as file:
                    if file.about().st_size != entry.size:
                        raise RefusedError("it has changed since the scan: another size")
                    _fits(file, remedy.kind)
            except RefusedError as error:
                yield Outcome(entry.path, refused=str(error))
            else:
                yield Outcome(entry.path)

    def _apply(self, run: str, entry: LedgerEntry, remedy: Remedy) -> Act:
        _local(entry)
        with held(entry.raw_path) as file:
            _fits(file, remedy.kind)
            before = snapshot(file.file)
            digest = check_unchanged(file.file, entry, self._key)
            new = Act(0, run, remedy.kind, ActState.INTENDED, entry.raw_path, b"", before, {"hash": digest})
            if remedy.kind is Kind.MOVE:
                return self._move(file, entry, new, remedy)
            return self._change(file, entry, new)

    def _intend(self, new: Act, entry: LedgerEntry) -> Act:
        told = Act(
            new.number, new.run, new.kind, new.state, new.path, new.vault, new.before, new.after, self._actor
        )
        reasons = f"{entry.severity.word}; who can read it: {entry.exposure.audience.word}"
        return self._journal.intend(told, reasons)

    def _move(self, file: Held, entry: LedgerEntry, new: Act, remedy: Remedy) -> Act:
        if remedy.vault is None:
            raise RefusedError("no vault was named")
        remedy.vault.prepare()
        act = self._intend(new, entry)
        place = remedy.vault.place(act)
        note = _note(entry, act, remedy.ask)
        # Where the copy is to lie is known before there is one.
        act = self._journal.turn(
            act,
            ActState.INTENDED,
            actor=self._actor,
            vault=os.fsencode(place),
            after={**act.after, "note": note},
        )
        try:
            moving.copy_into_vault(file, place, self._key, str(act.after["hash"]))
            moving.write_note(file, act)
            moving.take_away(file, act)
        except (RefusedError, OSError) as error:
            moving.roll_back(act, self._key)
            self._drop(act, error)
        return self._journal.turn(act, ActState.DONE, actor=self._actor)

    def _change(self, file: Held, entry: LedgerEntry, new: Act) -> Act:
        act = self._intend(new, entry)
        try:
            if act.kind is Kind.RESTRICT:
                _restrict(file.file)
            else:
                words = f"{entry.severity.word}; run {act.run}; {act.reference}"
                os.setxattr(file.file, TAG, words.encode())
        except (RefusedError, OSError) as error:
            _take_back(file.file, act)
            self._drop(act, error)
        return self._journal.turn(
            act, ActState.DONE, actor=self._actor, after={**act.after, **_rights(file.file)}
        )

    def _drop(self, act: Act, error: Exception) -> None:
        """Nothing was done in the end; raises why."""
        words = str(error) if isinstance(error, RefusedError) else _system_words(error)
        self._journal.turn(act, ActState.DROPPED, actor=self._actor, reason=words)
        raise RefusedError(words) from None

    # --- undoing -----------------------------------------------------------------------------------------

    def undo(self, acts: Iterable[Act]) -> Iterator[Outcome]:
        """Undo acts, the latest first; what does not fit any more is refused."""
        for act in sorted(acts, key=lambda one: -one.number):
            path = displayable(act.path)
            try:
                if act.state is not ActState.DONE:
                    raise RefusedError(f"{act.reference} is {act.state.value}, there is nothing to undo")
                yield Outcome(path, self._undo(act))
            except RefusedError as error:
                yield Outcome(path, act, str(error))

    def _undo(self, act: Act) -> Act:
        undoing = self._journal.turn(act, ActState.UNDOING, actor=self._actor)
        try:
            if act.kind is Kind.MOVE:
                moving.bring_back(undoing, self._key)
            else:
                with held(act.path) as file:
                    if _rights(file.file).get("rights") != act.after.get("rights"):
                        raise RefusedError("somebody has changed its rights or its tag since")
                    _take_back(file.file, act)
        except RefusedError as error:
            self._journal.turn(undoing, ActState.DONE, actor=self._actor, reason=str(error))
            raise
        if act.kind is Kind.MOVE:
            moving.clear_vault(act)
        return self._journal.turn(undoing, ActState.UNDONE, actor=self._actor)

    # --- after a crash -----------------------------------------------------------------------------------

    def recover(self) -> list[Outcome]:
        """Bring what was interrupted to one of its ends."""
        return [self._recover(act) for act in self._journal.acts(states=_OPEN)]

    def _recover(self, act: Act) -> Outcome:
        path = displayable(act.path)
        try:
            if act.kind is not Kind.MOVE:
                with held(act.path) as file:
                    _take_back(file.file, act)
                state = ActState.DROPPED if act.state is ActState.INTENDED else ActState.UNDONE
            elif act.state is ActState.INTENDED:
                state = ActState.DROPPED if moving.roll_back(act, self._key) else ActState.DONE
            else:
                state = ActState.UNDONE if moving.roll_forward(act, self._key) else ActState.DONE
            if state is ActState.UNDONE and act.kind is Kind.MOVE:
                moving.clear_vault(act)
            return Outcome(path, self._journal.turn(act, state, actor=self._actor, reason="interrupted"))
        except (RefusedError, OSError) as error:
            words = str(error) if isinstance(error, RefusedError) else _system_words(error)
            return Outcome(path, act, f"was interrupted and cannot be finished: {words}")


def asked_of(entry: LedgerEntry, ask: str) -> str:
    """Whom to ask about a file that was moved."""
    return ask or entry.exposure.asset_owner or "your information governance team"


def _note(entry: LedgerEntry, act: Act, ask: str) -> str:
    """The note in a file's place: nothing of what was found, for whoever passes may read it."""
    name = displayable(entry.raw_path.rpartition(b"/")[2])
    return (
        f'The file "{name}" was moved from here on {time.strftime("%d %B %Y")}.\n\n'
        "Why: a check for personal data found information about people in it that should not be kept in "
        "this place. The file has not been deleted or changed; it is kept safely.\n\n"
        f"Do you need it? Ask {asked_of(entry, ask)} and quote {act.reference}. It can be put back here, or "
        "moved to a place where only the people who work with it can open it.\n\n"
        "You can delete this note when it is no longer needed.\n"
    )


def _local(entry: LedgerEntry) -> None:
    if not entry.raw_path.startswith(b"/"):
        raise RefusedError("it lies on a server without a mount; nothing is changed there from here")


def _fits(file: Held, kind: Kind) -> None:
    about = file.about()
    if kind is Kind.MOVE and about.st_nlink > 1:
        raise RefusedError(
            f"it has {about.st_nlink} names (hard links); moving one of them would hide nothing"
        )
    if kind is Kind.RESTRICT and not about.st_mode & 0o077 and not _acl(file.file):
        raise RefusedError("only its owner can read it already")


def _restrict(file: int) -> None:
    """Leave it to its owner."""
    if _acl(file):
        os.removexattr(file, ACL)
    os.fchmod(file, os.fstat(file).st_mode & _OWNER_ONLY)
    if os.fstat(file).st_mode & 0o077:
        raise RefusedError("its file system does not keep permissions")


def _take_back(file: int, act: Act) -> None:
    """Rights or tag as they were; content and times are not touched by either."""
    before: Mapping[str, Any] = act.before
    name = ACL if act.kind is Kind.RESTRICT else TAG
    now = {}
    with suppress(OSError):
        for known in os.listxattr(file):
            with suppress(OSError):
                now[known] = base64.b64encode(os.getxattr(file, known)).decode()
    wanted = {key: value for key, value in now.items() if key != name}
    if name in before["attributes"]:
        wanted[name] = before["attributes"][name]
    try:
        restore_attributes(file, wanted)
        if act.kind is Kind.RESTRICT:
            os.fchmod(file, before["mode"])
    except OSError as error:
        raise RefusedError(_system_words(error)) from None


def _rights(file: int) -> dict[str, str]:
    """What an act has made of rights and tag, to be held against what they are when it is undone."""
    tag = b""
    with suppress(OSError):
        tag = os.getxattr(file, TAG)
    return {"rights": f"{os.fstat(file).st_mode & 0o7777:04o} {_acl(file).hex()} {tag.hex()}"}


def _acl(file: int) -> bytes:
    try:
        return os.getxattr(file, ACL)
    except OSError:
        return b""


def _system_words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"the system refuses ({(error.strerror or type(error).__name__).lower()})"
    return type(error).__name__


def outside_of_roots(vault: Path, roots: Iterable[bytes]) -> bool:
    """Whether a vault lies beneath none of the scanned folders."""
    place = os.fsencode(os.path.realpath(vault))
    return not any(place == root or place.startswith(root.rstrip(b"/") + b"/") for root in roots)
