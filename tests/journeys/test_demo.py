"""`porchlight demo`: the whole story on one machine, and nothing of it is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.commands.command import Failed
from server.commands.demo import lan_address
from tests.commands.process import ROOT
from tests.forms import Forms
from tests.house import browser
from tests.terminal import CODE, CTRL_C, Terminal, terminal

DEMO = (sys.executable, "-m", "server.commands", "demo")


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A plain one, with somebody else's settings in it, and a folder for temporary things that must be empty after."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    yield kept | {
        "TMPDIR": str(tmp_path),
        "PYTHONUTF8": "1",
        "PORCHLIGHT_PORT": "1",
        "PORCHLIGHT_AGENT_SERVER": "https://tv.example.com",
    }
    assert list(tmp_path.iterdir()) == []
    running = subprocess.run(("ps", "-axo", "args"), capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in running, "a process was left behind"


def alone(environment: dict[str, str], **more: str) -> "subprocess.CompletedProcess[str]":
    """The demo without a person."""
    return subprocess.run(
        (*DEMO, "--unattended"),
        cwd=ROOT,
        env=environment | more,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_unattended_it_ends_when_the_answer_has_come_over_mqtt(environment: dict[str, str]) -> None:
    done = alone(environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["username"] == "demo"
    assert re.search(r"The TV shows [A-Z]{4}-[A-Z]{4}; the phone opens http://127\.0\.0\.1:\d+/D/", done.stderr)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("uvicorn.loops.uvloop", "the server did not start"),
        ("firmware_sim.person", "--unattended plays the phone with the simulator"),
        ("device_agent.mqtt.caller", "broken on purpose"),
    ],
)
def test_unattended_a_broken_part_is_not_success(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory, part: str, words: str
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    (folder / "sitecustomize.py").write_text(_BREAK.format(part=part))
    done = alone(environment, PYTHONPATH=str(folder))
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr


_BREAK = """
import sys

class Broken:
    def find_spec(self, name, *rest):
        if name == {part!r}:
            raise ImportError("broken on purpose")

sys.meta_path.insert(0, Broken())
"""


def test_attended_a_person_signs_the_tv_in_and_ctrl_c_ends_everything(environment: dict[str, str]) -> None:
    try:
        address = lan_address()
    except Failed:
        done = subprocess.run(DEMO, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1
        assert "try: porchlight demo --unattended" in done.stderr
        return
    with terminal(DEMO, environment) as screen:
        password = screen.find(r"(?<=Sign in as demo, password )\w{10}\b")
        code, shown, link = screen.find(CODE), screen.text, screen.qr_code()
        assert link.lower().startswith(f"http://{address}:"), "a phone can reach it"
        assert "localhost" not in shown + link
        assert link.upper().endswith(f"/D/{code.replace('-', '')}")
        approve(link, password, screen)
        shown = screen.wait_for("Ctrl-C ends the demo")
        assert "Signed in as Demo (demo)" in shown
        assert '"username": "demo"' in shown
        assert f"http://{address}:" in shown
        screen.wait_for("Online at")
        screen.press(CTRL_C)
        assert screen.end() == 0
        assert "Traceback" not in screen.text


NUMBER = r"Tap or type \d\d"


@pytest.mark.parametrize("how", ["at once", "impatiently", "window closed"])
def test_attended_it_can_be_ended_before_anybody_signs_in(environment: dict[str, str], how: str) -> None:
    try:
        lan_address()
    except Failed:
        return
    with terminal(DEMO, environment) as screen:
        screen.wait_for("Starting a server" if how == "at once" else "Waiting for your phone")
        if how == "window closed":
            screen.process.send_signal(signal.SIGHUP)
        else:
            screen.press(CTRL_C)
        if how == "impatiently":
            again = threading.Timer(0.1, press_quietly, (screen,))
            again.start()
        begun = time.monotonic()
        assert screen.end() in (130, -signal.SIGINT)  # the second press may meet a Python that is about to leave
        assert time.monotonic() - begun < 15
        assert "Traceback" not in screen.text


def press_quietly(screen: Terminal) -> None:
    """Ctrl-C, if there is still somebody to press it for."""
    if screen.process.poll() is None:
        screen.press(CTRL_C)


def approve(link: str, password: str, screen: Terminal) -> None:
    """The person's phone, on the pages as they are: sign in, then tap the number that the TV shows."""
    with browser() as web:
        page = web.get(link, timeout=10)
        steps = (lambda: {"username": "demo", "password": password}, lambda: {"match": screen.find(NUMBER)[-2:]})
        for step in steps:
            typed = step()
            form = Forms(page.text).with_control(next(iter(typed)))
            page = web.post(link.partition("/D/")[0] + form.action, data=form.fields | typed, timeout=10)
        assert page.status_code == 200
        assert "connected" in page.text
