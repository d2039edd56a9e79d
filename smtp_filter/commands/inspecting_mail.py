"""Mail files through inspection workers to verdicts, in the order in which they were asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from scanner.configuration import Configuration
    from scanner.documents.reader import Read
    from scanner.inspection import Inspector
    from scanner.inspection.inspector import SoFar
    from scanner.inspection.model import Inspection
    from scanner.shares.workers import WorkerPool
    from smtp_filter.verdict import Verdict, VerdictSettings

# Answers that wait for an earlier one: bounds memory where one message takes long.
_AHEAD = 200
# A look at the input now and then while workers are busy.
_PATIENCE = 0.05
_WAIT = 0.5
# More than any block of headers that is read (scanner.documents.mail_headers).
_HEAD = 1_100_000


@dataclass(frozen=True, slots=True)
class Question:
    """One message file and its envelope; ``identity`` comes back with the answer."""

    identity: object
    path: Path
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """The verdict on one message, or why there is none, in one line."""

    identity: object
    verdict: Verdict | None
    error: str = ""


class Questions(Protocol):
    """Where questions come from: a list, or standard input."""

    def take(self, *, wait: bool) -> Question | Reply | None:
        """The next question, or the reply to one that cannot be asked; ``None`` where there is none now."""
        ...

    @property
    def ended(self) -> bool:
        """Whether there will be no more."""
        ...


@dataclass(slots=True)
class OneQuestion:
    """A single question."""

    question: Question | None

    def take(self, *, wait: bool) -> Question | None:
        """See :class:`Questions`."""
        taken, self.question = self.question, None
        return taken

    @property
    def ended(self) -> bool:
        """See :class:`Questions`."""
        return self.question is None


class _AsMail:
    """An inspector that takes every file for a message, as the relay does."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector

    def inspect(
        self, file: BinaryIO, name: str, size: int, *, read: Read | None = None, so_far: SoFar | None = None
    ) -> Inspection:
        """See ``scanner.shares.worker.FileInspector``; a message's own file name says nothing."""
        if read is None:
            return self._inspector.inspect(file, "", size, kind="eml", so_far=so_far)
        return self._inspector.inspect(file, "", size, kind="eml", read=read, so_far=so_far)


@dataclass(slots=True)
class _Waiting:
    """Questions that were asked, in order, with the answers that have come."""

    asked: deque[int] = field(default_factory=deque)
    questions: dict[int, Question] = field(default_factory=dict)
    replies: dict[int, Reply] = field(default_factory=dict)
    number: int = 0


def replies(questions: Questions, settings: Configuration, judging: VerdictSettings) -> Iterator[Reply]:
    """Inspect and judge every message in confined worker processes; replies come in order.

    Raises ``WorkersFailedError`` where no worker can be started.
    """
    from scanner.shares.worker import Work
    from scanner.shares.workers import WorkerPool

    inspector = mail_inspector(settings)
    inspector.warm()
    workers = settings.scan.settings().workers
    work = Work(
        inspector=_AsMail(inspector),
        key=b"\0" * 32,  # nothing is kept, so its hashes are of no account
        confinement=workers.confinement,
        seconds_per_file=workers.seconds_per_file,
        files_per_worker=workers.files_per_worker,
    )
    count = 1 if isinstance(questions, OneQuestion) else workers.effective_count
    waiting = _Waiting()
    with WorkerPool(work, count) as pool:
        while True:
            _submit(questions, pool, waiting)
            while waiting.asked and waiting.asked[0] in waiting.replies:
                yield waiting.replies.pop(waiting.asked.popleft())
            if questions.ended and not waiting.asked:
                return
            if pool.busy:
                for answer in pool.answers(_WAIT if questions.ended else _PATIENCE):
                    question = waiting.questions.pop(answer.number)
                    waiting.replies[answer.number] = _judged(question, answer.inspection, judging)


def mail_inspector(settings: Configuration) -> Inspector:
    """The inspector that reads mail: the configured one, with the breadth of mail."""
    from scanner.commands.inspecting import inspector

    return inspector(settings, b"\0" * 32, use="mail")


def _submit(questions: Questions, pool: WorkerPool, waiting: _Waiting) -> None:
    import os

    from scanner.shares.workers import Job

    while pool.wants and not questions.ended and len(waiting.asked) < _AHEAD:
        taken = questions.take(wait=not waiting.asked)
        if taken is None:
            return
        waiting.number += 1
        waiting.asked.append(waiting.number)
        if isinstance(taken, Reply):
            waiting.replies[waiting.number] = taken
            continue
        try:
            size = taken.path.stat().st_size
        except OSError as error:
            reason = f"{taken.path} cannot be read ({(error.strerror or 'error').lower()})"
            waiting.replies[waiting.number] = Reply(taken.identity, None, reason)
            continue
        waiting.questions[waiting.number] = taken
        pool.submit(Job(waiting.number, os.fsencode(taken.path), size))


def _judged(question: Question, inspection: Inspection | None, judging: VerdictSettings) -> Reply:
    from datetime import date

    from scanner.documents.mail_headers import message_headers
    from smtp_filter.message import Envelope, Recipient
    from smtp_filter.verdict import judge_message

    assert inspection is not None, "a worker that knows no other content answers with an inspection"
    try:
        with question.path.open("rb") as file:
            headers = message_headers(file.read(_HEAD))
    except OSError as error:
        reason = f"{question.path} cannot be read ({(error.strerror or 'error').lower()})"
        return Reply(question.identity, None, reason)
    envelope = Envelope(question.sender, tuple(Recipient(address) for address in question.recipients))
    verdict = judge_message(envelope, headers, inspection, judging, today=date.today())
    return Reply(question.identity, verdict)
