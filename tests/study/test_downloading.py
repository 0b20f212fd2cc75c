"""Downloads from a local server that does what the API's documentation says, and what servers do besides."""

import io
import json
import os
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from vignetta.errors import StudyError
from vignetta.study.api import ATTEMPTS, BASE, TOKEN, Account, Api
from vignetta.study.downloading import NOTES, download

SECRET = "a-token-that-must-stay-secret"
SURVEY = "SV_0abcDEF123"
CSV = "StartDate,Q1\n" + "2026-01-31 09:30:00,é\n" * 20_000
ROOT = f"/API/v3/surveys/{SURVEY}/export-responses"


def zipped(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, text in members.items():
            packed.writestr(name, text)
    return stream.getvalue()


@dataclass
class Qualtrics:
    """The server: `plan` has, for a request such as `GET progress`, what happens the next times before all is well."""

    content: bytes = field(default_factory=lambda: zipped(**{"My survey.csv": CSV}))
    polls: int = 2
    plan: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    ranges: bool = True
    base: str = ""

    @property
    def requests(self) -> list[str]:
        return [each for each, _, _ in self.asked]

    def answer(self, handler: BaseHTTPRequestHandler, what: str, body: Any) -> None:
        self.asked.append((what, dict(handler.headers), body))
        planned = self.plan.get(what, [])
        step = planned.pop(0) if planned else None
        if step is not None:
            step(handler)
        elif handler.headers.get("X-API-TOKEN") != SECRET:
            refused(401, "Unrecognized X-API-TOKEN.")(handler)
        elif what == "POST":
            send(handler, {"progressId": "ES_1", "percentComplete": 0.0, "status": "inProgress"})
        elif what == "GET progress":
            self.polls -= 1
            done = self.polls < 0
            result = {"percentComplete": 100.0 if done else 40.0, "status": "complete" if done else "inProgress"}
            send(handler, result | ({"fileId": "1dc4c492-fbb6-4713-a7ba-bae9b988a965-def"} if done else {}))
        else:
            self.file(handler)

    def file(self, handler: BaseHTTPRequestHandler, *, most: int | None = None) -> None:
        start = int((handler.headers.get("Range") or "bytes=0-")[6:-1]) if self.ranges else 0
        part = self.content[start:]
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(part)))
        handler.end_headers()
        handler.wfile.write(part[:most])


def send(handler: BaseHTTPRequestHandler, result: Any, code: int = 200, **headers: str) -> None:
    content = json.dumps({"result": result, "meta": {"httpStatus": "200 - OK"}}).encode()
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def refused(code: int, message: str = "No.", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def step(handler: BaseHTTPRequestHandler) -> None:
        content = json.dumps({"meta": {"error": {"errorMessage": message}}}).encode()
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return step


@pytest.fixture
def server() -> Iterator[Qualtrics]:
    made = Qualtrics()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            what = "file" if self.path.endswith("/file") else "progress"
            assert self.path.startswith(ROOT + "/")
            made.answer(self, f"GET {what}", None)

        def do_POST(self) -> None:
            assert self.path == ROOT
            made.answer(self, "POST", json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.base = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    running.shutdown()
    running.server_close()
    thread.join()


@dataclass
class Clock:
    waits: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


def api(server: Qualtrics, clock: Clock | None = None, *, token: str = SECRET, limit: float = 3600) -> Api:
    return Api(Account.of({TOKEN: token, BASE: server.base}), wait=clock or Clock(), limit=limit)


def test_an_export_is_started_waited_for_and_saved(server: Qualtrics, tmp_path: Path) -> None:
    clock, told = Clock(), list[float]()
    target = download(SURVEY, tmp_path / "raw/export.csv", api(server, clock), tell=told.append)
    assert target.read_text("utf-8") == CSV
    assert server.requests == ["POST", *["GET progress"] * 3, "GET file"]
    assert clock.waits == [1.0, 1.5] and told == [40, 40, 100]
    _, headers, body = server.asked[0]
    assert headers["X-Api-Token"] == SECRET and headers["Content-Type"] == "application/json"
    assert body == {
        "format": "csv",
        "compress": True,
        "useLabels": False,
        "includeDisplayOrder": True,
        "timeZone": "UTC",
    }
    assert [each.name for each in (tmp_path / "raw").iterdir()] == ["export.csv"]


@pytest.mark.parametrize(("ending", "form"), [("sav", "spss"), ("ndjson", "ndjson"), ("zip", "csv"), ("tsv", "tsv")])
def test_the_ending_says_the_format(server: Qualtrics, tmp_path: Path, ending: str, form: str) -> None:
    target = download(SURVEY, tmp_path / f"export.{ending}", api(server), labels=True)
    assert server.asked[0][2]["format"] == form
    assert server.asked[0][2].get("useLabels") == (True if form in ("csv", "tsv") else None)
    assert target.read_bytes() == (server.content if ending == "zip" else CSV.encode())


def test_too_many_requests_wait_as_long_as_the_server_asks(server: Qualtrics, tmp_path: Path) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    server.plan = {"POST": [refused(429, Retry_After="7")], "GET file": [refused(429, Retry_After=later), refused(503)]}
    server.polls = 0
    clock = Clock()
    assert download(SURVEY, tmp_path / "export.csv", api(server, clock)).read_text() == CSV
    assert clock.waits[0] == 7.0 and 60 < clock.waits[1] <= 90 and clock.waits[2] == 2.0


def test_failures_that_pass_are_tried_again_ever_more_slowly(server: Qualtrics, tmp_path: Path) -> None:
    server.plan = {
        "GET progress": [refused(500), refused(502), refused(504), lambda handler: handler.connection.close()]
    }
    server.polls = 0
    clock = Clock()
    assert download(SURVEY, tmp_path / "export.csv", api(server, clock)).read_text() == CSV
    assert clock.waits == [1, 2, 4, 8]


def test_what_fails_for_good_is_given_up_and_told(server: Qualtrics, tmp_path: Path) -> None:
    server.plan = {"POST": [refused(503, "Down.")] * ATTEMPTS}
    with pytest.raises(StudyError, match=rf"the server answered 503: Down\., {ATTEMPTS} times"):
        download(SURVEY, tmp_path / "export.csv", api(server))
    server.plan = {"POST": [refused(429, Retry_After="4000")]}
    with pytest.raises(StudyError, match="after 0 seconds of waiting this was given up"):
        download(SURVEY, tmp_path / "export.csv", api(server))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_breaks_off_goes_on(server: Qualtrics, tmp_path: Path, ranges: bool) -> None:
    server.ranges, half = ranges, len(server.content) // 2

    def broken(handler: BaseHTTPRequestHandler) -> None:
        server.file(handler, most=half)
        handler.connection.close()

    server.plan = {"GET file": [broken]}
    assert download(SURVEY, tmp_path / "export.csv", api(server)).read_text() == CSV
    assert server.requests.count("POST") == 1 and server.requests.count("GET file") == 2
    assert server.asked[-1][1]["Range"] == f"bytes={half}-"


def test_a_second_attempt_goes_on_with_the_export_that_was_begun(server: Qualtrics, tmp_path: Path) -> None:
    server.polls = 1000
    with pytest.raises(StudyError, match="the export is not ready yet; after"):
        download(SURVEY, tmp_path / "export.csv", api(server, limit=60))
    notes = tmp_path / f"export.csv{NOTES}"
    assert json.loads(notes.read_text())["progress"] == "ES_1" and SECRET not in notes.read_text()
    server.polls = 0
    download(SURVEY, tmp_path / "export.csv", api(server))
    assert server.requests.count("POST") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["export.csv"]


def test_notes_of_an_export_that_is_gone_or_of_another_kind_are_not_used(server: Qualtrics, tmp_path: Path) -> None:
    for labels, first in ((False, [refused(404)]), (True, [])):
        target = tmp_path / f"{labels}.csv"
        asked = {"format": "csv", "compress": True, "useLabels": False, "includeDisplayOrder": True, "timeZone": "UTC"}
        notes = {"survey": SURVEY, "asked": asked, "progress": "ES_old"}
        target.with_name(target.name + NOTES).write_text(json.dumps(notes))
        server.plan, server.polls = {"GET progress": first}, 0
        assert download(SURVEY, target, api(server), labels=labels).read_text() == CSV
    assert server.requests.count("POST") == 2


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"POST": [refused(404, "Survey not found")]}, "there is no survey `SV_0abcDEF123` that this account may see"),
        ({"POST": [refused(400, "Bad timeZone")]}, r"the request was refused \(400: Bad timeZone\)"),
        ({"POST": [refused(302, Location="http://127.0.0.1:1/stolen")]}, r"sends requests elsewhere \(302\)"),
        ({"POST": [lambda handler: send(handler, {})]}, "its answer has no `progressId`"),
        ({"POST": [lambda handler: send(handler, {"progressId": "../../../x"})]}, "its answer has no `progressId`"),
        ({"GET progress": [lambda handler: send(handler, {"status": "failed"})]}, "it could not make the export"),
        ({"GET progress": [lambda handler: send(handler, {"status": "odd"})]}, "in the unknown state `odd`"),
        ({"GET file": [refused(404)]}, "the export that was made is there no longer"),
    ],
)
def test_what_is_no_use_to_try_again_is_told(server: Qualtrics, tmp_path: Path, plan: Any, told: str) -> None:
    server.plan = plan
    with pytest.raises(StudyError, match=told):
        download(SURVEY, tmp_path / "export.csv", api(server))
    assert not (tmp_path / "export.csv").exists()


@pytest.mark.parametrize("content", [b"<html>no zip</html>", zipped(a="1", b="2"), zipped(), zipped(a="x" * 999)[:-40]])
def test_what_is_no_zip_with_one_export_is_told(server: Qualtrics, tmp_path: Path, content: bytes) -> None:
    server.content = content
    with pytest.raises(StudyError, match="not a zip with one whole export"):
        download(SURVEY, tmp_path / "export.csv", api(server))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_never_replaced(server: Qualtrics, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("raw")
    with pytest.raises(StudyError, match="the file exists already"):
        download(SURVEY, tmp_path / "export.csv", api(server))
    assert (tmp_path / "export.csv").read_text() == "raw" and server.asked == []


def test_the_survey_and_the_format_are_checked_first(server: Qualtrics, tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        download("SV_1/../../whoami", tmp_path / "export.xlsx", api(server))
    assert len(caught.value.problems) == 2 and server.asked == []


# ------------------------------------------------------------------------------------------------ the token


def test_a_token_that_is_refused_is_told_without_it(server: Qualtrics, tmp_path: Path) -> None:
    server.plan = {"POST": [refused(401, f"Unrecognized token {SECRET}")]}
    with pytest.raises(StudyError, match=r"access was refused \(401: Unrecognized token \*\*\*\)") as caught:
        download(SURVEY, tmp_path / "export.csv", api(server))
    assert SECRET not in str(caught.value) + repr(api(server))


@pytest.mark.parametrize(
    ("base", "good"),
    [
        ("fra1.qualtrics.com", True),
        ("https://fra1.qualtrics.com/", True),
        ("http://fra1.qualtrics.com", False),
        ("ftp://fra1.qualtrics.com", False),
        ("fra1.qualtrics.com@elsewhere.org/x", False),
        ("", False),
    ],
)
def test_the_token_is_sent_by_https_alone(base: str, good: bool) -> None:
    if good:
        assert Account.of({TOKEN: SECRET, BASE: base}).base == "https://fra1.qualtrics.com"
        return
    with pytest.raises(StudyError, match=BASE) as caught:
        Account.of({BASE: base})
    assert len(caught.value.problems) == 2


def test_a_server_that_does_not_exist_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    waits: list[float] = []
    account = Account.of({TOKEN: SECRET, BASE: "fra9.qualtrics.example"})
    with pytest.raises(StudyError, match="there is no server `https://fra9.qualtrics.example`"):
        download(SURVEY, tmp_path / "export.csv", Api(account, wait=waits.append))
    assert waits == []


def test_the_command_saves_below_the_study_and_writes_the_token_nowhere(server: Qualtrics, tmp_path: Path) -> None:
    (tmp_path / "design").mkdir()
    (tmp_path / "design/study.yaml").write_text("name: small\n")
    environment = {**os.environ, TOKEN: SECRET, BASE: server.base}
    command = [sys.executable, "-m", "vignetta", "download", SURVEY, "--study", str(tmp_path)]
    server.polls = 0
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"data/raw/{SURVEY}.csv").read_text() == CSV
    again = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert again.returncode == 1 and "the file exists already" in again.stderr
    written = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    assert not [each for each in written if SECRET.encode() in each]
    assert SECRET not in done.stdout + done.stderr + again.stderr
