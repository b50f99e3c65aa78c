"""Models: equations, a kinetic table and a Reading put together."""

from saprolite.models.calendar import month_seconds
from saprolite.models.column_reading import COLUMN_CHOICES, MODELS, ColumnReading
from saprolite.models.layer import carbon_sink_flux
from saprolite.models.profile import CO2Pathway, Drivers, Group, Soil
from saprolite.models.reading import CHOICES, PRESETS, Reading

__all__ = [
    "CHOICES",
    "COLUMN_CHOICES",
    "MODELS",
    "PRESETS",
    "CO2Pathway",
    "ColumnReading",
    "Drivers",
    "Group",
    "Reading",
    "Soil",
    "carbon_sink_flux",
    "month_seconds",
]
