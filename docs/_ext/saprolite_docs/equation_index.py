"""The table of all equations: name, what it computes, source; from their docstrings."""

from __future__ import annotations

import inspect
import re

from saprolite import equations
from saprolite_docs.citations import cited
from saprolite_docs.markdown import cell, table


def _source(docstring: str) -> str:
    found = re.search(r"Source:\s*(.*?)(?:\n\s*\n|\Z)", docstring, flags=re.DOTALL)
    text = " ".join(found.group(1).split()) if found else ""
    text = re.sub(r":\w+:`~?\.?([\w.]+)`", r"\1", text).replace("``", "")
    text = re.split(r"\.? (?:By hand|Golden value|No lag)", text)[0]
    return cell(text.rstrip(".:"))


def index(*modules: str) -> str:
    """The equations of the modules that are named; all of them where none is."""
    rows = []
    for name in equations.__all__:
        function = getattr(equations, name)
        if not inspect.isfunction(function):
            continue
        module = function.__module__.rpartition(".")[2]
        if modules and module not in modules:
            continue
        docstring = inspect.getdoc(function) or ""
        summary = re.sub(r":\w+:`~?\.?([\w.]+)`", r"\1", docstring.split("\n\n")[0])
        summary = cell(" ".join(summary.split()).replace("``", ""))
        link = f"{{py:func}}`~saprolite.equations.{module}.{name}`"
        rows.append([link, summary, f"{_source(docstring)} {cited(docstring)}".strip()])
    return table(["function", "what it computes", "source"], rows)
