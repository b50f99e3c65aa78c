"""The report: everything in it, nothing beside it, nothing believed that came from a file."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

import saprolite as sap
from saprolite.cli import app
from saprolite.errors import InputError, StoreError
from saprolite.report.content import Content, Figure, Section, Text, shown
from saprolite.report.pdf import write_pdf
from saprolite.report_workflow import report
from saprolite.study import Study
from saprolite.study_template import demo_content
from world import World

TITLE = "Tom & <b>Jerry</b> <script>alert(1)</script>"


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
    content = {**demo_content(5.0), "last_year": 1975, "title": TITLE,
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
    assert TITLE in "".join(page.words)
    assert "<b>Jerry" not in text
    assert "<script" not in text
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
    assert "No trends: 1 of the 3 years that a trend needs." in text
    with pytest.raises(StoreError, match=r"no run\.json"):
        report(tmp_path)


def test_what_is_missing_is_named_with_its_command_and_nothing_is_invented(run: Path) -> None:
    text = report(run)[0].read_text(encoding="utf-8")
    for command in ("uncertainty", "scenario", "sites", "compare", "references", "claims", "audit"):
        assert f"saprolite {command} " in text
        assert f'id="{command}"' not in text
    assert "saprolite analyse" not in text
    assert "by the errors of inputs" not in text


def test_what_other_commands_wrote_is_found_in_the_run_and_in_named_folders(
    run: Path, tmp_path: Path
) -> None:
    from saprolite.analysis_workflow import judge_claims
    from saprolite.comparison.reference_outputs import write_references
    from saprolite.comparison.scenario_outputs import named_runs, write_scenario
    from saprolite.uncertainty_workflow import uncertainty, write_uncertainty

    out = tmp_path / "out"
    shutil.copytree(run, out)
    found = uncertainty(out, draws=50)
    write_uncertainty(found, out)
    judge_claims(out)
    fluxes = sap.open(out)
    write_references(fluxes, out / "references", 50.0)
    write_scenario(named_runs([(out, fluxes), (out, fluxes)]), tmp_path / "future",
                   last_years=2, first_years=1)  # fmt: skip
    audit = ["audit", str(out), "--table", str(out / "analysis/audit.csv")]
    app(audit, result_action="return_value")
    app(["report", str(out), "--with", str(tmp_path / "future")], result_action="return_value")
    page = Page((out / "report.html").read_text(encoding="utf-8"))
    sections = [about["id"] for tag, about in page.tags if tag == "section"]
    for anchor in ("uncertainty", "scenario", "studies", "claims", "audit", "more"):
        assert anchor in sections
    words = " ".join(page.words)
    total = found.tables["uncertainty"].set_index("quantity").loc["global total"]
    assert f"{shown(total['P5'])} to {shown(total['P95'])} by the errors of inputs" in words
    assert "say nothing about the Earth" in words
    assert "saprolite sites" in words and "saprolite claims" not in words
    assert "does not name this run" not in words
    figures = [about for tag, about in page.tags if tag == "img"]
    assert all(len(about["alt"] or "") > 20 for about in figures)
    files = {about["download"] for tag, about in page.tags if tag == "a" and "download" in about}
    assert {"uncertainty.csv", "table1.csv", "scenario_change.csv", "claims.csv"} <= files

    state = json.loads((out / "run.json").read_text()) | {"title": "Another"}
    (out / "run.json").write_text(json.dumps(state))
    summary = json.loads((out / "summary.json").read_text()) | {"global_total_Tg_C_yr-1": 1.0}
    (out / "summary.json").write_text(json.dumps(summary))
    text = report(out, beside=[tmp_path / "future"])[0].read_text(encoding="utf-8")
    assert "which does not name this run" in text
    assert text.count("of another run: its total is") == 2
    assert "by the errors of inputs" not in text
    with pytest.raises(InputError, match="these has written"):
        report(out, beside=[tmp_path])


@pytest.mark.parametrize("size", [(300, 1200), (2160, 3572), (1200, 300)])
def test_a_figure_of_any_shape_has_room_on_a_page(tmp_path: Path, size: tuple[int, int]) -> None:
    """The maps of a region that is taller than wide did not fit, and there was no PDF."""
    picture = io.BytesIO()
    Image.new("RGB", size).save(picture, "png")
    figure = Figure("fig", picture.getvalue(), "a map", "What it shows. " * 30)
    sections = (Section("maps", "Maps", (Text("Before it."), figure)),)
    write_pdf(Content("A region", "2001", True, sections), tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
