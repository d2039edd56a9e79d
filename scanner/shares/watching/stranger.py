"""A stranger on the web: asks a server for a file without any credential, and says whether it was given.

What comes is the file where it is as long as the file, or is no page: a server may send its sign-in, or its
regrets that there is nothing, as if all were well.
"""

from __future__ import annotations

import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import IO, Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

# A web server that does not answer, or answers one byte at a time, must not hold up the alerts.
_SECONDS_OF_SILENCE = 5.0
_SECONDS_IN_ALL = 15.0
# Of what comes without its length, so much is counted.
_COUNTED = 1_000_000
_PAGE = 200_000
_REDIRECTS = 5
_PAGES = ("text/html", "application/xhtml+xml", "application/json")

_Answer = tuple[bool | None, str]
T = TypeVar("T")


class _SameSite(urllib.request.HTTPRedirectHandler):
    """Follows to the same site, such as from http to https; elsewhere is mostly where one signs in."""

    max_redirections = _REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        there = urlsplit(newurl)
        if there.scheme not in ("http", "https") or _site(newurl) != _site(req.full_url):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Stranger:
    """Has no proxy, no cookie, no password: is given what the world is given."""

    def __init__(self) -> None:
        # A certificate that is not to be believed keeps nobody from the file.
        anybody = ssl.create_default_context()
        anybody.check_hostname = False
        anybody.verify_mode = ssl.CERT_NONE
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _SameSite, urllib.request.HTTPSHandler(context=anybody)
        )
        self._busy: threading.Thread | None = None

    def given(self, url: str, size: int) -> _Answer:
        """Whether a file of ``size`` bytes is given; ``None`` where the server did not say, and why."""
        late: _Answer = None, "no answer in time"
        return self._in_time(lambda: self._given(url, size), late)

    def listed(self, url: str) -> bool:
        """Whether the page of the file's folder names it."""
        return self._in_time(lambda: self._listed(url), False)

    def _given(self, url: str, size: int) -> _Answer:
        try:
            with self._open(url, {"Range": "bytes=0-0"}) as answer:
                if answer.status not in (200, 206):
                    return False, ""
                kind = str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
                return kind not in _PAGES or _length(answer) == size, ""
        except urllib.error.HTTPError as error:
            error.close()
            # Ill, or tired of us: that says nothing of the file.
            return (
                (None, f"it answers {error.code}") if error.code >= 500 or error.code == 429 else (False, "")
            )
        except urllib.error.URLError as error:
            reason = error.reason
            return None, getattr(reason, "strerror", None) or type(reason).__name__
        except (OSError, HTTPException, ValueError) as error:
            return None, type(error).__name__

    def _listed(self, url: str) -> bool:
        folder, _, name = url.rpartition("/")
        try:
            with self._open(f"{folder}/", {}) as answer:
                page = answer.read(_PAGE) if answer.status == 200 else b""
        except (OSError, HTTPException, ValueError):
            return False
        plain = unquote(name)
        return any(form.encode() in page for form in {name, plain, quote(plain)})

    def _open(self, url: str, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked with the configuration
            url, headers={"User-Agent": "dlp-watch", **headers}
        )
        return self._opener.open(request, timeout=_SECONDS_OF_SILENCE)

    def _in_time(self, ask: Callable[[], T], otherwise: T) -> T:
        """What comes in time.  A server that goes on and on is left, and not asked more until it ends."""
        if self._busy is not None and self._busy.is_alive():
            return otherwise
        answers: list[T] = []
        self._busy = threading.Thread(target=lambda: answers.append(ask()), daemon=True)
        self._busy.start()
        self._busy.join(_SECONDS_IN_ALL)
        return answers[0] if answers else otherwise


def _length(answer: Any) -> int:
    """How long what is given is as a whole, -1 where that cannot be told."""
    total = str(answer.headers.get("Content-Range", "")).rpartition("/")[2]
    if answer.status == 206 and total.isdigit():
        return int(total)
    length = str(answer.headers.get("Content-Length", ""))
    if answer.status == 200 and length.isdigit():
        return int(length)
    found = len(answer.read(_COUNTED + 1))
    return found if found <= _COUNTED else -1


def _site(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
