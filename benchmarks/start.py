"""How long a user waits: for help, for one site, for the first gridded result.

    python benchmarks/start.py [--quick] [--out FILE]

Wall times of whole processes, files and compiled code warm, the least of some rounds.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from harness import FOLDER, benchmark, command_times, tasks
from run_blocks import blocks_of, compute_all, ready

import world

ROUNDS = {"full": 5, "quick": 3, "tiny": 1}
CELLS = 4096
SITE = FOLDER.parent / "sites" / "podzol.toml"
ONE_SITE = """
import numpy as np
import saprolite as sap

print(sap.carbon_sink_flux(
    np.full(12, 0.30), np.full(12, 298.15), np.full(12, 1000 / 12), clay=0.3, silt=0.3, sand=0.4,
    bulk_density=1320.0, thickness=2.0, mineral_share={"illite": 1 / 3},
    reading=sap.Reading.preset("canonical"),
))
"""


def first_block() -> dict[str, Any]:
    """A year of 4,096 cells by the fused kernel, in this process."""
    prepared = world.patch(CELLS, world.study(1))
    compute_all(ready(prepared), blocks_of(prepared), 1)
    return {"cells": CELLS}


def measure(size: str) -> dict[str, Any]:
    """Each command in a process of its own."""
    saprolite = str(Path(sys.executable).with_name("saprolite"))
    block = [sys.executable, str(Path(__file__)), "--task", "first_block", "--given", "{}"]
    commands = {
        "python, nothing else": [sys.executable, "-c", "pass"],
        "import saprolite": [sys.executable, "-c", "import saprolite"],
        "saprolite --help": [saprolite, "--help"],
        "one site, CO2 pathway, in Python": [sys.executable, "-c", ONE_SITE],
        "one soil pit, saprolite column": [saprolite, "column", str(SITE)],
        "first gridded result, 4,096 cells, compiled before": block,
    }
    return {name: command_times(command, ROUNDS[size]) for name, command in commands.items()}


if __name__ == "__main__" and not tasks(first_block=first_block):
    benchmark(measure, __doc__)
