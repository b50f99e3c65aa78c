"""A run against weathering rates of sites: the nearest cell with a value, the same depth and unit.

The depth of the comparison must be given, since a run's flux grows with the depth that it counts
and most tables of sites do not say theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from saprolite import equations as eq
from saprolite.analysis.maps import RunMaps, read_maps
from saprolite.analysis.ratios import ALL, pair_statistics
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid.nearest import nearest_points

Array = npt.NDArray[np.float64]
SITE, RUN = "site_weathering_eq_ha-1_yr-1", "run_weathering_eq_ha-1_yr-1"
RATIO, DISTANCE, LEFT_OUT = "ratio_run_to_site_1", "distance_to_cell_km", "left_out_because"
LATITUDE, LONGITUDE = "latitude_degrees_north", "longitude_degrees_east"
CELL_LATITUDE, CELL_LONGITUDE = f"cell_{LATITUDE}", f"cell_{LONGITUDE}"
DEPTH, FLUX = "compared_depth_cm", "run_flux_t_C_km-2_yr-1"
_CM_PER_M = 100.0
_NEEDED = ("site", LATITUDE, LONGITUDE, SITE)


@dataclass(frozen=True)
class SiteComparison:
    """Sites with the run beside them, one a row (``table``); statistics by region and of all, the
    run over the site; what a reader of them must know (``notes``)."""

    table: pd.DataFrame
    statistics: pd.DataFrame
    notes: tuple[str, ...]


def compare_sites(
    sites: pd.DataFrame, fluxes: xr.Dataset, depth_cm: float, farthest_km: float | None = None
) -> SiteComparison:
    """Compare a run with weathering rates of sites.

    Parameters
    ----------
    sites
        ``site``, ``latitude_degrees_north``, ``longitude_degrees_east``,
        ``site_weathering_eq_ha-1_yr-1``, and ``region`` and ``depth_m`` where there are any.
    fluxes
        The fluxes of a run; its mean over all years is compared.
    depth_cm
        Depth from the surface that the run's flux is taken of, for every site whose table does not
        state a depth of its own; a layer that reaches deeper counts with its share of depth.
    farthest_km
        Sites without a cell that has a value within this distance are left out; by default half the
        diagonal of a cell at the equator, so that a site is never too far from its own cell.

    Raises
    ------
    InputError
        For a depth that the run does not have, a table without the columns, no site at all.
    """
    maps = read_maps(fluxes)
    chosen = farthest_km is not None
    farthest_km = half_diagonal_km(maps) if farthest_km is None else farthest_km
    raise_if_any(InputError, "The sites cannot be compared with the run",
                 _problems(sites, maps, depth_cm, farthest_km))  # fmt: skip
    stated = sites["depth_m"] if "depth_m" in sites else pd.Series(np.nan, sites.index)
    bottom = float(maps.layer_bounds[-1, 1])
    depth = (stated * _CM_PER_M).fillna(depth_cm).clip(upper=bottom * _CM_PER_M)
    rows, columns = np.nonzero(maps.valid)
    index, distance = nearest_points(
        sites[LATITUDE].to_numpy(float), sites[LONGITUDE].to_numpy(float),
        maps.lat[rows], maps.lon[columns],
    )  # fmt: skip
    row, column = rows[index], columns[index]
    parts = parts_above(maps.layer_bounds, np.asarray(depth, np.float64) / _CM_PER_M)
    flux = (parts * maps.layers[:, row, column].T).sum(axis=1)
    equivalents, conversion = equivalents_per_co2(fluxes)
    table = sites[[name for name in ("site", "region", LATITUDE, LONGITUDE) if name in sites]]
    table = table.assign(
        **{
            CELL_LATITUDE: maps.lat[row],
            CELL_LONGITUDE: maps.lon[column],
            DISTANCE: distance,
            DEPTH: depth,
            SITE: sites[SITE],
            FLUX: flux,
            RUN: equivalents * eq.equivalents_from_carbon(flux),
        }
    )
    table[LEFT_OUT] = np.select(
        [distance > farthest_km, ~(table[SITE] > 0.0), ~(table[RUN] > 0.0)],
        [_far(farthest_km), "rate of the site is 0 or missing", "flux of the run is 0"],
        "",
    )
    table[RATIO] = (table[RUN] / table[SITE]).where(table[LEFT_OUT] == "")
    unsaid = int(stated.isna().sum())
    cut = int((stated > bottom).sum())
    notes = [
        f"run: {maps.attributes['title']}, mean of {len(maps.years)} years "
        f"({maps.years[0]}-{maps.years[-1]})",
        f"compared depth: 0-{depth_cm:g} cm for {unsaid} of {len(sites)} sites whose table states "
        "none; a layer that is cut counts with its share of depth",
        conversion,
        "nearest cell with a value in every layer, by the great circle, within "
        f"{farthest_km:.4g} km"
        + ("" if chosen else " (half the diagonal of a cell at the equator)"),
        "the run holds its own minerals alone, a site's rate is of the whole soil: a ratio below 1 "
        "is to be expected",
    ]
    if cut:
        notes.append(f"{cut} sites state a depth below that of the run, {100.0 * bottom:g} cm: "
                     "compared with all layers of it")  # fmt: skip
    return SiteComparison(table, site_statistics(table), tuple(notes))


def half_diagonal_km(maps: RunMaps) -> float:
    """From the centre to the corner of a cell at the equator, km: the furthest that a point can be
    from the centre of its own cell."""
    height, width = (float(np.diff(edges)[0]) for edges in (maps.lat_edges, maps.lon_edges))
    none = np.zeros(1)
    corner = nearest_points(np.array([0.5 * height]), np.array([0.5 * width]), none, none)
    return float(corner[1][0])


def parts_above(layer_bounds: Array, depth_m: Array) -> Array:
    """Share of each layer (columns) that lies above each depth (rows), m.

    >>> parts_above(np.array([[0.0, 0.1], [0.1, 0.4], [0.4, 1.0]]), np.array([0.1, 0.25, 2.0]))
    array([[1. , 0. , 0. ],
           [1. , 0.5, 0. ],
           [1. , 1. , 1. ]])
    """
    top, bottom = layer_bounds[:, 0], layer_bounds[:, 1]
    return np.clip((depth_m[:, None] - top) / (bottom - top), 0.0, 1.0)


def equivalents_per_co2(fluxes: xr.Dataset) -> tuple[float, str]:
    """Equivalents of base cations released per mol of CO2 that a run counts, and why.

    Under both stoichiometries of the CO2 pathway a mol of CO2 is a mol of base-cation charge: K in
    kmol_c has it at once, and the CO2 of a mineral's formula is its base-cation charge. So
    1000 eq ha-1 are 1.2011 t C km-2. A soil column must count its carbon by base cations.
    """
    flux, attributes = fluxes["carbon_sink_flux"].attrs, fluxes.attrs
    if "column_reading" in attributes:
        counted = str(flux.get("carbon_sink", ""))
        if not counted.startswith("CO2 as charge"):
            raise InputError(
                "The run counts no weathering (1 problem)",
                [Problem("carbon_sink of the run", counted or "not stated",
                         "carbon by the charge of base cations",
                         'carbon = "base_cations" under [column], and run again')],
            )  # fmt: skip
        return 1.0, f"1 mol CO2 = 1 eq of base cations: the run's carbon is {counted}"
    stoichiometry = str(json.loads(attributes["reading"])["stoichiometry"])
    why = {
        "per_equivalent": "the rate constants count equivalents",
        "mineral_formula": "the CO2 of a mineral is the base-cation charge of its formula",
    }[stoichiometry]
    per_thousand = eq.carbon_from_equivalents(1000.0)
    return 1.0, (
        f"1 mol CO2 = 1 eq of base cations ({stoichiometry}: {why}), "
        f"1000 eq ha-1 = {per_thousand:.4f} t C km-2"
    )


def site_statistics(table: pd.DataFrame) -> pd.DataFrame:
    """Run over site, one row per region and one of all: number, means, ratios, bias, scatter.

    Columns as in :func:`saprolite.analysis.ratios.ratio_statistics`, besides the mean rates of the
    pairs and how many sites are left out by each cause.
    """
    regions = table["region"] if "region" in table else pd.Series(ALL, table.index)
    names = [name for name in dict.fromkeys(regions.tolist()) if name != ALL]
    groups: Mapping[str, pd.Series] = {
        **{name or "no region": regions == name for name in names},
        ALL: pd.Series(True, table.index),
    }
    causes = [cause for cause in dict.fromkeys(table[LEFT_OUT]) if cause]
    rows = []
    for name, chosen in groups.items():
        part = table[chosen]
        used = part[part[LEFT_OUT] == ""]
        found = pair_statistics(used[RUN].to_numpy(float), used[SITE].to_numpy(float))
        rows.append(
            {
                "region": name,
                "n_sites": len(part),
                "n": found["n"],
                **{f"left out: {cause}": int((part[LEFT_OUT] == cause).sum()) for cause in causes},
                f"mean_{SITE}": used[SITE].mean(),
                f"mean_{RUN}": used[RUN].mean(),
                "median_distance_km": used[DISTANCE].median(),
                "largest_distance_km": used[DISTANCE].max(),
                **{f"{key}_1": value for key, value in found.items()
                   if key not in ("n", "left_out", "sign_of_median_log_ratio")},
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _far(farthest_km: float) -> str:
    return f"no cell with a value within {farthest_km:.4g} km"


def _problems(
    sites: pd.DataFrame, maps: RunMaps, depth_cm: float, farthest_km: float
) -> list[Problem]:
    problems = []
    top, bottom = (_CM_PER_M * float(maps.layer_bounds[at]) for at in ((0, 0), (-1, 1)))
    if not top < depth_cm <= bottom:
        problems.append(
            Problem("depth", f"{depth_cm:g} cm", f"above {top:g} to {bottom:g} cm, the run's depth",
                    f"--depth-cm {min(50.0, bottom):g}")
        )  # fmt: skip
    if not farthest_km > 0.0:
        problems.append(Problem("farthest distance", f"{farthest_km:g} km", "above 0 km",
                                "--farthest-km 60"))  # fmt: skip
    missing = [name for name in _NEEDED if name not in sites]
    if missing:
        problems.append(Problem("table of sites", f"no column {', '.join(missing)}",
                                ", ".join(_NEEDED), "name the columns of the table"))  # fmt: skip
    elif sites.empty:
        problems.append(Problem("table of sites", "no site with a place and a rate", "one or more",
                                "look at the causes that the reader counts"))  # fmt: skip
    if not maps.valid.any():
        problems.append(Problem("run", "no cell with a value in every layer", "one or more",
                                "look at missing_inputs of the run"))  # fmt: skip
    return problems
