"""A run that broke off is taken up, and its figures become the paper's by a command."""

import json
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.figure import Figure
from bench.kept import keep, take_up
from bench.paper import BEGIN, END
from bench.paper import main as paper

ABOUT = {
    "commit": "abc1234", "cpu": "a processor", "cores": 2, "system": "Linux", "python": "CPython", "load_before": [0.5],
    "is_quick": False, "arrangement": "server on core 0, load on core 1",
}  # fmt: skip
MEASURED = Figure("resident at rest", 64.14, "MiB", 65, 80, is_less_better=True, note="all on").as_json()
DONE = {"name": "memory", "what": "resident memory", "figures": [MEASURED], "error": ""}
FAILED = {"name": "polls", "what": "pending polls", "figures": [], "error": "1 lost"}


def test_what_failed_is_measured_again_and_the_rest_is_taken_up(tmp_path: Path) -> None:
    keep(tmp_path / "run.json", ABOUT, [DONE, FAILED])
    assert take_up(tmp_path / "run.json", ABOUT) == [DONE]
    assert take_up(tmp_path / "another.json", ABOUT) == []


@pytest.mark.parametrize("other", [{"commit": "def5678"}, {"is_quick": True}, {"cpu": "another"}])
def test_figures_of_another_commit_or_machine_are_not_mixed_in(tmp_path: Path, other: dict[str, object]) -> None:
    keep(tmp_path / "run.json", ABOUT, [DONE])
    assert take_up(tmp_path / "run.json", ABOUT | other) == []


def test_a_file_that_holds_something_else_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text('["letters"]')
    assert main(["--keep", str(mine), "memory"]) == 2
    assert "name another file" in capsys.readouterr().err
    assert mine.read_text() == '["letters"]'


def test_the_figures_stand_between_the_marks_of_the_paper_and_nothing_else_changes(tmp_path: Path) -> None:
    run, readme = tmp_path / "run.json", tmp_path / "README.md"
    keep(run, ABOUT, [DONE, FAILED])
    readme.write_text(f"before\n{BEGIN}\nold figures\n{END}\nbehind\n")
    assert paper([str(run), "--into", str(readme)]) == 0
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith(f"{END}\nbehind\n")
    assert "old figures" not in text
    assert "| resident at rest | **64.1 MiB** | 65.0 | 80.0 | goal met |" in text
    assert "Not measured: 1 lost" in text
    assert paper([str(run), "--into", str(run)]) == 2


def test_our_own_paper_has_the_marks() -> None:
    text = Path("bench/README.md").read_text()
    assert text.count(BEGIN) == text.count(END) == 1


def test_a_figure_survives_its_json() -> None:
    assert Figure.from_json(json.loads(json.dumps(MEASURED))).as_json() == MEASURED
