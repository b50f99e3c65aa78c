"""The files of the interactive map against the stores that they are made from, and their server."""

from __future__ import annotations

import http.client
import json
import runpy
import shutil
import socket
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saprolite as sap
from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.layer_groups import mean_state, summed
from saprolite.cli import app
from saprolite.errors import StoreError
from saprolite.places import files_below
from saprolite.stores import open_dataset
from saprolite.study import Study
from saprolite.study_template import demo_content
from saprolite.viewer.cells import TILE
from saprolite.viewer.encoding import CELL_BITS, MAP_BITS, relative_error, rounded
from saprolite.viewer.export import export
from saprolite.viewer.server import Server
from saprolite.viewer.site import Site


def inflated(data: bytes | None) -> np.ndarray:
    """The numbers of a file of the page, as its scripts put them together."""
    assert data is not None
    planes = np.frombuffer(zlib.decompress(data), np.uint8)
    return planes.reshape(4, -1).T.copy().view("<f4").ravel()


def page_of(site: Site) -> dict[str, Any]:
    return json.loads(site.read("data/page.json") or b"")


def quantity(site: Site, name: str, run: int = 0) -> dict[str, Any]:
    return next(each for each in page_of(site)["runs"][run]["quantities"] if each["name"] == name)


@pytest.fixture(scope="module")
def site(analysed_demo: Path) -> Site:
    return Site.open(analysed_demo)


def unfinished_copy(run: Path, into: Path, **changes: Any) -> Path:
    """A run as it is when its last year is not yet there."""
    shutil.copytree(run, into, ignore=shutil.ignore_patterns("figures", "analysis", "tables"))
    shutil.rmtree(into / "fluxes.zarr/carbon_sink_flux/c/15")
    (into / "summary.json").unlink()
    store = into / "fluxes.zarr/zarr.json"
    content = json.loads(store.read_text())
    del content["attributes"]["years_used"]
    store.write_text(json.dumps(content))
    state = json.loads((into / "run.json").read_text())
    (into / "run.json").write_text(json.dumps({**state, "status": "unfinished", **changes}))
    return into


@pytest.fixture(scope="module")
def one_cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one cell and one year, without experiments, not analysed."""
    out = tmp_path_factory.mktemp("one") / "run"
    content = {**demo_content(5.0), "last_year": 1970, "grid": {"region": [20.0, 0.0, 25.0, 5.0]}}
    sap.run(Study.of(content, Path()), out)
    return out


@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32)))
def test_rounding_keeps_its_promise(values: list[float]) -> None:
    given_values = np.array([value for value in values if abs(value) > 1e-30], np.float32)
    for bits in (MAP_BITS, CELL_BITS):
        error = np.abs(rounded(given_values, bits).astype(float) - given_values)
        assert np.all(error <= relative_error(bits) * np.abs(given_values, dtype=float))


def test_the_scales_of_the_page_are_those_of_their_package() -> None:
    tool = runpy.run_path(str(Path(__file__).parents[1] / "tools/derive_viewer_scales.py"))
    assert json.loads(tool["FILE"].read_text(encoding="utf-8")) == tool["scales"]()


def test_maps_are_those_of_the_stores(site: Site, analysed_demo: Path) -> None:
    fields = AnnualFields.open(analysed_demo)
    column, layer = fields.groups[-1], fields.groups[1]
    folder, error = "data/this/maps", relative_error(MAP_BITS)
    analysis = open_dataset(analysed_demo / "analysis.zarr")
    expected = {
        f"{folder}/flux/control/0-200cm/1985.bin": summed(fields.flux_in("control", 1985), column),
        f"{folder}/flux/soil_moisture_only/10-40cm/1970.bin":
            summed(fields.flux_in("soil_moisture_only", 1970), layer),
        f"{folder}/flux/control/10-40cm/mean.bin":
            summed(fields.flux("control"), layer).mean(axis=0),
        f"{folder}/soil_temperature/all/0-200cm/1972.bin":
            mean_state(fields.state_in("soil_temperature", 1972), column, fields.layer_bounds),
        f"{folder}/flux_trend/contribution_of_soil_co2/0-40cm/p.bin":
            analysis["trend_p"].sel(series="contribution_of_soil_co2",
                                    layers="0-40 cm").values[fields.land],
        f"{folder}/relative_contribution/residual/0-100cm/value.bin":
            analysis["relative_contribution"].sel(driver="residual",
                                                  layers="0-100 cm").values[fields.land],
    }  # fmt: skip
    for path, values in expected.items():
        np.testing.assert_allclose(inflated(site.read(path)), values, rtol=error, err_msg=path)
    codes = site.read(f"{folder}/main_control/all/0-200cm/value.bin")
    stored = analysis["main_control"].sel(layers="0-200 cm").values[fields.land]
    assert np.array_equal(np.frombuffer(zlib.decompress(codes or b""), np.uint8), stored)
    grid = zlib.decompress(site.read("data/grid.bin") or b"")
    assert np.array_equal(np.frombuffer(grid, "<f8", fields.area.size), fields.area)
    place = np.frombuffer(grid, "<u4", fields.area.size, 8 * fields.area.size)
    assert np.array_equal(place, np.flatnonzero(fields.land))


def test_cells_are_those_of_the_stores(site: Site, analysed_demo: Path) -> None:
    fields = AnnualFields.open(analysed_demo)
    cell = 300
    tile, at, layers = cell // TILE, cell % TILE, [group.name for group in fields.groups]
    series = inflated(site.read(f"data/this/cells/flux/control/{tile}.bin"))
    found = series.reshape(4, len(fields.years), -1)[..., at]
    error = relative_error(CELL_BITS)
    flux = fields.flux("control")[:, :, cell]
    np.testing.assert_allclose(found, flux.T, rtol=error)
    rows = inflated(site.read(f"data/this/cells/facts/{tile}.bin")).reshape(-1, TILE)[:, at]
    listed, start = page_of(site)["runs"][0]["facts"], 0
    store = open_dataset(analysed_demo / "analysis.zarr")
    row, column = (int(index[cell]) for index in np.nonzero(fields.land))
    for fact in listed:
        count = len(fact["series"]) * len(quantity(site, fact["quantity"])["layers"])
        if (fact["quantity"], fact["time"]) == ("flux_trend", "slope"):
            slopes = store["trend_slope"].sel(series=fact["series"]).values[:, :, row, column]
            assert slopes.shape == (9, len(layers))
            np.testing.assert_allclose(rows[start : start + count], slopes.ravel(), rtol=error)
        start += count
    assert start == rows.size


def test_what_a_run_lacks_is_not_offered(
    analysed_demo: Path, one_cell: Path, tmp_path: Path
) -> None:
    begun = Site.open(unfinished_copy(analysed_demo, tmp_path / "begun"))
    run = page_of(begun)["runs"][0]
    assert (run["finished"], run["years"]) == (False, list(range(1970, 1985)))
    names = {each["name"] for each in run["quantities"]}
    assert names & {"flux_trend", "relative_contribution", "flux_by_mineral"} == set()
    assert np.isfinite(inflated(begun.read("data/this/maps/flux/control/0-200cm/mean.bin"))).any()

    alone = Site.open(one_cell)
    run = page_of(alone)["runs"][0]
    assert page_of(alone)["grid"]["cells"] == 1
    assert run["years"] == [1970] and not run["analysed"]
    assert [each["label"] for each in quantity(alone, "flux")["series"]] == ["control"]
    assert not any(each["name"].endswith("trend") for each in run["quantities"])
    for each in (begun, alone):
        assert all(each.read(path) is not None for path in each.paths())
    with pytest.raises(StoreError, match="compared by cell"):
        Site.open(analysed_demo, one_cell)
    with pytest.raises(StoreError, match=r"no run\.json"):
        Site.open(tmp_path)


def test_a_run_that_is_not_analysed_has_the_trends_of_its_own_store(
    analysed_demo: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(analysed_demo, bare, ignore=shutil.ignore_patterns("figures", "analysis*"))
    site, store = Site.open(bare), open_dataset(bare / "fluxes.zarr")
    assert quantity(site, "flux_trend")["times"] == ["slope", "p"]
    land = store["land"].values > 0
    for layers, stored in (
        ("0-200cm", store["column_trend_slope"].sel(series="control")),
        ("40-100cm", store["trend_slope"].sel(series="control", layer=3)),
    ):
        found = inflated(site.read(f"data/this/maps/flux_trend/control/{layers}/slope.bin"))
        np.testing.assert_allclose(found, stored.values[land], rtol=relative_error(MAP_BITS))


def test_an_export_is_what_the_server_gives(
    one_cell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = one_cell
    before = {name: file.stat().st_mtime_ns for name, file in files_below(run).items()}
    folder = tmp_path / "site"
    app(["view", str(run), "--export", str(folder)], result_action="return_value")
    assert "http.server" in capsys.readouterr().out
    site = Site.open(run)
    assert sorted(files_below(folder)) == sorted(site.paths())
    assert all(file.read_bytes() == site.read(path) for path, file in files_below(folder).items())
    assert export(site, folder) == sum(file.stat().st_size for file in files_below(folder).values())
    with pytest.raises(StoreError, match="other files"):
        export(site, run)
    assert before == {name: file.stat().st_mtime_ns for name, file in files_below(run).items()}


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[Server]:
    with Server(site) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def asked(server: Server, request: str, *headers: str) -> tuple[int, dict[str, str], bytes]:
    """The answer to a request line that is sent as it is."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        lines = [f"{request} HTTP/1.1", *headers, "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        answer = http.client.HTTPResponse(connection, method=request.split()[0])
        answer.begin()
        return answer.status, dict(answer.headers), answer.read()


def test_the_server_gives_the_page_to_this_machine(server: Server, site: Site) -> None:
    host = f"Host: 127.0.0.1:{server.server_port}"
    assert server.server_address[0] == "127.0.0.1"
    status, headers, body = asked(server, "GET /", host)
    assert status == 200 and body == site.read("index.html")
    assert headers["Content-Type"].startswith("text/html")
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    status, headers, body = asked(server, "HEAD /main.js", host)
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) == len(site.read("main.js") or b"")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        assert asked(server, f"{method} /", host)[0] == 405
    for wrong in ((), ("Host: evil.example",), (host, "Host: evil.example"), (host + "0",)):
        assert asked(server, "GET /data/page.json", *wrong)[0] == 421
    with pytest.raises(StoreError, match="--port"):
        Server(site, server.server_port)


@pytest.mark.parametrize("path", [
    "/../run.json", "/data/../../run.json", "/%2e%2e/run.json", "/..%2frun.json", "//etc/passwd",
    "/run.json", "/data/this/../page.json", "/data/page.json/", "/data//page.json",
    "/leaflet/../main.js", "/./main.js", "/__init__.py", "/main.js%00", "/..\\run.json",
    "/data/this/maps/flux/control/0-200cm/1985", "/data/this/maps/flux/control/0-200cm/9999.bin",
    "/data/this/cells/facts/00.bin", "/data/this/cells/facts/-1.bin", "/leaflet",
    "/data/this/cells/facts/99.bin", "/data/that/cells/facts/0.bin", "http://evil.example/main.js",
])  # fmt: skip
def test_only_paths_of_the_page_exist(server: Server, path: str) -> None:
    host = f"Host: 127.0.0.1:{server.server_port}"
    assert asked(server, f"GET {path}", host)[0] == 404
