"""The latitude profile of the column's flux, with the share of land that has a value."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from saprolite.analysis import RunMaps, latitude_profile
from saprolite.places import Place
from saprolite.report.figures.files import save_with_caption
from saprolite.report.figures.style import FLUX_LABEL, new_figure, plain


def draw_latitude_profile(maps: RunMaps, folder: Place) -> Place:
    """Mean flux, total per degree, and coverage against latitude."""
    profile = latitude_profile(maps)
    height = float(np.diff(maps.lat_edges)[0])
    figure = new_figure(8.4, 5.2)
    mean, total, cover = figure.subplots(1, 3, sharey=True, width_ratios=(3, 3, 1))
    marker = "o" if maps.lat.size < 3 else None
    mean.plot(profile.mean_flux, profile.latitude, color="#0b3c5d", lw=1.3, marker=marker)
    mean.set_xlabel(f"mean {FLUX_LABEL}", fontsize=9)
    mean.set_ylabel("latitude (degrees north)", fontsize=9)
    mean.set_ylim(maps.lat_edges[0], maps.lat_edges[-1])
    bars = {"height": height, "linewidth": 0.0}
    total.barh(profile.latitude, profile.total / height, color="#3a7d8c", **bars)
    total.set_xlabel("total (Tg C yr$^{-1}$ per degree)", fontsize=9)
    cover.barh(profile.latitude, 100.0 * np.nan_to_num(profile.coverage), color="#b9b9b9", **bars)
    cover.set_xlabel("land with\na value (%)", fontsize=9)
    cover.set_xlim(0.0, 100.0)
    for axes in (mean, total, cover):
        plain(axes)
        axes.axhline(0.0, color="#999999", lw=0.6)
        if axes is not cover:
            axes.set_xlim(left=0.0)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    figure.suptitle(f"{maps.attributes['title']}\nlatitude profile, {maps.depth_name}", fontsize=10)
    path = folder / "latitude_profile.png"
    save_with_caption(figure, path, str(maps.attributes["comment"]))
    return path
