"""The interactive map in a browser: what it shows against the stores, what it asks for, what it
lets in. One browser for all tests."""

from __future__ import annotations

import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Page, sync_playwright

import saprolite as sap
from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.layer_groups import summed
from saprolite.analysis.zones import group_masks
from saprolite.constants import CARBON_MOLAR_MASS, CO2_MOLAR_MASS
from saprolite.stores import open_dataset
from saprolite.study import Study
from saprolite.study_template import demo_content
from saprolite.viewer.encoding import CELL_BITS, MAP_BITS, relative_error
from saprolite.viewer.export import export
from saprolite.viewer.server import Server
from saprolite.viewer.site import Site
from saprolite.viewer.viewed_run import ViewedRun
from test_viewer import unfinished_copy

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_QUIET = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-sandbox",
)  # fmt: skip
_CELL, _AREA = (12.5, 22.5), ((37.0, -18.0), (33.0, 52.0), (-33.0, 41.0), (4.0, -11.0))
_TOTAL = '#total [data-key="{}"]'


@dataclass
class Opened:
    """A page in the browser, what it asked for and what went wrong."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def drawn(self, *parts: str) -> None:
        """Wait until a view with these parts in its address is drawn."""
        wanted = "".join(f'[data-drawn*="{part}"]' for part in parts)
        self.page.wait_for_selector(f"body{wanted or '[data-drawn]'}", state="attached")

    def number(self, key: str) -> float:
        """A number of the totals, unrounded."""
        text = self.page.locator(_TOTAL.format(key)).get_attribute("data-value")
        return float(text or "nan")

    def point(self, lat: float, lon: float) -> tuple[float, float]:
        """Where a place of the Earth is on the screen."""
        centre, zoom = (re.search(rf"{name}=([-0-9.,]+)", self.page.url) for name in ("at", "zoom"))
        assert centre and zoom
        middle = [float(part) for part in centre[1].split(",")]
        per_degree = 256.0 * 2.0 ** float(zoom[1]) / 180.0
        box = self.page.locator("#map").bounding_box()
        assert box
        return (box["x"] + box["width"] / 2 + (lon - middle[1]) * per_degree,
                box["y"] + box["height"] / 2 - (lat - middle[0]) * per_degree)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(_PROGRAMS)} is on the PATH")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(_QUIET))
        yield launched
        launched.close()


@contextmanager
def serving(server: http.server.HTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    with server:
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def url(analysed_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page of the demo planet, against a run with other soil whose title is hostile."""
    other = tmp_path_factory.mktemp("other") / "run"
    content = {**demo_content(5.0), "last_year": 1971, "title": "<img src=x onerror=alert(1)>"}
    content["inputs"] = {**content["inputs"],
                         "bulk_density": {"product": "constant", "kg_m3": 1100.0}}  # fmt: skip
    sap.run(Study.of(content, Path()), other)
    with serving(Server(Site.open(analysed_demo, other))) as address:
        yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Open an address; nothing may be asked of any but this machine, and nothing may fail."""
    opened: list[Opened] = []

    def open_page(address: str, width: int = 1200) -> Opened:
        page = browser.new_page(viewport={"width": width, "height": 760})
        page.set_default_timeout(15_000)
        found = Opened(page)
        page.on("request", lambda request: found.requests.append(request.url))
        page.on("pageerror", lambda error: found.errors.append(str(error)))
        page.on("dialog", lambda dialog: found.errors.append(dialog.message))
        page.on("console", lambda line: found.errors.extend([line.text] * (line.type == "error")))
        page.goto(address)
        opened.append(found)
        return found

    yield open_page
    for each in opened:
        each.page.close()
        assert each.errors == []
        assert [asked for asked in each.requests if not asked.startswith(
            ("http://127.0.0.1:", "data:"))] == []  # fmt: skip


def total(flux: np.ndarray, fields: AnnualFields, inside: np.ndarray) -> float:
    """Area sum over cells with a value, Tg CO2 yr-1."""
    carbon = float(np.nansum(np.where(inside, flux * fields.area, 0.0))) / 1e6
    return carbon * CO2_MOLAR_MASS / CARBON_MOLAR_MASS


def column(fields: AnnualFields, year: int, series: str = "control") -> np.ndarray:
    return summed(fields.flux_in(series, year), fields.groups[-1])


def test_years_zones_and_drawn_areas_have_the_totals_of_the_stores(
    visit: Callable[..., Opened], url: str, analysed_demo: Path
) -> None:
    fields, error = AnnualFields.open(analysed_demo), relative_error(MAP_BITS)
    everywhere = np.ones(fields.area.size, bool)
    here = visit(url)
    here.drawn("quantity=flux", "series=control")
    mean = np.mean([column(fields, year) for year in fields.years], axis=0)
    assert here.number("co2") == pytest.approx(total(mean, fields, everywhere), rel=error)
    assert "t C km⁻² yr⁻¹" in here.page.inner_text("#legend").replace("\u00a0", " ")
    here.page.focus("#year")
    here.page.keyboard.press("ArrowLeft")
    here.drawn("time=1984")
    here.page.keyboard.press("Home")
    here.drawn("time=1970")
    flux = column(fields, 1970)
    assert here.number("co2") == pytest.approx(total(flux, fields, everywhere), rel=error)
    here.page.select_option("#zone", "B arid")
    here.drawn("zone=B+arid")
    arid = group_masks(fields.climate)["B arid"]
    assert here.number("co2") == pytest.approx(total(flux, fields, arid), rel=error)
    here.page.select_option("#zone", "")
    here.page.select_option("#series", "soil_moisture_only")
    here.drawn("series=soil_moisture_only")

    here.page.click("#draw")
    for corner in _AREA[:-1]:
        here.page.mouse.click(*here.point(*corner), delay=5)
    here.page.mouse.dblclick(*here.point(*_AREA[-1]))
    here.drawn("area=")
    drawn = re.search(r"area=([^&]+)", here.page.url)
    assert drawn
    corners = [[float(x) for x in pair.split(",")] for pair in unquote(drawn[1]).split(";")]
    np.testing.assert_allclose(corners, _AREA, atol=1.0)
    polygon = shapely.Polygon([(lon, lat) for lat, lon in corners])
    inside = shapely.contains_xy(polygon, fields.longitude, fields.latitude)
    assert 80 < inside.sum() < 250
    moisture = column(fields, 1970, "soil_moisture_only")
    assert here.number("co2") == pytest.approx(total(moisture, fields, inside), rel=error)
    assert here.number("area") == pytest.approx(fields.area[inside].sum(), rel=1e-12)
    here.page.click("#clear")
    here.page.click("#play")
    here.drawn("time=1972")


def test_a_click_shows_the_cell_and_its_link_opens_the_same_view(
    visit: Callable[..., Opened], url: str, analysed_demo: Path
) -> None:
    here = visit(f"{url}#quantity=flux_trend&series=control&layers=0-40cm&cell=0,-177")
    here.drawn("layers=0-40cm")
    assert here.page.is_hidden("#panel")
    here.page.mouse.click(*here.point(*_CELL))
    here.drawn("cell=12.5,22.5")
    store = open_dataset(analysed_demo / "analysis.zarr").sel(lat=_CELL[0], lon=_CELL[1])
    slope = float(store["trend_slope"].sel(series="control", layers="0-40 cm"))
    value = here.page.locator("#panel .value").get_attribute("data-value")
    assert float(value or "nan") == pytest.approx(slope, rel=relative_error(MAP_BITS))
    here.page.select_option("#quantity", "flux")
    here.page.select_option("#layers", "10-40cm")
    here.page.check("#when-year")
    here.drawn("layers=10-40cm", "time=1985")
    link = here.page.locator("#panel a[download]").get_attribute("href") or ""
    rows = unquote(link).splitlines()[2:]
    series = open_dataset(analysed_demo / "fluxes.zarr")["carbon_sink_flux"].sel(
        lat=_CELL[0], lon=_CELL[1], layer=2)  # fmt: skip
    assert [int(row.split(",")[0]) for row in rows] == series["year"].values.tolist()
    np.testing.assert_allclose([float(row.split(",")[1]) for row in rows], series.values,
                               rtol=relative_error(CELL_BITS))  # fmt: skip
    text = here.page.inner_text("#panel").replace("\u00a0", " ")
    p = float(store["trend_p"].sel(series="control", layers="10-40 cm"))
    assert ("p < 0.001" if p < 0.001 else f"p = {p:.2g}") in text
    here.page.keyboard.press("Escape")
    for number in range(1, here.page.locator("#panel summary").count()):
        here.page.locator("#panel summary").nth(number).click()
    text = here.page.inner_text("#panel")
    for part in ("chlorite", "soil temperature only", "main control", "Bulk density", "vermiculite",
                 "Soil moisture, annual mean", "Climate B arid"):  # fmt: skip
        assert part in text, part

    again = visit(here.page.url)
    again.drawn("cell=12.5,22.5")
    assert again.page.url == here.page.url
    assert again.page.inner_text("#legend") == here.page.inner_text("#legend")
    assert again.page.inner_text("#total") == here.page.inner_text("#total")
    chart = "#panel figure >> nth=0"
    assert again.page.inner_text(chart) == here.page.inner_text(chart)


def test_two_runs_and_their_difference_and_nothing_believed_that_came_from_a_file(
    visit: Callable[..., Opened], url: str, analysed_demo: Path
) -> None:
    here = visit(f"{url}#time=1970")
    here.drawn("run=this")
    this = here.number("carbon")
    here.page.select_option("#run", "against")
    here.drawn("run=against")
    other = here.number("carbon")
    here.page.select_option("#run", "difference")
    here.drawn("run=difference")
    assert abs(this - other) > 0.01 * this
    assert here.number("carbon") == pytest.approx(this - other, abs=2e-4 * this)
    # Means and trends are over other years than those of the other run.
    assert here.page.is_hidden("#when-mean") and here.page.is_checked("#when-year")
    assert "Trend" not in here.page.inner_text("#quantity")
    here.page.fill("#lat", "12.5")
    here.page.fill("#lon", "22.5")
    here.page.keyboard.press("Enter")
    here.drawn("cell=12.5,22.5")
    here.page.click("#about summary")
    assert "<img src=x onerror=alert(1)>" in here.page.inner_text("#about")
    assert here.page.locator("img").count() == 0


def test_an_export_works_from_any_server_and_says_what_is_unfinished(
    visit: Callable[..., Opened], analysed_demo: Path, tmp_path: Path
) -> None:
    run = unfinished_copy(analysed_demo, tmp_path / "run", title="<b>Begun</b>")
    export(Site.open(run), tmp_path / "site")
    handler = functools.partial(_Quiet, directory=str(tmp_path / "site"))
    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as address:
        here = visit(f"{address}index.html", width=380)
        here.drawn("quantity=flux")
        assert "not finished: 15 of 16 years" in here.page.inner_text("#warning")
        assert here.page.inner_text("h1") == "<b>Begun</b>"
        wide = here.page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= 380
        for control in here.page.locator("select:visible, input:visible, button:visible").all():
            named = control.evaluate(
                "node => node.labels?.length || node.ariaLabel || node.textContent.trim()"
            )
            assert named, control
        state = json.loads((run / "run.json").read_text())
        assert state["reading_summary"] in here.page.inner_text("#subtitle")
        fields = ViewedRun.open(run).fields
        mean = np.mean([column(fields, year) for year in range(1970, 1985)], axis=0)
        expected = total(mean, fields, np.ones(fields.area.size, bool))
        assert here.number("co2") == pytest.approx(expected, rel=relative_error(MAP_BITS))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
