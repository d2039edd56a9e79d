"""The schema of the configuration file: one section per room, every key with its default and its meaning."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from yaml import YAMLError

from scanner.alerts.settings import AlertSettings, MailSettings, SyslogSettings, WebhookSettings
from scanner.configuration.problems import ConfigurationError, Problem
from scanner.detection.organisation import Organisation
from scanner.detection.settings import DetectionSettings
from scanner.documents.isolation import Confinement
from scanner.documents.limits import Limits
from scanner.documents.passwords import Passwords
from scanner.judgement.assessment import Severity
from scanner.shares.distributed.settings import DistributedSettings
from scanner.shares.exposure import EVERYONE_GROUPS, WEB_ROOTS, ExposureSettings
from scanner.shares.pace import PaceSettings
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.sources.address import SourceError, canonical, is_remote
from scanner.shares.watching.settings import WatchSettings
from scanner.shares.windows import Windows, parse_window

if TYPE_CHECKING:
    from scanner.inspection.settings import InspectionSettings
    from scanner.judgement.policy import Policy

SeverityWord = Literal["none", "low", "medium", "high", "critical"]
Format = Literal[
    "table", "jsonl", "csv", "findings-csv", "changes-csv", "html", "pdf", "siro-pdf", "cef", "ocsf"
]

_MB = 1_000_000


def _postcode(text: str) -> str:
    squeezed = "".join(text.split()).upper()
    if not re.fullmatch(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}", squeezed):
        raise ValueError("must be a full UK postcode such as 'SW1A 1AA'")
    return f"{squeezed[:-3]} {squeezed[-3:]}"


def _phone(text: str) -> str:
    digits = re.sub(r"[\s()./-]", "", text)
    if not re.fullmatch(r"\+?[0-9]{5,15}", digits):
        raise ValueError("must be a telephone number in quotes, digits and spaces, such as '020 7946 0000'")
    return digits.removeprefix("+")


def _domain(text: str) -> str:
    domain = text.strip().lower().removeprefix("@")
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain):
        raise ValueError("must be a mail domain such as 'example.gov.uk'")
    return domain


def _recogniser(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", text):
        raise ValueError("must be written module:Class, such as 'our_rules.tenancy:TenancyRecognizer'")
    return text


def _directory(path: Path) -> Path:
    expanded = path.expanduser()
    if not expanded.is_absolute():
        raise ValueError("must be an absolute path, or one that begins with ~")
    return expanded


def _place(text: str) -> str:
    if is_remote(text):
        try:
            return canonical(text).decode("utf-8", "surrogateescape")
        except SourceError as error:
            raise ValueError(str(error)) from None
    return str(_directory(Path(text)))


def _window(text: str) -> str:
    parse_window(text)
    return text


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise ValueError("must be an address such as https://www.example.gov.uk/files, without a password")
    return text


def _syslog_target(text: str) -> str:
    parts = urlsplit(text)
    if not (parts.scheme == "unix" and parts.path) and not (
        parts.scheme in ("udp", "tcp", "tls") and parts.hostname
    ):
        raise ValueError("must be such as udp://host:514, tcp://host:601, tls://host:6514 or unix:/dev/log")
    return text


WebAddress = Annotated[str, AfterValidator(_web_address)]
SyslogTarget = Annotated[str, AfterValidator(_syslog_target)]
WindowLine = Annotated[str, AfterValidator(_window)]
Postcode = Annotated[str, AfterValidator(_postcode)]
Phone = Annotated[str, AfterValidator(_phone)]
Domain = Annotated[str, AfterValidator(_domain)]
RecogniserName = Annotated[str, AfterValidator(_recogniser)]
AbsolutePath = Annotated[Path, AfterValidator(_directory)]
Place = Annotated[str, AfterValidator(_place)]


S = TypeVar("S", bound="Section")


class Section(BaseModel):
    """A section: fixed keys, each of one type, unchangeable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class OrganisationSection(Section):
    """The council itself: what is its own is no resident's."""

    names: tuple[str, ...] = Field(default=(), description="what the council calls itself")
    domains: tuple[Domain, ...] = Field(default=(), description="own mail domains")
    offices: tuple[Postcode, ...] = Field(
        default=(), description="postcodes of own offices, schools and sites"
    )
    switchboards: tuple[Phone, ...] = Field(default=(), description="own published telephone numbers")
    role_mailboxes: tuple[str, ...] = Field(
        default=(), description="role mailboxes beyond the usual ones: the part before the @"
    )

    def settings(self) -> Organisation:
        """What detection is told of the council."""
        return Organisation(
            names=self.names,
            domains=frozenset(self.domains),
            postcodes=frozenset(self.offices),
            phones=frozenset(self.switchboards),
            mailboxes=frozenset(mailbox.lower().partition("@")[0] for mailbox in self.role_mailboxes),
        )


class ScanSection(Section):
    """What `dlp scan` walks, and what one file may cost."""

    workers: int = Field(default=0, ge=0, le=1024, description="worker processes; 0 = one for each core")
    exclude: tuple[str, ...] = Field(default=(), description="globs of files and folders that are left out")
    include: tuple[str, ...] = Field(
        default=(), description="globs; where there are any, only files that fit one are read"
    )
    largest_mb: int = Field(default=0, ge=0, description="larger files are left out; 0 = any size")
    changed_within_days: float = Field(
        default=0.0, ge=0, description="files not changed for longer are left out; 0 = any age"
    )
    unchanged_for_days: float = Field(
        default=0.0, ge=0, description="files changed more recently are left out; 0 = any age"
    )
    vanished_percent: int = Field(
        default=50,
        ge=1,
        le=100,
        description="where more of a share's known files are not there any more, its mount is taken for lost",
    )
    silent_seconds: float = Field(
        default=60.0, gt=0, description="a server or network mount that says nothing for so long is lost"
    )
    cross_mounts: bool = Field(default=True, description="enter file systems mounted inside a scanned folder")
    seconds_per_file: float = Field(
        default=300.0, gt=0, le=86_400, description="a file that takes longer is reported as not inspected"
    )
    cpu_seconds_per_file: int = Field(
        default=90, ge=1, le=86_400, description="the same in seconds of CPU time: stops parsers in a loop"
    )
    memory_mb_per_worker: int = Field(
        default=2_000, ge=256, description="a file that needs more is reported as not inspected"
    )
    files_per_worker: int = Field(default=5_000, ge=1, description="a worker is replaced after so many files")
    fail_on: SeverityWord = Field(
        default="medium", description="exit code 1 when a file is this bad or worse"
    )

    def settings(self) -> ScanSettings:
        """What the run is told."""
        return ScanSettings(
            exclude=self.exclude,
            include=self.include,
            largest_mb=self.largest_mb,
            changed_within_days=self.changed_within_days,
            unchanged_for_days=self.unchanged_for_days,
            vanished_percent=self.vanished_percent,
            silent_seconds=self.silent_seconds,
            cross_mounts=self.cross_mounts,
            workers=WorkerSettings(
                count=self.workers,
                seconds_per_file=self.seconds_per_file,
                files_per_worker=self.files_per_worker,
                confinement=Confinement(
                    memory_bytes=self.memory_mb_per_worker * _MB, cpu_seconds=self.cpu_seconds_per_file
                ),
            ),
        )


class MannersSection(Section):
    """When `dlp scan` may read, and how gently: people work on the same servers."""

    windows: tuple[WindowLine, ...] = Field(
        default=(), description="hours in which it reads, such as 'mon-fri 19:00-07:00'; none = any time"
    )
    megabytes_per_second: float = Field(default=0.0, ge=0, description="most that is read; 0 = no limit")
    files_per_second: float = Field(default=0.0, ge=0, description="files begun each second; 0 = no limit")
    cpu_percent: int = Field(
        default=100, ge=1, le=100, description="part of the time in which workers are busy"
    )
    nice: int = Field(default=0, ge=0, le=19, description="added to the priority number of the process")
    io_class: Literal["", "best-effort", "idle"] = Field(
        default="", description="class of reading: best-effort = last of its class, idle; empty = unchanged"
    )
    files_at_once_per_share: int = Field(
        default=0, ge=0, description="files read of one share at the same time; 0 = one for each worker"
    )

    def pace(self) -> PaceSettings:
        """What the run is told of its pace."""
        return PaceSettings(
            megabytes_per_second=self.megabytes_per_second,
            files_per_second=self.files_per_second,
            cpu_percent=self.cpu_percent,
            nice=self.nice,
            io_class=self.io_class,
        )


class ExposureSection(Section):
    """Who can read what, and who answers for it."""

    web_roots: tuple[str, ...] = Field(
        default=WEB_ROOTS, description="folders whose files a web server shows to the world"
    )
    everyone_groups: tuple[str, ...] = Field(
        default=EVERYONE_GROUPS, description="names of groups that every member of staff is in"
    )
    asset_owners: dict[str, str] = Field(
        default={},
        description="information asset owner of what lies beneath a path, or beneath the folders of a glob "
        "(/srv/**/HR); the most particular one answers, a path before a glob",
    )

    def settings(self) -> ExposureSettings:
        """What the run is told."""
        return ExposureSettings(web_roots=self.web_roots, everyone_groups=self.everyone_groups)


class WatchSection(Section):
    """What `dlp watch` watches, and how closely."""

    paths: tuple[Place, ...] = Field(
        default=(),
        description="folders and addresses (smb://server/share) to watch if the command line names none",
    )
    settle_seconds: float = Field(
        default=2.0, gt=0, le=600, description="a file is read when it did not change for so long"
    )
    longest_unsettled_seconds: float = Field(
        default=60.0, gt=0, description="a file that never settles is read all the same after this time"
    )
    poll_seconds: float = Field(
        default=30.0,
        gt=0,
        description="pause between two sweeps of network mounts and servers, which do not tell changes",
    )
    also_poll_minutes: float = Field(
        default=60.0, ge=0, description="pause between two sweeps of local disks, which do; 0 = none"
    )
    poll_everything: bool = Field(default=False, description="sweep local disks like network mounts")
    exposure_seconds: float = Field(
        default=240.0,
        gt=0,
        description="pause between two looks at who may read known sensitive files",
    )
    published: dict[str, WebAddress] = Field(
        default={}, description="folders that a web server publishes, each with its base address"
    )
    probe_minutes: float = Field(
        default=5.0, gt=0, description="pause between two probes of published sensitive files, as an outsider"
    )
    probes_per_minute: int = Field(default=60, ge=1, le=6_000, description="most probes sent to web servers")
    metrics_file: AbsolutePath | None = Field(
        default=None, description="file for Prometheus' textfile collector, rewritten every minute"
    )

    def settings(self, scan: ScanSettings, alerts: AlertSettings) -> WatchSettings:
        """What the watch is told."""
        return WatchSettings(
            scan=scan,
            settle=self.settle_seconds,
            longest_unsettled=self.longest_unsettled_seconds,
            poll=self.poll_seconds,
            also_poll=self.also_poll_minutes * 60,
            poll_all=self.poll_everything,
            exposure=self.exposure_seconds,
            at_least=alerts.at_least,
            channels=alerts.channels,
        )


class AlertsSection(Section):
    """Whom `dlp watch` tells at once, and of what; values are never sent."""

    at_least: Literal["low", "medium", "high", "critical"] = Field(
        default="high", description="least severity that is worth an alert"
    )
    mail_to: tuple[str, ...] = Field(default=(), description="receivers of the digest; none = no e-mail")
    mail_from: str = Field(default="", description="sender of the digest; default: dlp at this machine")
    mail_host: str = Field(default="localhost", description="mail server that takes the digest")
    mail_port: int = Field(default=25, ge=1, le=65_535, description="its port")
    mail_security: Literal["none", "starttls", "tls"] = Field(
        default="none", description="none, starttls, or tls from the first byte"
    )
    mail_user: str = Field(default="", description="user name at the mail server; empty = no sign-in")
    mail_password_file: AbsolutePath | None = Field(default=None, description="file with its password")
    digest_minutes: float = Field(
        default=5.0, ge=0, description="alerts gather so long; what is critical does not wait"
    )
    webhook: WebAddress | None = Field(default=None, description="address that gets alerts as JSON by POST")
    webhook_key_file: AbsolutePath | None = Field(
        default=None, description="file with the key that signs what the webhook gets (HMAC-SHA256)"
    )
    webhooks_per_minute: int = Field(default=60, ge=1, description="most requests to the webhook")
    syslog: SyslogTarget | None = Field(
        default=None, description="udp://host:514, tcp://host:601, tls://host:6514 or unix:/dev/log"
    )
    syslog_lines_per_minute: int = Field(default=600, ge=1, description="most lines to syslog")
    ca_file: AbsolutePath | None = Field(
        default=None,
        description="authorities (PEM) that mail, webhook and syslog are believed by; default: the system's",
    )
    keep_days: float = Field(default=90.0, gt=0, description="alerts that were sent are kept so long")

    @field_validator("mail_user")
    @classmethod
    def _secured(cls, user: str, info: ValidationInfo) -> str:
        """A password travels to another machine secured, or not at all."""
        here = info.data.get("mail_host") in ("localhost", "127.0.0.1", "::1")
        if user and not here and info.data.get("mail_security") == "none":
            raise ValueError("must not sign in without encryption: set mail_security to starttls or tls")
        return user

    def settings(self) -> AlertSettings:
        """What the courier is told."""
        mail = webhook = syslog = None
        if self.mail_to:
            mail = MailSettings(
                host=self.mail_host,
                to=self.mail_to,
                sender=self.mail_from or f"dlp@{socket.getfqdn()}",
                port=self.mail_port,
                security=self.mail_security,
                user=self.mail_user,
                password_file=self.mail_password_file,
                digest_seconds=self.digest_minutes * 60,
                urgent_seconds=min(60.0, self.digest_minutes * 60),
                ca_file=self.ca_file,
            )
        if self.webhook:
            webhook = WebhookSettings(
                self.webhook, self.webhook_key_file, self.webhooks_per_minute, ca_file=self.ca_file
            )
        if self.syslog:
            syslog = SyslogSettings(self.syslog, self.syslog_lines_per_minute, ca_file=self.ca_file)
        return AlertSettings(Severity[self.at_least.upper()], mail, webhook, syslog, self.keep_days)


class DistributedSection(Section):
    """A scan by more than one machine; it needs PostgreSQL as storage.database, and `dlp worker` on each."""

    enabled: bool = Field(default=False, description="`dlp scan` walks and leaves reading to `dlp worker`")
    batch_files: int = Field(default=300, ge=1, le=5_000, description="files that are given out at a time")
    batch_mb: int = Field(default=512, ge=1, description="megabytes that are given out at a time")
    batches_per_server: int = Field(
        default=8, ge=1, le=1_000, description="files read of one server at the same time, by all machines"
    )
    lease_seconds: float = Field(
        default=30.0, ge=1, le=3_600, description="a worker not heard of for so long has lost its batches"
    )
    servers: dict[str, str] = Field(
        default={}, description="server that a path lies on, where its mount does not tell"
    )

    def settings(self) -> DistributedSettings:
        """What coordinator and workers are told."""
        return DistributedSettings(
            enabled=self.enabled,
            batch_files=self.batch_files,
            batch_bytes=self.batch_mb * _MB,
            batches_per_server=self.batches_per_server,
            lease_seconds=self.lease_seconds,
            servers=self.servers,
        )


class LimitsSection(Section):
    """How much of one document is read; what lies beyond is reported as not read."""

    file_mb: int = Field(default=2_000, ge=1, description="largest file that is read at all")
    parser_mb: int = Field(default=250, ge=1, description="largest file that is held in memory as a whole")
    expanded_mb: int = Field(default=1_000, ge=1, description="what all members of a container may expand to")
    members: int = Field(default=100_000, ge=1, description="files inside one file, over all levels")
    nesting: int = Field(default=10, ge=0, le=50, description="containers inside containers")
    ocr: bool = Field(
        default=False, description="read the text of pictures and scans (needs tesseract; slow)"
    )
    ocr_seconds: float = Field(default=120.0, gt=0, description="time for OCR of one file with all its pages")
    passwords_file: AbsolutePath | None = Field(
        default=None,
        description="passwords in use here, one a line, tried on encrypted files; never logged or reported",
    )
    password_seconds: float = Field(
        default=5.0, ge=0, le=300, description="CPU time for trying passwords on one file with all inside"
    )

    def settings(self) -> Limits:
        """What the readers of documents are told."""
        return Limits(
            file_bytes=self.file_mb * _MB,
            parser_bytes=self.parser_mb * _MB,
            expanded_bytes=self.expanded_mb * _MB,
            members=self.members,
            nesting=self.nesting,
            ocr=self.ocr,
            ocr_seconds=self.ocr_seconds,
            passwords=self.passwords(),
        )

    def passwords(self) -> Passwords:
        """The site's passwords; raises ``ConfigurationError`` where their file cannot be read."""
        if self.passwords_file is None:
            return Passwords(seconds=self.password_seconds)
        try:
            return Passwords.from_file(self.passwords_file, self.password_seconds)
        except (OSError, UnicodeDecodeError) as error:
            reason = (error.strerror or "") if isinstance(error, OSError) else "not UTF-8"
            what = f"{self.passwords_file} cannot be read ({reason})"
            raise ConfigurationError([Problem("", "limits.passwords_file", what)]) from None


class LanguageSection(Section):
    """The language model that finds names and addresses in running text."""

    model: str = Field(
        default="builtin",
        pattern=r"^[A-Za-z0-9_./-]*$",
        description="builtin = the one that is shipped; none = work without one; else an installed spaCy "
        "pipeline or a folder that holds one",
    )
    mode: Literal["windows", "full"] = Field(
        default="windows", description="windows = only where it can change the verdict; full = every word"
    )


class JudgementSection(Section):
    """How bad a document is, and from how many distinct people on it counts as worse."""

    policy: AbsolutePath | None = Field(
        default=None, description="own policy file, in the form of rules/policies/default.yaml"
    )
    several_people: int | None = Field(
        default=None, ge=2, description="from so many people on, medium becomes high; default: the policy's"
    )
    many_people: int | None = Field(
        default=None, ge=2, description="from so many people on, data counts as bulk; default: the policy's"
    )

    def settings(self, use: str = "shares") -> Policy:
        """The policy of one use; raises :class:`ConfigurationError` where its file cannot be used."""
        from rules.policy import load_policy
        from scanner.judgement.policy import policy_from

        try:
            written = load_policy(self.policy.name, self.policy.parent) if self.policy else load_policy()
            policy = policy_from(written, use)
        except OSError as error:
            reason = f"cannot be read ({(error.strerror or '').lower()})"
            raise ConfigurationError([Problem(str(self.policy), "", reason)]) from None
        except ValidationError as error:
            raise ConfigurationError(
                [
                    Problem(str(self.policy), ".".join(map(str, detail["loc"])), detail["msg"].lower())
                    for detail in error.errors(include_url=False)
                ]
            ) from None
        except (YAMLError, KeyError) as error:
            what = f"is no policy ({type(error).__name__}: {' '.join(str(error).split())})"
            raise ConfigurationError([Problem(str(self.policy), "", what)]) from None
        return replace(
            policy,
            several_people=self.several_people or policy.several_people,
            many_people=self.many_people or policy.many_people,
        )


class RulesSection(Section):
    """Rules beyond those that come with the program."""

    packs: tuple[AbsolutePath, ...] = Field(
        default=(), description="own rule packs: YAML files or folders of them"
    )
    disable: tuple[str, ...] = Field(
        default=(), description="ids of rules that are switched off; see `dlp rules list`"
    )
    allow: tuple[str, ...] = Field(
        default=(), description="values that are nobody's, such as your own test data: never reported"
    )
    presidio_recognisers: tuple[RecogniserName, ...] = Field(
        default=(), description="further Presidio recognisers, each as module:Class"
    )


class ReportsSection(Section):
    """What a scan writes when the command line does not say."""

    formats: tuple[Format, ...] = Field(default=("table",), min_length=1, description="report formats")
    findings_per_file: int = Field(
        default=100, ge=1, le=1_000, description="findings listed for each file; all are counted"
    )
    metrics_file: AbsolutePath | None = Field(
        default=None, description="file for Prometheus' textfile collector, rewritten while a scan runs"
    )


class StateSection(Section):
    """Where ledgers of past runs and the installation's key lie."""

    directory: AbsolutePath | None = Field(
        default=None, description="state directory; default: dlp in $XDG_STATE_HOME or ~/.local/state"
    )


class StorageSection(Section):
    """The database of what outlives a run (quarantine, audit, durable runs), and the key that seals it."""

    database: str = Field(
        default="",
        description="sqlite:////path/to/file, or postgresql://user@host/name; default: dlp.db in the state "
        "directory",
    )
    master_key: AbsolutePath | None = Field(
        default=None,
        description="file of the master key, away from the database's disk; default: dlp/master.key in "
        "$XDG_CONFIG_HOME or ~/.config",
    )

    def url(self, state: Path) -> str:
        """The database's URL; ``state`` is the state directory."""
        from scanner.store.database import default_database_url

        return self.database or default_database_url(state)


class LoggingSection(Section):
    """What is logged and where; logs never hold a value."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="least level logged"
    )
    file: AbsolutePath | None = Field(default=None, description="log file; default: standard error")


class Configuration(Section):
    """The whole file, as far as the scanner reads it; installed programs add sections of their own."""

    organisation: OrganisationSection = OrganisationSection()
    scan: ScanSection = ScanSection()
    manners: MannersSection = MannersSection()
    exposure: ExposureSection = ExposureSection()
    watch: WatchSection = WatchSection()
    alerts: AlertsSection = AlertsSection()
    distributed: DistributedSection = DistributedSection()
    limits: LimitsSection = LimitsSection()
    language: LanguageSection = LanguageSection()
    judgement: JudgementSection = JudgementSection()
    rules: RulesSection = RulesSection()
    reports: ReportsSection = ReportsSection()
    state: StateSection = StateSection()
    storage: StorageSection = StorageSection()
    logging: LoggingSection = LoggingSection()

    def section(self, kind: type[S]) -> S:
        """The section of a kind that an installed program declared; its defaults where none was read."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return next((value for value in values if type(value) is kind), None) or kind()

    def scanning(self) -> ScanSettings:
        """What a run over shares is told."""
        return replace(
            self.scan.settings(),
            windows=Windows.parse(self.manners.windows),
            pace=self.manners.pace(),
            files_at_once_per_share=self.manners.files_at_once_per_share,
            exposure=self.exposure.settings(),
        )

    def watching(self) -> WatchSettings:
        """What a watch is told."""
        return self.watch.settings(self.scanning(), self.alerts.settings())

    def detection(self) -> DetectionSettings:
        """What detection is told."""
        return DetectionSettings(
            organisation=self.organisation.settings(),
            packs=self.rules.packs,
            disabled=frozenset(self.rules.disable),
            allowed=frozenset(self.rules.allow),
            presidio_recognisers=self.rules.presidio_recognisers,
            language_model=self.language.model,
            full_text=self.language.mode == "full",
        )

    def inspection(self, key: bytes, *, show_values: bool = False, use: str = "shares") -> InspectionSettings:
        """What an inspector is told; ``key`` is the installation's (see :mod:`scanner.store.keys`).

        ``use`` (shares, mail) says how widely judgement looks; held mail is decided on by what stands around.
        """
        from scanner.inspection.settings import InspectionSettings

        return InspectionSettings(
            key=key,
            detection=self.detection(),
            limits=self.limits.settings(),
            policy=self.judgement.settings(use),
            show_values=show_values,
            findings_per_file=self.reports.findings_per_file,
            surroundings=use == "mail",
            records=use == "shares",
        )
