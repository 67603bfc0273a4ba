"""The one way out: whom the server never asks, and what it never takes."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.checks import checked
from server.look_ups import PER_SITE
from server.outbound import AT_ONCE_PER_HOST, Answer, Refused, fetch
from server.settings import Settings, SettingsError
from tests.outbound_server import Asked, Elsewhere, Reply, open_elsewhere

PUBLIC = "93.184.215.14"
FORBIDDEN = (
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.8", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "168.63.129.16", "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:93.184.215.14", "::127.0.0.1", "2002:7f00:1::", "2001::1", "2001:db8::1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001:10::1", "3fff::1", "192.88.99.1",
)  # fmt: skip
NEVER = ("169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "240.0.0.1", "::ffff:10.0.0.1", "168.63.129.16")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with open_elsewhere(tmp_path_factory.mktemp("elsewhere")) as place:
        yield place


@pytest.fixture(autouse=True)
def _forget(elsewhere: Elsewhere) -> None:
    elsewhere.asked.clear()
    elsewhere.answer = None


def ask(url: str, method: str = "GET", *, settings: dict[str, Any] | None = None, **more: Any) -> Answer:
    return asyncio.run(fetch(Settings(**(settings or {})), method, url, **more))


def at_home(place: Elsewhere) -> dict[str, Any]:
    return {"outbound_private": True, "outbound_ca": place.ca}


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[object]:
    """Every name now has these addresses; returns the look-ups that were made."""
    asked: list[object] = []

    def look_up(host: object, port: int, **_: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_address_is_asked_that_is_not_public(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Refused, match="not public"):
        ask(f"https://{host}/")
    names(monkeypatch, address)
    with pytest.raises(Refused, match="not public"):
        ask("https://device.example/")
    names(monkeypatch, PUBLIC, address)
    with pytest.raises(Refused, match="not public"):
        ask("https://device.example/")


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::ffff:7f00:1]"])
def test_other_spellings_of_this_machine_are_known(host: str) -> None:
    with pytest.raises(Refused, match="not public"):
        ask(f"https://{host}/")


@pytest.mark.parametrize("address", NEVER)
def test_even_at_home_there_are_addresses_that_nobody_asks(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, address)
    with pytest.raises(Refused, match="not public"):
        ask("https://device.example/", settings={"outbound_private": True})


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.215.14/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https:///nowhere",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://example.com\\@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://exämple.com/",
        "https://example.com/ ",
        "https://example.com/\r\nhost: a",
        "https://example.com/" + "x" * 2_048,
        "//example.com/",
        "",
    ],
)
def test_no_other_kind_of_url_is_asked(url: str) -> None:
    with pytest.raises(Refused, match="the URL"):
        ask(url)


def test_http_is_for_this_machine_alone_and_only_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_elsewhere(tmp_path, tls=False) as plain:
        assert ask(plain.origin, settings={"outbound_private": True}).status == 200
        with pytest.raises(Refused, match="https"):
            ask(plain.origin)
    names(monkeypatch, "192.168.1.1")
    with pytest.raises(Refused, match="https"):
        ask("http://device.example/", settings={"outbound_private": True})


def test_what_is_sent_and_what_comes_back(elsewhere: Elsewhere) -> None:
    elsewhere.answer = lambda _: (404, {"X-Said": "so"}, b"\x00gone")
    url = elsewhere.origin + "/a/b?c=d"
    answer = ask(url, "POST", settings=at_home(elsewhere), headers=[("Authorization", "Bearer x")], body=b"{}")
    assert (answer.status, answer.headers["x-said"], answer.body) == (404, "so", b"\x00gone")
    (asked,) = elsewhere.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/a/b?c=d", b"{}")
    assert asked.headers["authorization"] == "Bearer x"
    assert asked.headers["host"] == elsewhere.origin.removeprefix("https://")
    assert "cookie" not in asked.headers


def test_the_connection_goes_to_the_address_that_was_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_elsewhere(tmp_path, name="device.example") as place:
        asked = names(monkeypatch, "127.0.0.1")
        url = f"https://device.example:{place.port}/"
        assert ask(url, settings=at_home(place)).status == 200
        assert asked == ["device.example"], "one look-up, whose result is used"
        assert place.asked[0].headers["host"] == f"device.example:{place.port}"


def test_a_certificate_for_another_name_or_of_an_unknown_authority_is_refused(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="TLS"):
        ask(elsewhere.origin, settings={"outbound_private": True})
    names(monkeypatch, "127.0.0.1")
    with pytest.raises(Refused, match="TLS"):
        ask(f"https://device.example:{elsewhere.port}/", settings=at_home(elsewhere))
    assert elsewhere.asked == []


def test_a_redirect_is_not_followed(elsewhere: Elsewhere) -> None:
    elsewhere.answer = lambda _: (307, {"location": elsewhere.origin + "/inner"}, b"")
    with pytest.raises(Refused, match="redirect"):
        ask(elsewhere.origin, settings=at_home(elsewhere))
    assert [asked.path for asked in elsewhere.asked] == ["/"]


def test_too_much_is_not_read(elsewhere: Elsewhere) -> None:
    elsewhere.answer = lambda _: (200, {}, b"x" * 1_001)
    with pytest.raises(Refused, match="larger than 1000 bytes"):
        ask(elsewhere.origin, settings=at_home(elsewhere), limit=1_000)
    assert len(ask(elsewhere.origin, settings=at_home(elsewhere), limit=1_001).body) == 1_001


def test_whoever_is_slow_is_left(elsewhere: Elsewhere) -> None:
    gate = threading.Event()

    def late(_: Asked) -> Reply:
        gate.wait(20)
        return 200, {}, b""

    elsewhere.answer = late
    try:
        with pytest.raises(Refused, match="longer than"):
            ask(elsewhere.origin, settings=at_home(elsewhere), within=0.2)
    finally:
        gate.set()


def test_a_slow_name_server_is_left_too(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def look_up(*_: object, **__: object) -> list[Any]:
        gate.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        with pytest.raises(Refused, match="longer"):
            ask("https://device.example/", within=0.2)
    finally:
        gate.set()


def test_a_name_server_that_never_answers_holds_up_its_own_names_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever registers clients names forty hosts under it; the look-ups go on long after we have left."""
    gate, asked = threading.Event(), list[str]()

    def look_up(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        assert host == "good.example" or gate.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    async def story(port: int) -> None:
        async def status(name: str, within: float = 20.0) -> int:
            return (await fetch(settings, "GET", f"http://{name}:{port}/", within=within)).status

        settings = Settings(outbound_private=True)
        for _ in range(3):
            with pytest.raises(Refused, match="longer"):
                await status("same.hole.example", within=0.05)
        assert asked == ["same.hole.example"], "a name that is still looked up is not looked up once more"
        holes = [asyncio.create_task(status(f"n{number}.hole.example")) for number in range(40)]
        assert await status("good.example") == 200, "while all forty wait"
        for hole in holes:
            hole.cancel()
        await asyncio.gather(*holes, return_exceptions=True)
        assert await status("good.example") == 200, "and when they have left"
        assert len(set(asked) - {"good.example"}) <= PER_SITE
        gate.set()
        assert await status("same.hole.example") == 200, "it answers again: nothing is held for good"
        assert await status("other.hole.example") == 200

    with open_elsewhere(tmp_path, tls=False) as plain:
        try:
            asyncio.run(story(plain.port))
        finally:
            gate.set()


def test_what_is_not_http_and_what_does_not_answer_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Refused, match="nothing answers"):
        ask(f"http://127.0.0.1:{port}/", settings={"outbound_private": True})

    async def babble() -> None:
        async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example ESMTP\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(say, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await fetch(Settings(outbound_private=True), "GET", f"http://127.0.0.1:{port}/")

    with pytest.raises(Refused, match="the connection broke"):
        asyncio.run(babble())


def test_one_host_is_asked_a_few_things_at_once(elsewhere: Elsewhere) -> None:
    lock, now, most = threading.Lock(), 0, 0
    gate = threading.Semaphore(0)

    def count(_: Asked) -> Reply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now == AT_ONCE_PER_HOST:
                gate.release(12)
        gate.acquire(timeout=20)
        with lock:
            now -= 1
        return 200, {}, b""

    elsewhere.answer = count

    async def all_of_them() -> list[Answer]:
        settings = Settings(**at_home(elsewhere))
        return await asyncio.gather(*(fetch(settings, "GET", elsewhere.origin, within=20) for _ in range(12)))

    assert len(asyncio.run(all_of_them())) == 12
    assert most == AT_ONCE_PER_HOST


def test_a_file_of_authorities_that_is_not_there_is_refused_at_start() -> None:
    with pytest.raises(SettingsError, match="outbound_ca"):
        checked(Settings(outbound_ca="nowhere.pem"))
