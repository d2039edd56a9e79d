"""The arguments of MAIL and RCPT: a strict grammar that keeps every address exactly as it was written.

Refused are source routes, comments, address literals and local parts that route
(``user%elsewhere.example@here``): an address that reads differently for us and for the next hop is an
address that was not judged (``mail_filtering`` section 4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

from smtp_filter.delivery.reply import Reply
from smtp_filter.message import Recipient

ADDRESS_CHARACTERS = 510
"""Longer than RFC 5321 allows (64 + 255): rewritten sender addresses (SRS, VERP) are longer in real life."""

_PATH = re.compile(r' *(?P<open><)(?P<address>(?:"(?:[^"\\]|\\.)*"@)?[^<>" ]*)>(?P<rest>.*)', re.DOTALL)
_QUOTED = re.compile(r'"(?P<text>(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*)"@')
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]"
_DOT_ATOM = re.compile(rf"(?P<text>{_ATEXT}+(?:\.{_ATEXT}+)*)@")
_LABEL = re.compile(r"[A-Za-z0-9_\x80-\U0010ffff-]{1,63}")
_PARAMETER = re.compile(r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>[!-<>-~\x80-\U0010ffff]+))?")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
_ORCPT = re.compile(r"[A-Za-z0-9-]+;(?:[!-*,-<>-~\x80-\U0010ffff]|\+[0-9A-F]{2})+")
_ROUTED = re.compile(r"[%@][^%@]*\.|\.[^.!]*!")

_Parsed = TypeVar("_Parsed")

SYNTAX_MAIL = Reply(501, "5.5.4 Syntax: MAIL FROM:<address> [parameters]")
SYNTAX_RCPT = Reply(501, "5.5.4 Syntax: RCPT TO:<address> [parameters]")
BAD_SENDER = Reply(553, "5.1.7 Sender address not understood")
BAD_RECIPIENT = Reply(553, "5.1.3 Recipient address not understood")
BAD_PARAMETER = Reply(501, "5.5.4 Parameter not understood")
UNKNOWN_PARAMETER = Reply(555, "5.5.4 Parameter not supported")
NEEDS_SMTPUTF8 = Reply(553, "5.6.7 Address is not ASCII and SMTPUTF8 was not asked for")
NO_SMTPUTF8 = Reply(555, "5.6.7 SMTPUTF8 not supported")


@dataclass(frozen=True, slots=True)
class MailCommand:
    """What MAIL said; ``sender`` is empty for ``<>``, ``size`` is in bytes and 0 where none was given."""

    sender: str
    size: int = 0
    body: str = ""
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""


def parse_mail(argument: str, smtputf8_offered: bool) -> MailCommand | Reply:
    """Read what stands behind ``MAIL``; a ``Reply`` is a refusal."""
    split = _split(argument, "FROM:")
    if split is None:
        return SYNTAX_MAIL
    address, parameters = split
    if parameters is None:
        return BAD_PARAMETER
    if address and not _is_address(address, recipient=False):
        return BAD_SENDER
    known = {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID"}
    if parameters.keys() - known:
        return UNKNOWN_PARAMETER
    size, body = parameters.get("SIZE", "0"), parameters.get("BODY", "").upper()
    ret, envid = parameters.get("RET", ""), parameters.get("ENVID", "")
    if (
        not (size.isascii() and size.isdigit() and len(size) <= 20)
        or ("BODY" in parameters and body not in ("7BIT", "8BITMIME"))
        or parameters.get("SMTPUTF8", "") != ""
        or ("RET" in parameters and ret.upper() not in ("FULL", "HDRS"))
        or ("ENVID" in parameters and not (len(envid) <= 100 and _XTEXT.fullmatch(envid)))
    ):
        return BAD_PARAMETER
    smtputf8 = "SMTPUTF8" in parameters
    if smtputf8 and not smtputf8_offered:
        return NO_SMTPUTF8
    if not address.isascii() and not smtputf8:
        return NEEDS_SMTPUTF8
    return MailCommand(address, int(size), body, smtputf8, ret, envid)


def parse_rcpt(argument: str, smtputf8: bool) -> Recipient | Reply:
    """Read what stands behind ``RCPT``; a ``Reply`` is a refusal.  ``smtputf8`` is what MAIL asked for."""
    split = _split(argument, "TO:")
    if split is None:
        return SYNTAX_RCPT
    address, parameters = split
    if parameters is None:
        return BAD_PARAMETER
    if not _is_address(address, recipient=True):
        return BAD_RECIPIENT
    if parameters.keys() - {"NOTIFY", "ORCPT"}:
        return UNKNOWN_PARAMETER
    notify, orcpt = parameters.get("NOTIFY", ""), parameters.get("ORCPT", "")
    if ("NOTIFY" in parameters and not _is_notify(notify)) or (
        "ORCPT" in parameters and not (len(orcpt) <= 500 and _ORCPT.fullmatch(orcpt))
    ):
        return BAD_PARAMETER
    if not (address.isascii() and orcpt.isascii()) and not smtputf8:
        return NEEDS_SMTPUTF8
    return Recipient(address, notify, orcpt)


def _split(argument: str, keyword: str) -> tuple[str, dict[str, str] | None] | None:
    """Address without brackets, and the parameters (``None`` where they are malformed or given twice)."""
    if argument[: len(keyword)].upper() != keyword:
        return None
    match = _PATH.fullmatch(argument[len(keyword) :])
    if match is None:
        return None
    rest, parameters = match["rest"], {}
    if rest.strip(" ") and not rest.startswith(" "):
        return match["address"], None
    for word in rest.split():
        parameter = _PARAMETER.fullmatch(word)
        if parameter is None or parameter["keyword"].upper() in parameters:
            return match["address"], None
        parameters[parameter["keyword"].upper()] = parameter["value"] or ""
    return match["address"], parameters


def _is_address(address: str, recipient: bool) -> bool:
    if len(address) > ADDRESS_CHARACTERS:
        return False
    local = _QUOTED.match(address) or _DOT_ATOM.match(address)
    if local is None or (recipient and _ROUTED.search(local["text"])):
        return False
    domain = address[local.end() :]
    if len(domain) > 255:
        return False
    return all(
        _LABEL.fullmatch(label) and label[0] != "-" and label[-1] != "-" for label in domain.split(".")
    )


def _is_notify(value: str) -> bool:
    words = value.upper().split(",")
    return words == ["NEVER"] or (
        len(set(words)) == len(words) and set(words) <= {"SUCCESS", "FAILURE", "DELAY"}
    )
