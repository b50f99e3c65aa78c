"""The report: everything in it, nothing beside it, nothing believed that came from a file."""

from __future__ import annotations

import base64
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

import saprolite as sap
from saprolite.cli import app
from saprolite.errors import StoreError
from saprolite.report.content import shown
from saprolite.report_workflow import report
from saprolite.study import Study
from saprolite.study_template import demo_content
from world import World


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo run, analysed."""
    out = tmp_path_factory.mktemp("report") / "run"
    content = {**demo_content(5.0), "last_year": 1975, "title": "Tom & <b>Jerry</b>",
               "experiments": {"run": ["soil_moisture", "soil_temperature"]}}  # fmt: skip
    sap.run(Study.of(content, Path()), out)
    sap.analyse(out)
    return out


def test_a_report_needs_nothing_beside_it_and_escapes_what_came_from_files(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app(["report", str(run)], result_action="return_value")
    assert "report.html" in capsys.readouterr().out
    text = (run / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe")
        for name in ("src", "href"):
            value = attributes.get(name) or "#"
            assert value.startswith(("data:", "#")), (tag, value[:60])
    assert "Tom & <b>Jerry</b>" in "".join(page.words)
    assert "<b>Jerry" not in text
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) >= 7
    assert all(len(str(picture["alt"])) > 20 for picture in pictures)
    anchors = {attributes.get("id") for _, attributes in page.tags}
    links = [str(attributes["href"]) for tag, attributes in page.tags if tag == "a"]
    assert all(link[1:] in anchors for link in links if link.startswith("#"))
    assert "not finished" not in text


def test_its_numbers_are_those_of_the_run(run: Path) -> None:
    html, pdf = report(run)
    text = html.read_text(encoding="utf-8")
    summary = json.loads((run / "summary.json").read_text())
    assert f"{shown(summary['global_total_Tg_C_yr-1'])} Tg C yr" in text
    tables = re.findall(r'download="([^"]+)" href="data:text/csv;base64,([^"]+)"', text)
    stored = dict(tables)
    assert base64.b64decode(stored["by_layer.csv"]) == (run / "tables/by_layer.csv").read_bytes()
    for part in ("Rubel et al. 2017", "Eq 5", "land ice", "Where soil dries or warms",
                 "canonical", summary["notes"][0]):  # fmt: skip
        assert part in text
    data = pdf.read_bytes()
    assert data.startswith(b"%PDF") and len(data) > 100_000
    again = report(run)[1].read_bytes()
    assert again == data


def test_unfinished_runs_one_cell_and_one_year_are_reported_as_they_are(
    run: Path, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    begun.mkdir()
    shutil.copy(run / "run.json", begun)
    state = json.loads((begun / "run.json").read_text())
    state |= {"status": "unfinished", "counts_of_clipped_values": {}}
    (begun / "run.json").write_text(json.dumps(state))
    text = report(begun)[0].read_text(encoding="utf-8")
    assert "This run is not finished" in text and "no results yet" in text

    world = World(tmp_path / "w", years=range(2000, 2001)).write()
    one = tmp_path / "one"
    content = world.study(grid__region=[0.0, 0.0, 10.0, 10.0], grid__max_missing_percent=100.0,
                          last_year=2000)  # fmt: skip
    sap.run(Study.of(content, Path()), one)
    text = report(one)[0].read_text(encoding="utf-8")
    assert "Trend of the sink" not in text and "Tg C yr" in text
    with pytest.raises(StoreError, match=r"no run\.json"):
        report(tmp_path)
