"""Requests to Qualtrics' API: what is tried again, what is waited for, what is given up; the token stays secret."""

import json
import re
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from typing import Any, Final

from vignetta.errors import Problem, StudyError

TOKEN: Final = "QUALTRICS_API_KEY"
BASE: Final = "QUALTRICS_BASE_URL"
ATTEMPTS: Final = 8
"""Of one request, before it is given up."""
_AGAIN: Final = (429, 500, 502, 503, 504)
"""Too many requests, and failures of the server that pass."""
_LONGEST: Final = 60.0
_SECONDS: Final = 60.0
"""Without an answer a request has failed."""
_LOCAL: Final = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::\d+)?")
_HOST: Final = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?")


@dataclass(frozen=True)
class Account:
    """Where the API is, and the token that opens it, which is in no message and no file."""

    base: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Account":
        """The account that environment variables name. Raises `StudyError` with all that is missing."""
        token, base = environment.get(TOKEN, "").strip(), environment.get(BASE, "").strip().rstrip("/")
        base = base if not base or "://" in base else f"https://{base}"
        problems = []
        if not token:
            remedy = "Set it to the token of Account Settings → Qualtrics IDs; it is written nowhere."
            problems.append(Problem(TOKEN, "the environment variable is not set.", remedy))
        if not re.fullmatch(rf"(?:{_HOST.pattern})|(?:{_LOCAL.pattern})", base):
            remedy = "Set it to your data center, such as `fra1.qualtrics.com`."
            problems.append(Problem(BASE, "the environment variable names no server that is reached by https.", remedy))
        if problems:
            raise StudyError(problems)
        return cls(base, token)


class _Refuse(urllib.request.HTTPRedirectHandler):
    """No redirection is followed: it would carry the token to another server."""

    def redirect_request(self, *args: Any, **options: Any) -> None:
        return None


class GoneError(Exception):
    """What was asked for does not exist, or no longer."""


@dataclass
class Api:
    """Requests of one account.

    Attributes
    ----------
    wait : what passes the time between attempts, in seconds.
    limit : seconds that all waiting may take together.
    """

    account: Account
    wait: Callable[[float], object] = time.sleep
    limit: float = 3600.0
    waited: float = 0.0

    def pause(self, seconds: float, why: str) -> None:
        """Wait. Raises `StudyError` when all waiting together would take too long."""
        if self.waited + seconds > self.limit:
            what = f"{why}; after {self.waited:.0f} seconds of waiting this was given up."
            raise StudyError(Problem("Qualtrics", what, "Run the command again: it goes on where it stopped."))
        self.waited += seconds
        self.wait(seconds)

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The `result` of an answer in JSON. A `body` makes it a POST."""
        try:
            with self.opened(path, body=body) as answer:
                result = json.loads(answer.read())["result"]
        except StudyError:
            raise
        except (ValueError, KeyError, TypeError, OSError, HTTPException):
            raise self._broken(path) from None
        if not isinstance(result, dict):
            raise self._broken(path)
        return result

    @contextmanager
    def opened(
        self, path: str, *, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[HTTPResponse]:
        """The answer to a request, tried again as often as it is worth it.

        Raises `GoneError` for what does not exist, `StudyError` for what trying again would not help.
        """
        answer = self._answer(path, body, headers or {})
        try:
            yield answer
        finally:
            answer.close()

    def _answer(self, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> HTTPResponse:
        opener = urllib.request.build_opener(_Refuse)
        why = ""
        for attempt in range(ATTEMPTS):
            try:
                found: HTTPResponse = opener.open(self._request(path, body, headers), timeout=_SECONDS)
                return found
            except urllib.error.HTTPError as error:
                with error:
                    why = self._refused(error)
                    seconds = _asked_to_wait(error.headers)
            except (OSError, HTTPException) as error:
                self._named(error)
                why, seconds = self.secret(f"the server was not reached ({type(error).__name__})"), None
            if attempt < ATTEMPTS - 1:
                self.pause(min(2.0**attempt, _LONGEST) if seconds is None else seconds, why)
        raise StudyError(Problem("Qualtrics", f"{why}, {ATTEMPTS} times.", "Try again later."))

    def _named(self, error: Exception) -> None:
        """Raise when the server's name is nobody's: trying again would not help."""
        reason = getattr(error, "reason", error)
        if isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_NONAME:
            what = f"there is no server `{self.account.base}`, or no connection to the internet."
            raise StudyError(Problem(BASE, what, "Set it to your data center, such as `fra1.qualtrics.com`.")) from None

    def _request(self, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> urllib.request.Request:
        own = {"X-API-TOKEN": self.account.token, **headers}
        data = None
        if body is not None:
            data, own["Content-Type"] = json.dumps(body).encode(), "application/json"
        return urllib.request.Request(f"{self.account.base}/API/v3/{path}", data=data, headers=own)

    def _refused(self, error: urllib.error.HTTPError) -> str:
        """Why a request was refused, where it may be tried again. Raises for all else."""
        said = self.secret(_told(error))
        if error.code in _AGAIN:
            return f"the server answered {error.code}{said}"
        if error.code in (404, 410):
            raise GoneError(said) from None
        if error.code in (401, 403):
            remedy = f"Check {TOKEN}, and that the account may use the API and see the survey."
            raise StudyError(Problem("Qualtrics", f"access was refused ({error.code}{said}).", remedy)) from None
        if 300 <= error.code < 400:
            what = f"the server sends requests elsewhere ({error.code})."
            remedy = f"Set {BASE} to the data center of your account; the token is not sent to another server."
            raise StudyError(Problem("Qualtrics", what, remedy)) from None
        raise StudyError(Problem("Qualtrics", f"the request was refused ({error.code}{said}).", "")) from None

    def _broken(self, path: str) -> StudyError:
        remedy = f"Check that {BASE} is the data center of your account."
        return StudyError(Problem("Qualtrics", f"the answer to `{path}` is not what its API gives.", remedy))

    def secret(self, text: str) -> str:
        """A text without the token."""
        return text.replace(self.account.token, "***")


def _told(error: urllib.error.HTTPError) -> str:
    """What the server says of the error, if anything."""
    try:
        message = json.loads(error.read())["meta"]["error"]["errorMessage"]
    except (ValueError, KeyError, TypeError, OSError, HTTPException):
        return ""
    return f": {message}"


def _asked_to_wait(headers: Message) -> float | None:
    """The seconds of `Retry-After`, which is a number or a date."""
    asked = (headers.get("Retry-After") or "").strip()
    if asked.isdigit():
        return float(asked)
    try:
        at = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
