"""The doctor and the completions."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import cyclopts
import pytest

from saprolite import doctor, progress
from saprolite.cli import app
from saprolite.doctor import findings
from saprolite.errors import SaproliteError
from saprolite.stages import counted


def test_the_doctor_finds_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    app(["doctor"], result_action="return_value")
    text = capsys.readouterr().out
    for name in ("saprolite", "numba", "cores", "memory", "folder of results", "SAPROLITE_DATA"):
        assert name in text
    assert "LOOK" not in text


def test_the_doctor_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAPROLITE_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr(doctor, "_NEEDED", ("numpy", "no-such-library"))
    monkeypatch.setattr(doctor, "memory_limit", lambda _: (1_000_000, "free"))
    wrong = {finding.what: finding.advice for finding in findings() if not finding.well}
    assert set(wrong) == {"no-such-library", "memory", "SAPROLITE_DATA"}
    assert wrong["no-such-library"] == "pip install no-such-library"
    with pytest.raises(SystemExit) as stopped:
        app(["doctor"], result_action="return_value")
    assert stopped.value.code == 1


def test_completions_know_every_command() -> None:
    done = subprocess.run([sys.executable, "-m", "saprolite", "completion", "bash"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=False).returncode == 0
    for name in ("run", "analyse", "view", "report", "data", "column", "doctor"):
        assert name in done.stdout


def commands(of: cyclopts.App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The commands of the line, those below others too."""
    for name in of:
        if not name.startswith("-"):
            yield (*path, name)
            yield from commands(of[name], (*path, name))


def test_every_command_has_a_purpose_arguments_an_example_and_exit_codes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    several = list(commands(app))
    assert len(several) > 25
    for command in several:
        app([*command, "--help"], result_action="return_value")
        text = " ".join(capsys.readouterr().out.replace("│", " ").split())
        name = " ".join(["saprolite", *command])
        assert f"Usage: {name}" in text, name
        assert f"Example: {name}" in text, name
        assert "Exit codes: 0 done;" in text, name
        found = reduce(lambda above, word: above[word], command, app)
        if found.default_command is not None:
            for argument in found.assemble_argument_collection(parse_docstring=True):
                assert argument.parameter.help, (name, argument.name)
    app(["--help"], result_action="return_value")
    text = capsys.readouterr().out
    groups = ["Begin", "Look at a finished run", "Compare", "One soil pit", "Look things up"]
    assert [text.index(f" {group} ") for group in groups] == sorted(
        text.index(f" {group} ") for group in groups
    )


@pytest.mark.parametrize(("typed", "said"), [
    ("rnu study.toml", 'Did you mean "run"?'),
    ("run --out o", "STUDY is missing"),
    ("run study.toml", "--out is missing"),
    ("run study.toml --out o --wrokers 2", "Did you mean --workers?"),
    ("data gte", "saprolite data --help"),
    ("completion tcsh", "bash"),
])  # fmt: skip
def test_what_is_typed_wrong_is_an_error_like_any_other(
    typed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        app(typed.split())
    assert stopped.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert said in shown.err
    assert "next:     saprolite" in shown.err


@pytest.mark.parametrize(("typed", "said"), [
    ("run no_text.toml --out o", "no text in UTF-8"),
    ("uncertainty {demo} --settings no_text.toml", "settings in TOML"),
    ("uncertainty unfinished", "a run that is unfinished"),
    ("references unfinished --depth-cm 50", "a run that is unfinished"),
    ("sites unfinished sites.csv --depth-cm 50", "a run that is unfinished"),
    ("scenario unfinished unfinished --out s", "a run that is unfinished"),
    ("sites {demo} nowhere.csv --depth-cm 50", "no such file"),
    ("demo no_text.toml --resolution 5", "a file where a folder should be"),
])  # fmt: skip
def test_what_cannot_be_used_is_named(
    typed: str, said: str, tmp_path: Path, analysed_demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("no_text.toml").write_bytes(b"\xff\xfe\x00")
    # All is there but the last word: its numbers would be read as if it were whole.
    state = json.loads((analysed_demo / "run.json").read_text()) | {"status": "unfinished"}
    Path("unfinished").mkdir()
    Path("unfinished/run.json").write_text(json.dumps(state))
    Path("unfinished/fluxes.zarr").symlink_to(analysed_demo / "fluxes.zarr")
    with pytest.raises(SaproliteError, match=said) as raised:
        app(typed.format(demo=analysed_demo).split(), result_action="return_value")
    assert raised.value.exit_code == 2


class _Terminal(io.StringIO):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_shows_rate_and_time_left_on_a_terminal_alone(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter(range(0, 100, 2))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(times)))
    shown = _Terminal(is_terminal)
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setenv("COLUMNS", "120")
    with progress.Progress() as report:
        for _ in counted(range(4), "drawing maps", report):
            pass
    if is_terminal:
        for part in ("drawing maps", "4/4", "2 s each", "left"):
            assert part in shown.getvalue()
    else:
        assert shown.getvalue() == ""
    assert capsys.readouterr().out == ""
