"""The soil of a study file: one closed model per product of each soil input."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from saprolite.study_section import Closed
from saprolite.variables import REGISTRY

_DENSITY = REGISTRY["bulk_density"].given_range
_THICKNESS = REGISTRY["effective_thickness"].given_range


class WiseTexture(Closed):
    """ISRIC-WISE 5' as the LPJ-GUESS 0.5 degree soil map (text)."""

    product: Literal["wise"]
    path: str


class GsdeTexture(Closed):
    """Texture of the GSDE, eight layers: a folder with CLAY5min.nc, SILT5min.nc, SAND5min.nc."""

    product: Literal["gsde"]
    path: str


class SoilGridsTexture(Closed):
    """Texture of SoilGrids 2.0, six layers: a folder with clay_0-5cm_mean_5000.tif and so on."""

    product: Literal["soilgrids"]
    path: str


class HwsdTexture(Closed):
    """Texture of HWSD v2.0, seven layers: a folder with HWSD2.bil and HWSD2_LAYERS.csv."""

    product: Literal["hwsd"]
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
    """Bulk density of the GSDE: a folder with BD5min.nc (or BD1.nc and BD2.nc), or one file."""

    product: Literal["gsde"]
    path: str
    variable: str | None = Field(None, description="in the file; BD or bulk_density by default")


class SoilGridsDensity(Closed):
    """Bulk density of SoilGrids 2.0, six layers: a folder with bdod_0-5cm_mean_5000.tif etc."""

    product: Literal["soilgrids"]
    path: str


class HwsdDensity(Closed):
    """Bulk density of HWSD v2.0, seven layers: a folder with HWSD2.bil and HWSD2_LAYERS.csv."""

    product: Literal["hwsd"]
    path: str
    density: Literal["bulk", "reference"] = Field(
        "bulk", description="the column BULK or REF_BULK (the reference, higher by a quarter)"
    )


class ItoWagaiDensity(Closed):
    """Bulk density of topsoil (0 to 0.3 m) and subsoil beside the minerals of Ito & Wagai 2017."""

    product: Literal["ito_wagai"]
    path: str
    topsoil: str = Field(
        "bulk density (topsoil)", description="variable; the default is inferred, not published"
    )
    subsoil: str = Field("bulk density (subsoil)", description="variable; likewise inferred")
    units: Literal["kg m-3", "g cm-3"] | None = Field(None, description="if the file states none")


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
        low, high = _DENSITY
        if not values or not all(low <= value <= high for value in values):
            raise ValueError(
                f"bulk density must be {low:g} to {high:g} kg m-3 (1.32 g cm-3 is 1320)"
            )
        return self


class ItoWagaiMinerals(Closed):
    """Clay-size minerals of Ito & Wagai 2017 (NetCDF, any of its resolutions)."""

    product: Literal["ito_wagai"]
    path: str
    units: Literal["fraction", "percent"] | None = Field(
        None, description="if the file states none and its numbers do not tell"
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


class PelletierThickness(Closed):
    """Pelletier et al. 2016: a folder with the published GeoTIFFs of 30 seconds."""

    product: Literal["pelletier"]
    path: str
    maps: Literal["hillslopes", "average"] = Field(
        "hillslopes",
        description="soil of the hillslopes and deposits of the rest by the fraction of hillslope; "
        "or the average map, in whole metres",
    )


class ShangguanThickness(Closed):
    """Absolute depth to bedrock of Shangguan et al. 2017 (BDTICM_M_*_ll.tif, cm)."""

    product: Literal["shangguan"]
    path: str


class ConstantThickness(Closed):
    """One soil thickness everywhere, in m."""

    product: Literal["constant"]
    metres: float = Field(ge=_THICKNESS[0], le=_THICKNESS[1])


class ClassThickness(Closed):
    """Soil present in each layer by climate class (package table): illustrative, not data."""

    product: Literal["climate_class"]


Texture = Annotated[
    WiseTexture
    | GsdeTexture
    | SoilGridsTexture
    | HwsdTexture
    | NetcdfTexture
    | ConstantTexture
    | ClassTexture,
    Field(discriminator="product"),
]
Density = Annotated[
    GsdeDensity
    | SoilGridsDensity
    | HwsdDensity
    | ItoWagaiDensity
    | NetcdfDensity
    | ConstantDensity,
    Field(discriminator="product"),
]
Minerals = Annotated[
    ItoWagaiMinerals | ClassMinerals | ConstantMinerals, Field(discriminator="product")
]
Thickness = Annotated[
    RasterThickness | PelletierThickness | ShangguanThickness | ConstantThickness | ClassThickness,
    Field(discriminator="product"),
]
