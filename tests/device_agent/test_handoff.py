"""Handing the address to a browser or a clipboard: only when asked, never noisy, never fatal."""

import os
from pathlib import Path

import pytest

from tests.device_agent.mock_server import MockServer
from tests.device_agent.process import Agent, login
from tests.waiting import wait_until


def program(folder: Path, name: str, script: str) -> str:
    """A program of this name on a PATH of its own."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n" + script)
    (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_the_browser_opens_with_the_complete_address_and_stays_quiet(
    agent: Agent, server: MockServer, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    path = program(
        tmp_path / "bin",
        "xdg-open",
        f'echo noise; echo noise >&2; echo "$1" > {opened}.new; mv {opened}.new {opened}\n',
    )
    said = login(agent, server, "--open", PATH=path).err
    wait_until(opened.exists)
    assert opened.read_text().strip() == server.issuer + "/d/WDJBMJHT"
    assert "noise" not in said


@pytest.mark.parametrize("script", ["exit 3\n", "kill -9 $$\n"])
def test_a_browser_that_fails_is_no_failure(agent: Agent, server: MockServer, tmp_path: Path, script: str) -> None:
    assert "Signed in as" in login(agent, server, "--open", PATH=program(tmp_path / "bin", "xdg-open", script)).err


def test_nothing_opens_under_ci_or_unasked(agent: Agent, server: MockServer, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    path = program(tmp_path / "bin", "xdg-open", f"touch {opened}\n")
    login(agent, server, PATH=path)
    login(agent, server, "--open", PATH=path, CI="true")
    assert not opened.exists()


def test_an_address_that_is_no_web_address_is_not_opened(agent: Agent, server: MockServer, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    path = program(tmp_path / "bin", "xdg-open", f"touch {opened}\n")
    server.answers["/device_authorization"] = server.codes(verification_uri_complete="file:///etc/passwd")
    login(agent, server, "--open", PATH=path)
    assert not opened.exists()


def test_the_clipboard_gets_the_address_only_when_asked(agent: Agent, server: MockServer, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    path = program(tmp_path / "bin", "wl-copy", f"cat > {copied}\n")
    login(agent, server, PATH=path, WAYLAND_DISPLAY="w")
    assert not copied.exists()
    login(agent, server, "--copy", PATH=path, WAYLAND_DISPLAY="w")
    assert copied.read_text() == server.issuer + "/d/WDJBMJHT"
