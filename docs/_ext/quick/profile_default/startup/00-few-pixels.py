"""Of a build that only checks: figures in few pixels, and of every run its column map alone."""

from matplotlib import figure

import saprolite.report.figures
from saprolite.report.figures import flux_maps, page, world_map

_PIXELS_PER_INCH = 50.0
_new = figure.Figure.__init__


def _coarse(self, *args, **kwargs):
    _new(self, *args, **{**kwargs, "dpi": _PIXELS_PER_INCH})


def _column_map(maps, folder, report):
    report("drawing", 1, 1)
    return flux_maps.draw_depths(maps, {maps.depth_name: maps.column}, folder)


figure.Figure.__init__ = _coarse
page.PIXELS_PER_INCH = world_map.PIXELS_PER_INCH = _PIXELS_PER_INCH
saprolite.report.figures.draw_all = _column_map
