"""What the tests need is found, or its absence is said with the way out of it."""

import pytest

from tests import needs
from tests.needs import Need

NOWHERE = Need("sundial", ("porchlight-sundial",), ("/nowhere/*/sundial",), "sundial-tools", "sundial")


@pytest.fixture(autouse=True)
def nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "install", lambda _: None)
    monkeypatch.delenv("CI", raising=False)


def test_everything_this_run_needs_is_here() -> None:
    assert needs.missing() == [], needs.advice(needs.missing())
    assert needs.main() == 0
    assert needs.require("postgres").name == "postgres"


@pytest.mark.parametrize(("ci", "status"), [(None, 0), ("true", 1)])
def test_what_is_missing_is_said_with_the_commands_that_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str | None, status: int
) -> None:
    monkeypatch.setattr(needs, "NEEDS", (NOWHERE,))
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    assert needs.main() == status
    said = capsys.readouterr().err
    assert "Missing for the tests: sundial." in said
    assert "sudo apt-get install sundial-tools" in said
    assert "brew install sundial" in said


def test_a_test_without_its_need_fails_and_is_not_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "NEEDS", (NOWHERE,))
    with pytest.raises(pytest.fail.Exception, match=r"sundial is missing on this machine(.|\n)*apt-get install"):
        needs.require("sundial")
