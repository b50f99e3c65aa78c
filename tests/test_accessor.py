"""``ds.saprolite``: the numbers of the analysis, maps, and when it is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import saprolite as sap
from saprolite.errors import InputError, StoreError

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def fluxes(analysed_demo: Path) -> xr.Dataset:
    return sap.open(analysed_demo)


def table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(out / "analysis" / f"{name}.csv", comment="#")


def test_its_numbers_are_those_of_the_analysis(fluxes: xr.Dataset, analysed_demo: Path) -> None:
    pd.testing.assert_frame_equal(fluxes.saprolite.zones(), table(analysed_demo, "areas"))
    pd.testing.assert_frame_equal(
        fluxes.saprolite.latitudes(), table(analysed_demo, "flux_by_latitude")
    )
    total = fluxes.saprolite.total()
    assert total.attrs["units"] == "Tg yr-1"
    summary = json.loads((analysed_demo / "summary.json").read_text())
    headline = float(total.sum("layer").mean("year"))
    assert headline == pytest.approx(summary["global_total_Tg_C_yr-1"], rel=1e-12)
    stored = fluxes["carbon_sink_total"].sel(series="control")
    np.testing.assert_allclose(total.sum("layer"), stored, rtol=1e-12)


def test_it_follows_a_selection_of_years_layers_and_cells(fluxes: xr.Dataset) -> None:
    whole = fluxes.saprolite.total()
    part = fluxes.sel(year=slice(1980, 1982), layer=[1, 2])
    np.testing.assert_array_equal(part.saprolite.total(), whole.sel(year=part["year"])[:, :2])
    assert part.saprolite.zones()["layers"].iloc[-1] == "0-40 cm"
    north = fluxes.sel(lat=slice(0, 90)).saprolite.zones(latitude_bands=[]).set_index("kind")
    band = fluxes.saprolite.zones(latitude_bands=[[0, 90]]).set_index("kind")
    column = "mean_flux_unweighted_land_t_C_km-2_yr-1"
    assert north.loc["globe", column].iloc[-1] == band.loc["latitude_band", column].iloc[-1]
    assert "latitude_band" not in north.index
    with pytest.raises(StoreError, match=r"ds\.sel\(year=\[\.\.\.\]\)"):
        fluxes.sel(year=1980).saprolite.total()
    with pytest.raises(StoreError, match="not side by side"):
        fluxes.isel(lon=slice(None, None, 2)).saprolite.zones()
    with pytest.raises(InputError, match=r"\[60, 30\]") as caught:
        fluxes.saprolite.zones(latitude_bands=[[0, 90], [60, 30], [0, 91], [1, 2, 3]])
    assert len(caught.value.problems) == 3
    for layers in ([0, 2], [1, 0]):
        with pytest.raises(StoreError, match="do not lie below one another"):
            fluxes.isel(layer=layers).saprolite.zones()
    with pytest.raises(StoreError, match="goes on with it"):
        fluxes.assign_attrs(status="unfinished").saprolite.total()
    with pytest.raises(StoreError, match="no carbon_sink_flux"):
        xr.Dataset().saprolite.total()


def test_maps_are_drawn_in_the_colours_of_their_values(fluxes: xr.Dataset) -> None:
    from matplotlib import pyplot

    with mpl.rc_context({"backend": "agg"}):
        axes = fluxes.saprolite.map("carbon_sink_flux", layer="0-40 cm", year=1980)
        assert "0-40 cm, 1980" in axes.get_title()
        assert "t C km$^{-2}$ yr$^{-1}$" in axes.figure.axes[1].get_xlabel()
        assert type(axes.projection).__name__ == "EqualEarth"
        values = fluxes["carbon_sink_flux"].sel(year=1980)[:2].sum("layer", skipna=False)
        low, high = axes.figure.axes[1].get_xlim()
        assert low == 0.0
        assert 0.9 * high < np.nanpercentile(values, 98) <= high
        trend = fluxes.saprolite.map("trend_slope", layer=1, series="control",
                                     figure=axes.figure, position=212)  # fmt: skip
        low, high = trend.figure.axes[3].get_xlim()
        assert low == -high
        pyplot.close("all")


@pytest.mark.parametrize(("asked", "message"), [
    ({"variable": "carbon_sink"}, "did you mean 'carbon_sink_flux'"),
    ({"layer": "0-30 cm"}, "100-200 cm, 0-40 cm"),
    ({"year": 2100}, "1970 to 1985"),
    ({"mineral": "smectite"}, "leave out mineral"),
    ({"variable": "carbon_sink_flux_by_mineral"}, "chlorite, smectite"),
    ({"variable": "trend_p", "series": "control"}, "0-10 cm, 10-40 cm, 40-100 cm, 100-200 cm"),
    ({"variable": "cell_area", "year": 1980}, "leave out year"),
])  # fmt: skip
def test_a_map_that_is_not_there_is_named(
    fluxes: xr.Dataset, asked: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match="no such map") as error:
        fluxes.saprolite.map(**asked)
    assert message in str(error.value)


def test_it_is_there_as_soon_as_both_packages_are(analysed_demo: Path, tmp_path: Path) -> None:
    # What an installation tells xarray, written by hand: it says what pyproject.toml says.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    told = tmp_path / "told-0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: told\nVersion: 0\n")
    plugins = project["entry-points"]["xarray.backends"].items()
    lines = "\n".join(f"{name} = {home}" for name, home in plugins)
    (told / "entry_points.txt").write_text(f"[xarray.backends]\n{lines}\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    out = str(analysed_demo)
    for code in (
        "import xarray, saprolite; print(hasattr(xarray.Dataset, 'saprolite'))",
        f"import saprolite; ds = saprolite.open({out!r}); print(ds.saprolite is not None)",
        f"import xarray; a = xarray.open_dataset({out!r})\n"
        f"b = xarray.open_dataset({out!r}, engine='saprolite')\n"
        "print(a.equals(b) and a.status == 'finished' and a.saprolite.total().size == 64)",
        "import saprolite, xarray, saprolite.accessor; print(hasattr(xarray.Dataset, 'saprolite'))",
    ):  # fmt: skip
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              env=os.environ | {"PYTHONPATH": path}, check=False)  # fmt: skip
        assert done.stdout.strip() == "True", done.stderr
