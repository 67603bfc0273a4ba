"""Settings come from flags, the environment and a file; a wrong one is refused by name, with what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

from device_agent.exits import EXITS, USAGE, Failure
from device_agent.settings import SETTINGS, read_settings


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text('server = "https://file.example"\nclient-id = "f"\nscope = "f"\njson = true\ntimeout = "2m"\n')
    environment = {"PORCHLIGHT_AGENT_CLIENT_ID": "environment", "PORCHLIGHT_AGENT_SCOPE": "environment", "OTHER": "x"}
    settings, words = read_settings(["login", f"--config={file}", "--scope", "flag"], environment)
    assert (settings.server, settings.client_id, settings.scope) == ("https://file.example", "environment", "flag")
    assert settings.is_json
    assert settings.timeout_for == 120_000
    assert words == ["login"]


def test_the_file_can_be_named_by_the_environment_and_a_flag_can_be_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text("open = true\n")
    assert not read_settings(["--no-open"], {"PORCHLIGHT_AGENT_CONFIG": str(file)})[0].is_opened
    assert read_settings(["--no-color"], {})[0].is_colorless


@pytest.mark.parametrize(
    ("value", "milliseconds"), [("90", 90_000), ("90s", 90_000), ("15m", 900_000), ("1h", 3_600_000), ("250ms", 250)]
)
def test_times(value: str, milliseconds: int) -> None:
    assert read_settings(["--timeout", value], {})[0].timeout_for == milliseconds


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["--nonsense"], {}, "--nonsense"),
        (["--json=maybe"], {}, "--json"),
        (["--server"], {}, "--server"),
        (["--server", "--json"], {}, "--server"),
        (["--qr", "huge"], {}, "--qr"),
        (["--key", "maybe"], {}, "--key"),
        ([], {"PORCHLIGHT_AGENT_KEY": "yes"}, "PORCHLIGHT_AGENT_KEY"),
        (["--timeout", "soon"], {}, "--timeout"),
        (["--timeout", "0"], {}, "--timeout"),
        (["--timeout", "-5s"], {}, "--timeout"),
        (["--device-name", "x" * 33], {}, "--device-name"),
        (["--scope", "a\nb"], {}, "--scope"),
        (["--no-server"], {}, "--no-server"),
        ([], {"PORCHLIGHT_AGENT_SEVRER": "x"}, "PORCHLIGHT_AGENT_SEVRER"),
        ([], {"PORCHLIGHT_AGENT_QR": "huge"}, "PORCHLIGHT_AGENT_QR"),
        (["--config", "/no/such/file"], {}, "/no/such/file"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(arguments: list[str], environment: dict[str, str], named: str) -> None:
    with pytest.raises(Failure) as refused:
        read_settings(arguments, environment)
    assert refused.value.code == USAGE
    assert named in refused.value.sentence
    assert refused.value.action


@pytest.mark.parametrize(
    "text", ["sevrer = 'x'", "qr = 'huge'", "[server]\na = 1", "not toml", "config = 'x'", "json = 3"]
)
def test_a_wrong_line_in_the_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(text)
    with pytest.raises(Failure) as refused:
        read_settings(["--config", str(file)], {})
    assert str(file) in refused.value.sentence or "huge" in refused.value.sentence


def test_the_browser_stays_closed_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert not read_settings(["--open"], {})[0].is_opened
    monkeypatch.delenv("CI")
    assert read_settings(["--open"], {})[0].is_opened


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "device_agent", *arguments], capture_output=True, text=True, timeout=20, check=False
    )


def test_the_help_names_every_setting_and_every_exit_code() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(f"--{name}" in done.stdout for name, *_ in SETTINGS)
    assert all(f"{code:>5}  {meaning}" in done.stdout for code, meaning in EXITS)


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["--json"], ["login", "twice"], ["login", "--nonsense"], ["login"]]
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_start_loads_nothing_that_is_slow() -> None:
    script = "import device_agent.commands.login, device_agent.displays, sys; print(*sorted(sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )
    slow = {"argparse", "urllib.request", "urllib.parse", "http.client", "ssl", "paho", "PIL", "subprocess", "tomllib"}
    slow |= {"cryptography", "typing", "threading", "hashlib", "termios"}
    assert not slow & loaded
