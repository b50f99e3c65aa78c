"""The command line as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from saprolite import workflow
from saprolite.cli import main
from world import World


def saprolite(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "saprolite", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


def test_help_of_every_command() -> None:
    top = saprolite()
    assert top.returncode == 0
    for command in ("demo", "run", "prepare", "check", "init", "explain", "schema", "readings",
                    "uncertainty", "analyse", "report", "sites", "compare", "references",
                    "scenario"):  # fmt: skip
        assert command in top.stdout
        detail = saprolite(command, "--help")
        assert detail.returncode == 0
        assert detail.stderr == ""
    assert saprolite("--version").stdout.strip() == "0.1.0"


def test_demo_is_quiet_in_a_pipe_and_prints_the_headline(tmp_path: Path) -> None:
    done = saprolite("demo", "out", "--resolution", "5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Tg C yr-1" in done.stdout
    assert "not data" in done.stdout
    assert json.loads((tmp_path / "out/run.json").read_text())["status"] == "finished"
    again = saprolite("demo", "out", "--resolution", "5", cwd=tmp_path)
    assert again.stdout == done.stdout
    other = saprolite("demo", "out", "--resolution", "2.5", cwd=tmp_path)
    assert other.returncode == 2
    assert "--restart" in other.stderr


def test_init_check_run(tmp_path: Path) -> None:
    assert saprolite("init", cwd=tmp_path).returncode == 0
    again = saprolite("init", cwd=tmp_path)
    assert again.returncode == 2
    assert "a new name" in again.stderr
    check = saprolite("check", "study.toml", cwd=tmp_path)
    assert check.returncode == 2
    assert "Traceback" not in check.stderr
    assert "geiger_0p1.tif" in check.stderr
    world = World(tmp_path / "w").write()
    study = world.study_file(tmp_path / "world.toml")
    fine = saprolite("check", study)
    assert fine.returncode == 0, fine.stderr
    assert "no problem found" in fine.stdout
    run = saprolite("run", study, "--out", tmp_path / "o")
    assert run.returncode == 0, run.stderr


@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
def test_an_interruption_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workflow, "check", interrupted)
    monkeypatch.setattr(sys, "argv", ["saprolite", "check", "study.toml"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_check_writes_nothing(tmp_path: Path) -> None:
    study = World(tmp_path / "w").write().study_file(tmp_path / "world.toml")
    before = sorted(tmp_path.rglob("*"))
    saprolite("check", study, cwd=tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments", [("explain",), ("explain", "--reading", "manuscript_literal")]
)
def test_explain(arguments: tuple[str, ...]) -> None:
    done = saprolite(*arguments)
    assert done.returncode == 0
    for label in ("Eq 1", "Eq 2", "Eq 3", "Eq 4", "Eq 5", "Eq 6", "Eq 7", "Carbon"):
        assert label in done.stdout
    assert ("-3.7 +" in done.stdout) == ("manuscript_literal" in arguments)


def test_explain_a_study_and_an_unknown_reading(tmp_path: Path) -> None:
    study = World(tmp_path).study_file(tmp_path / "s.toml", reading__et_mode="annual")
    assert "sum of the calendar year" in saprolite("explain", study).stdout
    both = saprolite("explain", study, "--reading", "canonical")
    assert both.returncode == 2
    assert "one of the two" in both.stderr
    wrong = saprolite("explain", "--reading", "cannonical")
    assert wrong.returncode == 2
    assert "did you mean 'canonical'?" in wrong.stderr


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = "import sys, saprolite; print(sorted({'xarray','matplotlib','zarr','pandas','numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", ["explain", "check"])
def test_a_study_of_soil_columns_is_named_as_such(command: str) -> None:
    study = Path(__file__).parents[1] / "studies" / "column-constants.toml"
    done = subprocess.run(
        [sys.executable, "-m", "saprolite", command, str(study)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "PROFILE, sverdrup_warfvinge_1995 rate law" in done.stdout
