"""Notices as messages: a template per kind and language, a fixed set of names for them, text and simple HTML.

The names that a template may use are those of :data:`NAMES`: none of them ever holds a value that was found.
A council replaces templates one by one in a folder of its own; a template that asks for anything else is
refused when it is loaded, not when a sender waits for it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from scanner.reports.wording import kind as english_kind
from scanner.reports.wording import printable
from smtp_filter.message import Content, Envelope, Recipient
from smtp_filter.quarantine.marker import Marker
from smtp_filter.quarantine.outbox import Notice
from smtp_filter.quarantine.settings import NoticeSettings
from smtp_filter.verdict.addresses import beneath, read_address

ENGLISH = "en"
TO_SENDER = ("hold", "warning", "expired", "returned", "refused", "released", "summary", "passed")
TO_DUTY = ("alert", "escalated", "emergency", "shielded", "glass", "break_glass", "revealed")
TO_TRIAGE = ("digest", "undecided", "second", "stuck", "release_failed")
# To those whom the rule names: roles, or addresses of our own.
TO_NAMED = ("copied",)
KINDS = (*TO_SENDER, *TO_DUTY, *TO_TRIAGE, *TO_NAMED)

# Every name that a template may use.  Times come as words in the template's language.
NAMES = frozenset(
    {
        *("council", "mailbox", "phone", "page", "secure_tag", "reference", "code"),
        *("to_whom", "subject", "held", "kinds", "places", "unread", "unread_total", "misdirected"),
        *("due", "expires", "advice", "delivered", "undelivered", "withheld", "secure"),
        *("count", "since", "severity", "totals", "overdue", "oldest", "emergencies"),
        *("owner", "decision", "reply", "what"),
    }
)
_TIMES = frozenset({"held", "due", "since", "oldest"})
_ABSENT = dict.fromkeys(NAMES, "")
_LONGEST_LINE = 300


class NoticeTemplateError(Exception):
    """A template cannot be used: which one and why, in one line."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice ready to go: its envelope (null sender) and its bytes, marked as ours."""

    envelope: Envelope
    content: Content
    head: bytes


class Notices:
    """Renders notices; loads and checks every template once."""

    def __init__(self, settings: NoticeSettings, marker: Marker, key: bytes, zone: str) -> None:
        self._settings = settings
        self._marker = marker
        self._key = key
        self._zone = ZoneInfo(zone)
        self._environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
        )
        pages = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True
        )
        self._page = pages.from_string(self._file("page.html") or "")
        self._words = {language: self._load_words(language) for language in (*settings.languages, ENGLISH)}
        self._templates = {
            (kind, language): template
            for kind in KINDS
            for language in dict.fromkeys((*settings.languages, ENGLISH))
            if (template := self._load(kind, language)) is not None
        }
        self._domain = settings.mailbox.rpartition("@")[2] or "localhost"

    def letter(self, notice: Notice, page: str = "", code: str = "") -> Letter | None:
        """The message of a notice, ``None`` where there is nobody who may be told."""
        recipients = self._recipients(notice)
        if not recipients or not self._settings.mailbox:
            return None
        to_sender = notice.kind in TO_SENDER
        languages = [one for one in self._settings.languages if (notice.kind, one) in self._templates]
        sections = [
            self.render(notice.kind, language, notice.facts, page, code)
            for language in languages or [ENGLISH]
        ]
        message = EmailMessage(policy=SMTP)
        message["From"] = self._settings.mailbox
        message["To"] = ", ".join(recipients)
        message["Subject"] = " / ".join(dict.fromkeys(title for title, _ in sections))
        message["Date"] = format_datetime(datetime.fromtimestamp(notice.made_at, self._zone))
        message["Message-ID"] = f"<{self._id(notice.key)}@{self._domain}>"
        thread = str(notice.facts.get("thread", ""))
        if _is_message_id(thread):
            message["In-Reply-To"] = thread
            message["References"] = thread
        message["Auto-Submitted"] = "auto-replied" if to_sender else "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        whole = "\n\n----------\n\n".join(text for _, text in sections)
        message.set_content(_encodable(whole), cte="quoted-printable")
        message.add_alternative(
            _encodable(self._html(sections, languages or [ENGLISH])), subtype="html", cte="quoted-printable"
        )
        # A boundary of chance would make a second sending another message.
        message.set_boundary(f"=_{self._id('boundary ' + notice.key)}")
        content = Content.from_bytes(message.as_bytes())
        envelope = Envelope(
            sender="",
            recipients=tuple(Recipient(address, notify="NEVER") for address in recipients),
            smtputf8=not "".join(recipients).isascii(),
        )
        return Letter(envelope, content, self._marker.line("notice", self._id(notice.key), content))

    def render(
        self, kind: str, language: str, facts: Mapping[str, Any], page: str = "", code: str = ""
    ) -> tuple[str, str]:
        """Subject and text of one kind of notice in one language."""
        template = self._templates.get((kind, language)) or self._templates[kind, ENGLISH]
        text = template.render(self._names(language, facts, page, code))
        head, _, rest = text.partition("\n")
        # Conditions leave gaps of several lines.
        paragraphs = [part.strip("\n") for part in rest.split("\n\n") if part.strip()]
        subject = printable(head.removeprefix("Subject:").strip())[:_LONGEST_LINE]
        return subject, "\n\n".join(paragraphs) + "\n"

    # --- what templates are given -------------------------------------------------------------------------

    def _names(self, language: str, facts: Mapping[str, Any], page: str, code: str) -> dict[str, Any]:
        words = self._words[language]
        found: dict[str, Any] = dict(_ABSENT)
        found |= {name: value for name, value in facts.items() if name in NAMES}
        for name in _TIMES:
            if isinstance(found[name], int | float) and found[name]:
                found[name] = self._moment(found[name], words)
        if isinstance(found["expires"], int | float):
            found["expires"] = self._date(found["expires"], words)
        found["severity"] = words.get("severities", {}).get(found["severity"], found["severity"])
        found["kinds"] = [_counted(str(kind), int(count), words) for kind, count in facts.get("kinds", [])]
        unread = list(facts.get("unread", []) or []) if isinstance(facts.get("unread"), list) else []
        found["unread"] = [name for name in unread if name]
        found["unread_total"] = len(unread) or int(facts.get("unread") is True)
        found["to_whom"] = self._to_whom(facts, words)
        settings = self._settings
        found |= {
            "council": settings.council,
            "mailbox": settings.mailbox,
            "phone": settings.phone,
            "page": page,
            "secure_tag": settings.secure_tag,
            "code": code,
        }
        return found

    def _to_whom(self, facts: Mapping[str, Any], words: Mapping[str, Any]) -> str:
        addresses, total = facts.get("recipients", []), int(facts.get("recipients_total", 0))
        if not addresses:
            return str(words["nobody"])
        if total == 1:
            return str(addresses[0])
        return str(words["and_others"]).format(first=addresses[0], count=total - 1)

    def _moment(self, seconds: float, words: Mapping[str, Any]) -> str:
        at = datetime.fromtimestamp(seconds, self._zone)
        month = words["months"][at.month - 1]
        return str(words["moment"]).format(time=f"{at:%H:%M}", day=at.day, month=month)

    def _date(self, seconds: float, words: Mapping[str, Any]) -> str:
        at = datetime.fromtimestamp(seconds, self._zone)
        return str(words["date"]).format(day=at.day, month=words["months"][at.month - 1], year=at.year)

    # --- to whom ------------------------------------------------------------------------------------------

    def _recipients(self, notice: Notice) -> list[str]:
        settings = self._settings
        if notice.kind in TO_SENDER:
            address = str(notice.facts.get("to", ""))
            read = read_address(address)
            # Checked again: the list of our own domains may have changed since.
            own = not read.fault and beneath(read.domain, settings.domains) and _is_plain(address)
            return [address] if own else []
        wanted: Iterable[str] = settings.triage
        if notice.kind in TO_NAMED:
            roles = {"triage": settings.triage, "duty": settings.duty, "dpo": settings.dpo}
            named = [str(name) for name in notice.facts.get("copy_to", ())]
            wanted = [one for name in named for one in roles.get(name, (name,) if "@" in name else ())]
        elif notice.kind in TO_DUTY:
            wanted = settings.duty if settings.duty and notice.kind != "alert" else (*wanted, *settings.duty)
            if notice.kind == "revealed":
                wanted = (*wanted, *settings.dpo)
        return list(dict.fromkeys(wanted))

    # --- files --------------------------------------------------------------------------------------------

    def _file(self, name: str) -> str | None:
        own: Path | None = self._settings.templates
        places: Sequence[Traversable] = [
            *([own] if own is not None else []),
            resources.files("smtp_filter.quarantine") / "templates",
        ]
        for place in places:
            file = place.joinpath(*name.split("/"))
            if file.is_file():
                return file.read_text("utf-8")
        return None

    def _load(self, kind: str, language: str) -> Any:
        written = self._file(f"{language}/{kind}.txt")
        if written is None:
            return None
        where = f"template {language}/{kind}.txt"
        try:
            unknown = meta.find_undeclared_variables(self._environment.parse(written)) - NAMES
        except TemplateError as error:
            raise NoticeTemplateError(f"{where} is no template ({type(error).__name__})") from None
        if unknown:
            raise NoticeTemplateError(
                f"{where} asks for {', '.join(sorted(unknown))}, which is not told to anybody"
            )
        if not written.startswith("Subject:"):
            raise NoticeTemplateError(f"{where} must begin with a line 'Subject: ...'")
        return self._environment.from_string(written)

    def _load_words(self, language: str) -> Mapping[str, Any]:
        written = self._file(f"{language}/words.yaml")
        if written is None:
            raise NoticeTemplateError(
                f"there is no language {language!r}: templates/{language}/words.yaml is missing"
            )
        words = yaml.safe_load(written)
        missing = {"months", "moment", "date", "and_others", "nobody"} - set(words)
        if missing:
            raise NoticeTemplateError(f"templates/{language}/words.yaml lacks {', '.join(sorted(missing))}")
        return dict(words)

    def _html(self, sections: Sequence[tuple[str, str]], languages: Sequence[str]) -> str:
        return self._page.render(
            language=languages[0],
            title=sections[0][0],
            sections=[
                {"language": language, "paragraphs": [part.split("\n") for part in text.split("\n\n")]}
                for language, (_, text) in zip(languages, sections, strict=True)
            ],
        )

    def _id(self, key: str) -> str:
        return hmac.new(self._key, f"message-id {key}".encode(), hashlib.sha256).hexdigest()[:32]


def _counted(kind: str, count: int, words: Mapping[str, Any]) -> str:
    kinds: Mapping[str, str] | None = words.get("kinds")
    name = english_kind(kind, count) if kinds is None else kinds.get(kind, words.get("other", kind))
    return str(words.get("counted", "{count} {kind}")).format(count=count, kind=name)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _is_message_id(text: str) -> bool:
    return 2 < len(text) < 500 and text[0] == "<" and text[-1] == ">" and _is_plain(text)


def _is_plain(text: str) -> bool:
    """Whether it can stand in a header as it is."""
    return text.isprintable() and not any(char in text for char in ' ,;:"()\\')
