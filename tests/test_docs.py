"""The documentation site: it builds without a warning, its notebooks run, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from saprolite.constants import TABLE
from saprolite.equations import __all__ as equations
from saprolite.variables import REGISTRY

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(analysed_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, all notebooks executed, its figures those of the shared run."""
    out = tmp_path_factory.mktemp("site") / "html"
    home = tmp_path_factory.mktemp("jupyter")
    environment = {
        **os.environ, "SAPROLITE_DOCS_RUN": str(analysed_demo), "SAPROLITE_DOCS_QUICK": "1",
        "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home), "JUPYTER_DATA_DIR": str(home),
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        "docs",
        str(out),
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return out


class Page(HTMLParser):
    """The links of a page and the places in it that a link may name."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        found = dict(attrs)
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.places |= {found[name] for name in ("id", "name") if found.get(name)}


def test_every_link_leads_somewhere(site: Path) -> None:
    pages = {path: Page(path) for path in site.rglob("*.html") if "_static" not in path.parts}
    assert len(pages) > 45
    wrong = [
        f"{path.relative_to(site)}: {link}"
        for path, page in pages.items() for link in page.links if not _leads(path, link, pages)
    ]  # fmt: skip
    assert wrong == []


def _leads(path: Path, link: str, pages: dict[Path, Page]) -> bool:
    parts = urlparse(link)
    if parts.scheme in ("http", "https"):
        return bool(re.fullmatch(r"[\w.-]+\.\w+", parts.netloc))
    if parts.scheme:
        return parts.scheme in ("data", "mailto")
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.exists():
        return False
    # Script pages (search) make their places when they are opened.
    known = target not in pages or not parts.fragment or target.name == "search.html"
    return known or unquote(parts.fragment) in pages[target].places


def text_of(site: Path, name: str) -> str:
    return (site / f"{name}.html").read_text(encoding="utf-8")


def test_pages_hold_every_equation_constant_variable_and_command(site: Path) -> None:
    index = text_of(site, "theory/equations/index")
    assert [name for name in equations if name.islower() and f"{name}()" not in index] == []
    constants = text_of(site, "theory/constants")
    assert [name for name in TABLE if name not in constants] == []
    nomenclature = text_of(site, "reference/nomenclature")
    assert [name for name in REGISTRY if name not in nomenclature] == []
    commands = text_of(site, "reference/cli")
    for command in ("demo", "run", "analyse", "uncertainty", "data get"):
        assert f"saprolite {command}" in commands
    assert "sphinx" not in re.sub(
        r"<[^>]*>", "", commands.split("<article")[1].split("</article")[0]
    )


def test_notebooks_show_what_they_computed(site: Path) -> None:
    for name in notebooks():
        page = text_of(site, name)
        assert "cell_output" in page, name
        assert "/tmp/" not in page.split("<article")[1].split("</article")[0], name
    computed = "Tg C yr-1 on" in outputs_of(text_of(site, "tutorials/real_study"))
    assert computed == bool(os.environ.get("SAPROLITE_DATA"))


def outputs_of(page: str) -> str:
    """What the cells of a page printed."""
    return " ".join(re.findall(r"highlight-myst-ansi.*?</pre>", page, flags=re.DOTALL))


def notebooks() -> Iterator[str]:
    """Pages that are executed; their outputs are not kept in the repository."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if "file_format: mystnb" in text:
            assert "```{code-cell}" in text
            yield str(path.relative_to(ROOT / "docs").with_suffix(""))
