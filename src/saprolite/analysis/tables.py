"""Tables of a run as CSV, a unit in every column name, the reading in the first line."""

from __future__ import annotations

from typing import Any

import pandas as pd

from saprolite.analysis.latitude import latitude_profile
from saprolite.analysis.maps import RunMaps
from saprolite.analysis.summary import TOTAL
from saprolite.analysis.zones import zone_rows


def tables(maps: RunMaps, summary: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """The tables by name."""
    profile = latitude_profile(maps)
    zones = zone_rows(maps)
    annual = pd.DataFrame(maps.annual, columns=[f"{name} {TOTAL}" for name in maps.layer_names])
    annual.insert(0, "year", list(maps.years))
    annual[f"{maps.depth_name} {TOTAL}"] = maps.annual.sum(axis=1)
    by_zone_and_layer = pd.DataFrame(
        [[row.name, *row.by_layer, row.total] for row in zones],
        columns=["climate_group", *(f"{name} {TOTAL}" for name in maps.layer_names),
                 f"{maps.depth_name} {TOTAL}"],
    )  # fmt: skip
    missing = summary["missing_inputs_by_cause"]
    trends = {"trends": pd.DataFrame(maps.trends)} if maps.trends else {}
    return {
        "by_layer": _flat(summary["by_layer"]),
        "by_mineral": _flat(summary["by_mineral"]),
        "by_climate_group": _flat(summary["by_climate_group"]),
        "by_climate_group_and_layer": by_zone_and_layer,
        "annual": annual,
        "latitude_profile": pd.DataFrame(
            {
                "latitude_degrees_north": profile.latitude,
                "mean_flux_t_C_km-2_yr-1": profile.mean_flux,
                TOTAL: profile.total,
                "coverage_of_land_1": profile.coverage,
            }
        ),
        "missing_inputs": pd.DataFrame([{"cause": cause, **row} for cause, row in missing.items()]),
        **trends,
    }


def csv_text(table: pd.DataFrame, summary: dict[str, Any]) -> str:
    """A table as CSV; comment lines say what run it is."""
    lines = [f"# {summary['title']}", f"# {summary['reading']}"]
    lines += [f"# {note}" for note in summary["notes"]]
    return "\n".join(lines) + "\n" + table.to_csv(index=False)


def _flat(rows: list[dict[str, Any]]) -> pd.DataFrame:
    means = "mean_flux_t_C_km-2_yr-1"
    flat = []
    for row in rows:
        plain = {key: value for key, value in row.items() if key != means}
        kinds = {f"mean_flux_{kind}_t_C_km-2_yr-1": value
                 for kind, value in row.get(means, {}).items()}  # fmt: skip
        flat.append(plain | kinds)
    return pd.DataFrame(flat)
