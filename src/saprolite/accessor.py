"""``ds.saprolite``: maps, zones and totals of the fluxes that ``saprolite.open`` gives.

Importing this module registers it. That happens by itself where xarray was imported before
saprolite, where saprolite opens or makes a run, and where xarray is asked to open a run folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import xarray as xr

from saprolite.errors import InputError, Problem, StoreError, raise_if_any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from saprolite.analysis.annual import AnnualFields

_NEEDED = ("carbon_sink_flux", "cell_area", "land", "climate_class", "depth_bounds", "lat_bounds",
           "lon_bounds")  # fmt: skip
_DIMS = ("year", "layer", "lat", "lon")


@xr.register_dataset_accessor("saprolite")  # type: ignore[no-untyped-call]
class FluxesAccessor:
    """What a dataset of fluxes can be asked; years, layers and cells may have been selected.

    Only years with a value count. Numbers are those of ``saprolite analyse``, by the same
    functions.
    """

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def map(
        self,
        variable: str = "carbon_sink_flux",
        *,
        layer: str | int | None = None,
        year: int | None = None,
        figure: Figure | None = None,
        position: Any = 111,
        **labels: Any,
    ) -> Axes:
        """Draw a variable on the equal-area projection of the figures.

        Parameters
        ----------
        variable
            Name in the dataset, such as ``carbon_sink_flux`` (t C km-2 yr-1) or ``trend_slope``.
        layer
            Number of a layer from 1, or a name such as ``0-10 cm`` or ``0-40 cm``; by default the
            whole column, where layers add up.
        year
            A year; by default the mean over the years with a value.
        figure, position
            Where to draw: by default a new figure of pyplot, all of it.
        labels
            Where along other dimensions, such as ``mineral="smectite"``.

        Returns
        -------
        The axes of the map; ``axes.figure`` is the figure.

        Raises
        ------
        StoreError
            For a dataset that is no run's.
        InputError
            For a variable, layer, year or label that is not there.
        """
        from saprolite.analysis.run_map import run_map
        from saprolite.report.figures.files import put_caption
        from saprolite.report.figures.flux_maps import draw_run_map

        fields = self._fields
        found = run_map(fields, variable, layer=layer, year=year, labels=labels)
        if figure is None:
            from matplotlib import pyplot

            figure = pyplot.figure(figsize=(8.4, 4.6), layout="constrained")
            put_caption(figure, str(fields.fluxes.attrs["comment"]))
        title = f"{fields.fluxes.attrs['title']}\n{found.title}"
        return draw_run_map(figure, position, fields, found._replace(title=title))

    def zones(
        self,
        *,
        latitude_bands: Sequence[Sequence[float]] | None = None,
        regions: str | None = None,
    ) -> pd.DataFrame:
        """Totals, shares, coverage and the four mean fluxes of parts of the land.

        Parameters
        ----------
        latitude_bands
            Pairs of degrees, south and north; by default those of ``[analysis]``.
        regions
            GeoJSON file of further regions.

        Returns
        -------
        One row for the globe, each climate group and class, band and region, by layer and group of
        layers; a unit in the name of every column. It is ``analysis/areas.csv`` of the run.

        Raises
        ------
        InputError
            For a band that is none: its south is not south of its north, or no latitude.
        """
        from saprolite.analysis.annual import CONTROL
        from saprolite.analysis.area_fluxes import area_fluxes
        from saprolite.analysis.areas import areas_of
        from saprolite.study_analysis import BAND_RULE, AnalysisChoices, is_band

        fields = self._fields
        bands = AnalysisChoices().latitude_bands if latitude_bands is None else latitude_bands
        raise_if_any(
            InputError,
            "Zones cannot be had",
            [
                Problem("latitude_bands", f"{list(band)}", BAND_RULE, "[[-60.0, -30.0], ...]")
                for band in bands
                if not is_band(band)
            ],
        )
        return area_fluxes(fields, fields.flux(CONTROL), areas_of(fields, bands, regions))

    def latitudes(self) -> pd.DataFrame:
        """Areas (km2), coverage, total (Tg C yr-1) and mean flux (t C km-2 yr-1) of every row of
        cells, from south to north: ``analysis/flux_by_latitude.csv`` of the run."""
        from saprolite.analysis.annual import CONTROL
        from saprolite.analysis.latitude_tables import flux_by_latitude

        fields = self._fields
        return flux_by_latitude(fields, fields.flux(CONTROL))["flux_by_latitude"]

    def total(self) -> xr.DataArray:
        """Carbon sink of all cells by year and layer, Tg C yr-1.

        ``total().sum("layer").mean("year")`` is the headline number of a run.
        """
        from saprolite.analysis.annual import CONTROL
        from saprolite.analysis.areas import areas_of
        from saprolite.analysis.trend_maps import area_totals

        fields = self._fields
        (found,) = area_totals(fields.flux(CONTROL), fields.area, areas_of(fields)[:1])
        fluxes = fields.fluxes
        return xr.DataArray(
            found,
            {"year": list(fields.years), "layer": fluxes["layer"].values,
             "depth": ("layer", fluxes["depth"].values, fluxes["depth"].attrs)},
            ("year", "layer"),
            "carbon_sink_total",
            {"units": "Tg yr-1", "long_name": "carbon sink of all cells, teragrams of carbon",
             "units_in_words": "Tg C yr-1"},
        )  # fmt: skip

    @cached_property
    def _fields(self) -> AnnualFields:
        """The fluxes, with the years that are in the dataset and have a value."""
        from saprolite.analysis.annual import AnnualFields
        from saprolite.engine.state import UNFINISHED

        data = self._dataset
        if data.attrs.get("status") == UNFINISHED:
            raise StoreError(
                "These are not the fluxes of a whole run (1 problem)",
                [Problem("dataset", "a run that has not come to its end", "a finished run",
                         "saprolite run STUDY.toml --out OUT goes on with it; open it again then")],
            )  # fmt: skip
        lacking = [name for name in _NEEDED if name not in data]
        lacking += [f"attribute {name}" for name in ("years_used",) if name not in data.attrs]
        if lacking:
            raise StoreError(
                "These are not the fluxes of a run (1 problem)",
                [Problem("dataset", f"no {', '.join(lacking)}", "what saprolite.open gives",
                         'saprolite.open("out/").saprolite')],
            )  # fmt: skip
        flat = [dim for dim in _DIMS if dim not in data["carbon_sink_flux"].dims]
        problems = [
            Problem(dim, "one value, without its dimension", "a list or a slice",
                    f"ds.sel({dim}=[...])")
            for dim in flat
        ]  # fmt: skip
        for name in ("lat", "lon"):
            bounds = data[f"{name}_bounds"].values
            if name not in flat and (bounds[1:, 0] != bounds[:-1, 1]).any():
                problems.append(Problem(name, "cells that are not side by side", "a slice",
                                        f"ds.isel({name}=slice(FIRST, STOP))"))  # fmt: skip
        depths = data["depth_bounds"].values
        if (depths[1:, 0] != depths[:-1, 1]).any():
            problems.append(Problem("layer", "layers that do not lie below one another", "a slice",
                                    "ds.isel(layer=slice(FIRST, STOP))"))  # fmt: skip
        raise_if_any(StoreError, "These fluxes have lost their shape", problems)
        there = {int(year) for year in data["year"].values}
        years = [int(year) for year in data.attrs["years_used"] if int(year) in there]
        return AnnualFields(data.assign_attrs(years_used=years), None)
