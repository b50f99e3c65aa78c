"""What a finished run says: totals, means, zones, latitude profile. Reads stores only."""

from saprolite.analysis.latitude import latitude_profile
from saprolite.analysis.maps import RunMaps, read_maps
from saprolite.analysis.summary import headline
from saprolite.analysis.tables import csv_text, tables
from saprolite.analysis.zones import zone_rows

__all__ = [
    "RunMaps",
    "csv_text",
    "headline",
    "latitude_profile",
    "read_maps",
    "tables",
    "zone_rows",
]
