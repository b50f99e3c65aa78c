"""saprolite: how fast the minerals of a soil weather, and how much CO2 that binds.

>>> import saprolite as sap
>>> f"{sap.equations.soil_co2(1000.0):.4f} atm"
'0.0176 atm'

``equations``         one published equation, one pure function: scalars, arrays, xarray
``carbon_sink_flux``  the carbon that a soil layer binds in a year (Eqs 1 to 7)
``Reading``           the choices that the equations leave open, with named presets
``Mineral``           the minerals known by name
``KineticTable``      rate constants by mineral and pathway, each with its source
``Study``             a study file, checked
``check``             everything that is wrong with a study and its inputs, before any work
``plan``              what a run will read, compute, write and hold in memory
``run``               run a study; returns its fluxes
``demo``              run the demo planet
``open``              the fluxes of a run folder, lazily read
``Site``              a soil pit and its layers, from a file
``read_sites``        all sites of a file or of a folder
``ColumnReading``     the choices of a soil-pit calculation
``solve``             solution chemistry and weathering of soil pits, layer by layer
``critical_loads``    critical loads by the simple mass balance, of a ``CriticalLoadInput``
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saprolite import equations
    from saprolite.analysis_workflow import analyse
    from saprolite.column.critical_load import CriticalLoadInput, critical_loads
    from saprolite.column.pit import solve
    from saprolite.column.site import Site
    from saprolite.column.site_files import read_sites
    from saprolite.errors import SaproliteError
    from saprolite.minerals import KineticTable, Mineral
    from saprolite.models import ColumnReading, Reading, carbon_sink_flux
    from saprolite.study import Study
    from saprolite.version import __version__
    from saprolite.workflow import check, demo, open, plan, run

__all__ = [
    "ColumnReading",
    "CriticalLoadInput",
    "KineticTable",
    "Mineral",
    "Reading",
    "SaproliteError",
    "Site",
    "Study",
    "__version__",
    "analyse",
    "carbon_sink_flux",
    "check",
    "critical_loads",
    "demo",
    "equations",
    "open",
    "plan",
    "read_sites",
    "run",
    "solve",
]

# Loaded on first use: importing the package costs nothing but this file.
_HOMES = {
    "ColumnReading": "saprolite.models",
    "CriticalLoadInput": "saprolite.column.critical_load",
    "KineticTable": "saprolite.minerals",
    "Mineral": "saprolite.minerals",
    "Reading": "saprolite.models",
    "SaproliteError": "saprolite.errors",
    "Site": "saprolite.column.site",
    "Study": "saprolite.study",
    "__version__": "saprolite.version",
    "analyse": "saprolite.analysis_workflow",
    "carbon_sink_flux": "saprolite.models",
    "check": "saprolite.workflow",
    "critical_loads": "saprolite.column.critical_load",
    "demo": "saprolite.workflow",
    "open": "saprolite.workflow",
    "plan": "saprolite.workflow",
    "read_sites": "saprolite.column.site_files",
    "run": "saprolite.workflow",
    "solve": "saprolite.column.pit",
}


def __getattr__(name: str) -> Any:
    if name == "equations":
        return importlib.import_module("saprolite.equations")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'saprolite' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


# Else ``ds.saprolite`` is registered when a run is opened: xarray alone takes half a second.
if "xarray" in sys.modules:
    importlib.import_module("saprolite.accessor")
