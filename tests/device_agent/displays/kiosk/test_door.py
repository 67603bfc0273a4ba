"""The TV's page is for this TV alone: not for other machines, other pages, other users, or whoever guesses."""

import http.client
import io
import json
import os
import socket
import stat
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from device_agent.displays.kiosk.door import MOST_AT_ONCE
from device_agent.displays.kiosk.screen import Kiosk
from device_agent.displays.port import Look
from device_agent.exits import Failure
from tests.device_agent.displays.kiosk.conftest import MakeKiosk
from tests.device_agent.displays.test_terminal import CODE
from tests.waiting import wait_until


def ask(
    kiosk: Kiosk, method: str = "GET", path: str | None = None, host: str | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One request; `path` is under the secret, or from the root when it begins with a slash."""
    parts = urlsplit(kiosk.url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=5)
    try:
        target = parts.path + (path or "") if not (path or "").startswith("/") else str(path)
        connection.putrequest(method, target, skip_host=True)
        for name, value in {"Host": host or parts.netloc, **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_the_page_has_everything_without_a_script(kiosk: Kiosk) -> None:
    kiosk.show("waiting", **CODE)
    status, headers, body = ask(kiosk)
    page = body.decode()
    assert status == 200
    assert "WDJB" in page
    assert "tv.example.com/device" in page
    assert "<noscript><form" in page
    assert 'lang="en" dir="ltr"' in page
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "style=" not in page
    assert "onclick" not in page


@pytest.mark.parametrize(
    "host", ["tv.example.com", "127.0.0.1", "127.0.0.1:1", "evil.example:{port}", "0.0.0.0:{port}", "[::1]:{port}", ""]
)
def test_a_foreign_name_that_leads_here_finds_nothing(kiosk: Kiosk, host: str) -> None:
    kiosk.show("waiting", **CODE)
    port = urlsplit(kiosk.url).port
    status, _, body = ask(kiosk, host=host.format(port=port) or " ")
    assert status == 404
    assert b"WDJB" not in body
    assert ask(kiosk, host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize("path", ["/", "/events", "/x/", "/x/events", "/style.css", "//", "/?token=", "/..%2f/"])
def test_who_does_not_know_the_secret_finds_nothing(kiosk: Kiosk, path: str) -> None:
    kiosk.show("waiting", **CODE)
    status, _, body = ask(kiosk, path=path)
    assert status == 404
    assert b"WDJB" not in body


@pytest.mark.parametrize("path", ["../door.py", "door.py", "..%2fdoor.py", "style.css/", "again", "nothing"])
def test_there_is_nothing_but_the_page_and_its_files(kiosk: Kiosk, path: str) -> None:
    assert ask(kiosk, path=path)[0] == 404
    assert ask(kiosk, path="style.css")[0] == ask(kiosk, path="script.js")[0] == 200


def test_each_start_has_a_secret_of_its_own(make_kiosk: MakeKiosk) -> None:
    one, other = urlsplit(make_kiosk().url).path, urlsplit(make_kiosk().url).path
    assert one != other
    assert len(one) >= 24


def test_only_the_page_itself_may_press_the_button(kiosk: Kiosk) -> None:
    kiosk.show("denied")
    own = kiosk.url.rpartition("/")[0].rpartition("/")[0]
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Origin": own},
    ):
        assert ask(kiosk, "POST", "again", **headers)[0] == 403
    assert not pressed(kiosk)
    assert ask(kiosk, "POST", "again", Sec_Fetch_Site="same-origin", Origin=own)[0] == 303
    assert pressed(kiosk)


def test_the_button_counts_only_where_there_is_one(kiosk: Kiosk) -> None:
    kiosk.show("waiting", **CODE)
    ask(kiosk, "POST", "again")
    assert not pressed(kiosk)
    kiosk.show("expired", action="")
    ask(kiosk, "POST", "again")
    ask(kiosk, "POST", "again")
    kiosk.show("denied")
    assert not pressed(kiosk), "what was pressed for the state before is forgotten"


def test_a_body_is_not_taken(kiosk: Kiosk) -> None:
    kiosk.show("denied")
    assert ask(kiosk, "POST", "again", Content_Length="5")[0] == 404
    assert ask(kiosk, "PUT")[0] == 501


def test_states_are_pushed_once_each(kiosk: Kiosk) -> None:
    events = io.BytesIO()
    parts = urlsplit(kiosk.url)
    with socket.create_connection(("127.0.0.1", parts.port or 0), 5) as listener:
        listener.sendall(f"GET {parts.path}events HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())

        def states() -> list[str]:
            data = [line[6:] for line in events.getvalue().decode().splitlines() if line.startswith("data: ")]
            return [json.loads(line)["state"] for line in data]

        def read() -> None:
            while block := listener.recv(65_536):
                events.write(block)

        reading = threading.Thread(target=read)
        reading.start()
        wait_until(lambda: states() == ["connecting"])
        kiosk.show("waiting", **CODE)
        wait_until(lambda: states()[1:] == ["waiting"])
        kiosk.show("waiting", **CODE)
        kiosk.show("phone_connected", **CODE, match="47")
        wait_until(lambda: states()[2:] == ["phone_connected"])
        kiosk.show("signed_in", who="Ana")
        kiosk.close()
        reading.join(5)
        assert states()[3:] == ["signed_in"]


def test_nobody_takes_all_the_places_for_ever(kiosk: Kiosk) -> None:
    parts = urlsplit(kiosk.url)
    crowd = [socket.create_connection(("127.0.0.1", parts.port or 0), 5) for _ in range(MOST_AT_ONCE + 4)]
    try:
        assert crowd[-1].recv(1) == b"", "let go, not left waiting"
    finally:
        for each in crowd:
            each.close()
    wait_until(lambda: is_answered(kiosk))


def test_a_file_of_this_user_alone_leads_a_browser_there(kiosk: Kiosk, tmp_path: Path) -> None:
    path = tmp_path / "kiosk.html"
    assert kiosk.url in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kiosk.close()
    assert not path.exists()


def test_a_browser_is_opened_without_the_secret_among_its_arguments_and_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "chromium"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/said.new\nmv {tmp_path}/said.new {tmp_path}/said\nexec sleep 60\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    monkeypatch.setattr("device_agent.displays.kiosk.screen.READ_FOR", 0)
    kiosk = Kiosk(Look(io.StringIO(), io.StringIO(), {}, state_dir=str(tmp_path), is_browser_opened=True))
    wait_until((tmp_path / "said").exists)
    said = (tmp_path / "said").read_text()
    assert said.startswith("--kiosk")
    assert (tmp_path / "kiosk.html").as_uri() in said
    assert urlsplit(kiosk.url).path.strip("/") not in said
    kiosk.close()
    assert not kiosk.has_browser


def test_a_missing_browser_is_said_and_not_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    stream = io.StringIO()
    kiosk = Kiosk(Look(stream, io.StringIO(), {}, state_dir=str(tmp_path), is_browser_opened=True))
    kiosk.close()
    assert kiosk.url in stream.getvalue()
    assert "There is no Chromium here." in stream.getvalue()


def test_programs_are_told_the_address_as_an_event(make_kiosk: MakeKiosk) -> None:
    out = io.StringIO()
    kiosk = Kiosk(Look(io.StringIO(), out, {}, is_json=True))
    kiosk.close()
    assert json.loads(out.getvalue()) == {"event": "kiosk", "url": kiosk.url}


@pytest.mark.parametrize("argument", ["x", "-1", "65536", "80:80"])
def test_a_port_that_is_none_is_refused(make_kiosk: MakeKiosk, argument: str) -> None:
    with pytest.raises(Failure, match="names no port"):
        make_kiosk(argument)


def test_a_port_that_is_taken_is_named(make_kiosk: MakeKiosk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(Failure, match=f"port {port} cannot be used"):
            make_kiosk(port)


def pressed(kiosk: Kiosk) -> bool:
    try:
        return os.read(kiosk.again, 10) != b""
    except BlockingIOError:
        return False


def is_answered(kiosk: Kiosk) -> bool:
    try:
        return ask(kiosk)[0] == 200
    except (OSError, http.client.HTTPException):
        return False
