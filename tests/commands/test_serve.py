"""`porchlight serve` as an operator starts and stops it."""

import shutil
import signal
import socket
import threading
from pathlib import Path

import pytest
import requests

from tests.certificate import certificate
from tests.commands.process import Porchlight, Served, told
from tests.journeys.test_mqtt_life import Paho
from tests.storage.places import fill, nobody_special, open_folder, small_disk
from tests.waiting import wait_until


def test_port_0_picks_one_and_says_which(porchlight: Porchlight) -> None:
    with porchlight.serve(mqtt=True) as server:
        assert set(server.ready) == {"event", "issuer", "port", "mqtt_port"}
        assert server.ready["event"] == "ready"
        assert server.issuer == f"http://127.0.0.1:{server.ready['port']}"
        assert server.get("/health").json()["status"] == "ok"
        assert server.begin()["verification_uri"] == f"{server.issuer}/device"
        socket.create_connection(("127.0.0.1", server.ready["mqtt_port"]), 5).close()
        assert server.stop() < 5
        assert server.log == "", "nothing went wrong, so nothing is said"


def test_for_people_it_says_where_everything_is(porchlight: Porchlight) -> None:
    process = porchlight.start("serve", "--port", "0", "--mqtt-port", "0")
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    said = "".join(lines)
    assert lines[0].startswith("Porchlight is open on port ")
    assert "People approve  http://127.0.0.1:" in said
    assert str(porchlight.data / "porchlight.db") in said
    assert lines[-1] == "Ctrl-C closes it.\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_held_requests_and_open_sessions(porchlight: Porchlight, number: signal.Signals) -> None:
    with porchlight.serve("--hold-for", "30", mqtt=True) as server:
        tokens = server.sign_in()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        device = Paho(server.post("/mqtt/credentials", headers=bearer).json())
        assert device.call("me", "1")["status"] == 200
        started, answers = server.begin(), []
        held = threading.Thread(target=lambda: answers.append(server.poll(started, headers={"Prefer": "wait=30"})))
        held.start()
        half_open = socket.create_connection(("127.0.0.1", server.ready["port"]))
        wait_until(lambda: server_has_polls(server))
        took = server.stop(number)
        held.join(10)
        assert took < 5
        assert answers[0].json() == {"error": "authorization_pending"}, "a held request is answered, not cut"
        wait_until(lambda: device.ended)
        device.stop()
        half_open.close()


def server_has_polls(server: Served) -> bool:
    return bool(requests.get(f"{server.address}/health", timeout=10).json()["sign_ins_in_progress"])


def test_a_request_that_never_ends_does_not_keep_it_open_for_ever(porchlight: Porchlight) -> None:
    with porchlight.serve() as server, socket.create_connection(("127.0.0.1", server.ready["port"])) as slow:
        slow.sendall(b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        assert server.get("/health").status_code == 200
        assert server.stop() < 15


def test_a_taken_port_is_named(porchlight: Porchlight) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for name, flags in (("port", ("--port", port)), ("mqtt_port", ("--port", "0", "--mqtt-port", port))):
            ended = porchlight.run("serve", *flags)
            assert (ended.code, ended.out) == (1, "")
            assert ended.err == (
                f"porchlight: {name}: cannot listen on 127.0.0.1:{port}: Address already in use; "
                f"choose another with --{name.replace('_', '-')} (0 picks one)\n"
            )


def test_an_address_that_is_not_ours_is_named(porchlight: Porchlight, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("host", "mqtt_host"):
        flags = ("--port", "0", "--mqtt-port", "0", f"--{name.replace('_', '-')}", "203.0.113.9")
        code, out, err = told(capsys, "serve", *flags, data=porchlight.data)
        assert (code, out) == (1, "")
        assert err.startswith(f"porchlight: {name}: 203.0.113.9 is no address of this machine; write 127.0.0.1")


def test_a_damaged_database_is_named_and_stays_as_it_is(
    porchlight: Porchlight, capsys: pytest.CaptureFixture[str]
) -> None:
    file = porchlight.data / "porchlight.db"
    file.write_bytes(b"no database at all\n" * 400)
    code, out, err = told(capsys, "serve", "--port", "0", data=porchlight.data)
    assert (code, out) == (1, "")
    assert err.startswith(f"porchlight: {file} is damaged or no SQLite database: restore it from a backup")
    assert err.count("\n") == 1
    assert file.read_bytes().startswith(b"no database")


def test_a_full_disk_is_named_at_the_start(furnished: Path) -> None:
    with small_disk(1_024) as disk:
        if disk is None:  # nothing can be mounted here; tests/storage has the same story with a full database
            return
        shutil.copytree(furnished, disk / "data")
        fill(disk)
        ended = Porchlight(disk / "data").run("serve", "--port", "0", "--mqtt-port", "-1")
        assert ended.code == 1
        assert "the disk is full: make room" in ended.err
        (disk / "ballast").unlink()
        with Porchlight(disk / "data").serve() as server:
            server.sign_in()


def test_a_database_that_may_not_be_written_is_named(capsys: pytest.CaptureFixture[str], furnished: Path) -> None:
    with open_folder() as folder:
        shutil.copytree(furnished, folder / "data")
        for path, mode in ((folder / "data" / "porchlight.db", 0o444), (folder / "data", 0o555)):
            path.chmod(mode)
        with nobody_special():
            code, out, err = told(capsys, "serve", "--port", "0", data=folder / "data")
        (folder / "data").chmod(0o755)
    assert (code, out) == (1, "")
    assert "cannot be written: give" in err


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("PORCHLIGHT_PROT", "1", "PORCHLIGHT_PROT: there is no such setting; did you mean PORCHLIGHT_PORT?"),
        ("PORCHLIGHT_QUUX", "1", "PORCHLIGHT_QUUX: there is no such setting; porchlight serve --help lists"),
        ("PORCHLIGHT_WORKERS", "2", "workers: write 1 with SQLite"),
        ("PORCHLIGHT_ISSUER", "http://tv.example.com", "issuer: write an https URL"),
        ("PORCHLIGHT_PORT", "http", "port: write a whole number"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    words: str,
) -> None:
    monkeypatch.setenv(setting, value)
    code, out, err = told(capsys, "serve", "--mqtt-port", "0", data=tmp_path / "data")
    assert (code, out) == (2, "")
    assert err.startswith(f"porchlight: {words}")
    assert not (tmp_path / "data").exists()


def test_it_speaks_tls_and_refuses_a_certificate_that_cannot_work(
    porchlight: Porchlight, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cert = certificate(tmp_path / "tls.pem")
    with porchlight.serve("--tls-cert", str(cert), "--tls-key", str(cert), mqtt=True) as server:
        server.web.verify = str(cert)
        assert server.issuer.startswith("https://")
        assert server.me(server.sign_in()).status_code == 200
        assert server.stop() < 5
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    flags = ("--port", "0", "--tls-cert", str(cert), "--tls-key", str(wrong))
    code, _, err = told(capsys, "serve", *flags, data=porchlight.data)
    assert code == 2
    assert err.startswith(f"porchlight: tls_cert, tls_key: {cert} and {wrong} cannot be used")
    assert err.count("\n") == 1


def test_settings_come_from_the_file_in_the_data_folder_too(porchlight: Porchlight) -> None:
    (porchlight.data / "porchlight.toml").write_text('service_name = "Lantern"\ncode_for = 120\n')
    with porchlight.serve("--code-for", "300") as server:
        assert server.begin()["expires_in"] == 300, "a flag wins"
        assert "Lantern" in server.get("/device").text


def test_two_servers_may_not_share_a_port_but_may_share_a_file(porchlight: Porchlight) -> None:
    """A second one on the same SQLite file, started by mistake or for a moment's overlap, agrees with the first."""
    with porchlight.serve() as one, porchlight.serve("--issuer", one.issuer) as two:
        tokens = one.sign_in()
        assert two.me(tokens).status_code == 200
        assert one.post("/revoke", {"client_id": "tv", "token": tokens["refresh_token"]}).status_code == 200
        wait_until(lambda: two.me(tokens).status_code == 401, 2)
