"""A run that is killed at any moment, resumed, and killed again, ends in the very same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import killed
from saprolite.study_template import demo_content
from test_run import store_digest

KILLS = 50


def test_fifty_kills(tmp_path: Path) -> None:
    content = {**demo_content(5.0), "last_year": 1981, "engine": {"bands": 3, "workers": 2}}
    study = tmp_path / "study.json"
    study.write_text(json.dumps(content))
    command = [
        sys.executable,
        str(Path(killed.__file__)),
        str(study),
        str(tmp_path),
        "1",
        str(KILLS),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folders = [json.loads(line) for line in done.stdout.splitlines()]
    kills = [kill for folder in folders for kill in folder["kills"]]
    assert len(kills) == KILLS
    # Metadata: made, consolidated, marked as whole; or made, marked, told of means and trends, and
    # consolidated.
    around = Counter(Path(folder["out"]).name.rpartition(" of ")[2] for folder in folders)
    assert (around["inputs"], around["fluxes"]) == (6, 10)
    # They came before, between and after the blocks, and in the middle of a write.
    assert sum(kill["half"] > 0 for kill in kills) >= 5
    assert sum(0 < kill["blocks"] < 36 for kill in kills) >= 2
    for folder in folders:
        out = Path(folder["out"])
        for name in ("inputs.zarr", "fluxes.zarr"):
            assert store_digest(out / name) == store_digest(tmp_path / "whole" / name), out
        assert not list(out.rglob("*.part*"))
