"""One run of the demo planet for the whole site: made once a build, or given by the caller."""

from __future__ import annotations

import os
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

VARIABLE = "SAPROLITE_DOCS_RUN"
DRIVERS = ("soil_moisture", "soil_temperature", "soil_co2", "frozen_soil", "shapley")
_PIXELS_PER_INCH = 110.0


def provide(app: Sphinx) -> None:
    """Put the folder of a finished, analysed run with all experiments into the environment."""
    if not os.environ.get(VARIABLE):
        folder = Path(app.doctreedir) / "demo_run"
        if not (folder / "analysis" / "areas.csv").is_file():
            logging.getLogger(__name__).info("running the demo planet for the figures ...")
            make(folder)
        os.environ[VARIABLE] = str(folder)


def make(folder: Path) -> None:
    """Run the demo planet with all experiments on coarse cells, and analyse it."""
    import saprolite as sap
    from saprolite.report.figures import page, world_map
    from saprolite.study import Study
    from saprolite.study_template import demo_content

    for module in (page, world_map):
        module.PIXELS_PER_INCH = _PIXELS_PER_INCH
    content = {**demo_content(5.0), "experiments": {"run": list(DRIVERS)}, "last_year": 1999}
    sap.run(Study.of(content, Path()), folder, restart=folder.exists())
    sap.analyse(folder)
