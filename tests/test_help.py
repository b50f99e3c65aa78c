"""The doctor and the completions."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from saprolite import doctor, progress
from saprolite.cli import app
from saprolite.doctor import findings
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
    for name in ("run", "analyse", "report", "data", "column", "doctor"):
        assert name in done.stdout


@pytest.mark.parametrize("command", ["run", "analyse", "report", "column", "site", "doctor"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    app([command, "--help"], result_action="return_value")
    assert f"saprolite {command}" in capsys.readouterr().out


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
