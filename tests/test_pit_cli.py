"""``saprolite column`` and ``saprolite site`` as a user types them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

SITES = Path(__file__).parents[1] / "sites"
PODZOL = SITES / "podzol.toml"


def saprolite(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "saprolite", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


def test_a_site_from_the_template_to_the_table(tmp_path: Path) -> None:
    made = saprolite("site", "pit.toml", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "saprolite column pit.toml" in made.stdout
    again = saprolite("site", "pit.toml", cwd=tmp_path)
    assert again.returncode == 2
    assert "a new name" in again.stderr
    done = saprolite("column", "pit.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "My pit" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pit.toml"]


def test_everything_is_written(tmp_path: Path) -> None:
    done = saprolite("column", SITES, "--out", tmp_path / "new" / "out")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for name in ("Spruce podzol (illustration)", "Granite till", "Gabbro till", "Critical loads"):
        assert name in done.stdout
    out = tmp_path / "new" / "out"
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()) == [
        "column.csv", "column.json", "critical_loads.csv", "figures/pit_gabbro_till.png",
        "figures/pit_granite_till.png", "figures/pit_spruce_podzol_illustration.png",
        "mass_balance.csv", "minerals.csv", "pathways.csv", "totals.csv",
    ]  # fmt: skip
    content = json.loads((out / "column.json").read_text(encoding="utf-8"))
    layers = pd.read_csv(out / "column.csv", comment="#")
    assert len(layers) == 9
    assert content["sites"][0]["layers"][0]["pH"] == pytest.approx(layers["pH"][0], rel=1e-12)
    loads = pd.read_csv(out / "critical_loads.csv", comment="#")
    assert list(loads["site"]) == ["Spruce podzol (illustration)"]
    for path in (out / "figures").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 20_000
    # The same command again replaces what is there.
    assert saprolite("column", SITES, "--out", out).stdout == done.stdout


def test_a_pit_without_critical_loads(tmp_path: Path) -> None:
    done = saprolite("column", SITES / "two_pits.csv", "--model", "profile", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "critical_loads.csv").exists()
    assert "Critical loads" not in done.stdout


def test_many_sites_are_one_line_each(tmp_path: Path) -> None:
    text = PODZOL.read_text(encoding="utf-8")
    for number in range(4):
        copy = text.replace("Spruce podzol (illustration)", f"Pit {number}")
        (tmp_path / f"{number}.toml").write_text(copy, encoding="utf-8")
    done = saprolite("column", tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[2:6]] == [["Pit", str(n)] for n in range(4)]
    assert "Soil solution" not in done.stdout
    assert "Unverified numbers" in done.stdout


def test_choices(tmp_path: Path) -> None:
    done = saprolite("column", PODZOL, "--set", "rate_law=nutsfor", "--set", "uptake_residual=1e-5",
                     "--set", "kinetic_rows.k_feldspar=K-Feldspar90", "--kinetics", "nutsfor")  # fmt: skip
    assert done.returncode == 0, done.stderr
    flat = " ".join(done.stdout.split())
    for part in ("rate_law='nutsfor'", "uptake_residual=1e-05", "{'k_feldspar': 'K-Feldspar90'}"):
        assert part in flat
    simple = saprolite("column", PODZOL, "--model", "simple")
    assert simple.returncode == 0, simple.stderr
    assert "simple mineral model" in simple.stdout
    table = tmp_path / "own.csv"
    source = Path(__file__).parents[1] / "src/saprolite/minerals/data"
    shutil.copy(source / "nutsfor.csv", table)
    own = saprolite("column", PODZOL, "--kinetics", table)
    assert own.returncode == 0, own.stderr
    assert "own.csv" in own.stdout.replace("\n", "")


def test_witch_type_takes_its_own_table(tmp_path: Path) -> None:
    text = PODZOL.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(
        ("oligoclase", "hornblende", "epidote", "vermiculite", "apatite"))]  # fmt: skip
    (tmp_path / "p.toml").write_text("\n".join(kept), encoding="utf-8")
    done = saprolite("column", tmp_path / "p.toml", "--model", "witch-type",
                     "--kinetics", "palandri_kharaka")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WITCH-type, palandri_kharaka constants" in done.stdout
    assert saprolite("column", PODZOL, "--model", "witch-type").returncode == 2


@pytest.mark.parametrize(("arguments", "parts"), [
    (("nowhere.toml",), ["no such file or folder"]),
    ((PODZOL, "--model", "profil"), ["did you mean 'profile'?"]),
    ((PODZOL, "--kinetics", "nutsfour"), ["reading.kinetics", "did you mean 'nutsfor'?"]),
    ((PODZOL, "--set", "ratelaw=nutsfor"), ["reading.ratelaw", "did you mean 'rate_law'?"]),
    ((PODZOL, "--set", "rate_law"), ["--set rate_law", "no KEY=VALUE"]),
    ((PODZOL, "--set", "model=simple"), ["--model MODEL"]),
    ((PODZOL, "--set", "uptake_residual=little"), ["'little', not a number"]),
    ((PODZOL, "--set", "brakes=on", "--set", "brakes=off"), ["given twice"]),
    ((PODZOL, "--kinetics", "nutsfor", "--set", "kinetics=nutsfor"), ["given twice"]),
    ((PODZOL, "--set", "kinetic_rows=K-Feldspar90"), ["no mineral"]),
    ((SITES / "two_pits.csv", "--model", "simple"),
     ["site 'Granite till', layer 'E': ph", "site 'Gabbro till', layer 'C': base_cations"]),
])  # fmt: skip
def test_errors_are_messages(tmp_path: Path, arguments: tuple[str, ...], parts: list[str]) -> None:
    done = saprolite("column", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = saprolite("column", PODZOL, "--out", tmp_path / "file" / "out")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_help() -> None:
    for command in ("column", "site"):
        done = saprolite(command, "--help")
        assert done.returncode == 0
        assert done.stderr == ""
    assert "--set" in saprolite("column", "--help").stdout
