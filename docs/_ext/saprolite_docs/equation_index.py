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
    text = cell(text.rstrip(".:"))
    return re.sub(r"docs/equations\.md", "[the equations](../../equations.md)", text)


def index() -> str:
    """All equations, module by module in the order of their pages."""
    functions = [getattr(equations, name) for name in equations.__all__]
    functions = [one for one in functions if inspect.isfunction(one)]
    functions.sort(key=lambda one: (one.__module__, one.__code__.co_firstlineno))
    rows = []
    for function in functions:
        docstring = inspect.getdoc(function) or ""
        summary = re.sub(r":\w+:`~?\.?([\w.]+)`", r"\1", docstring.split("\n\n")[0])
        summary = cell(" ".join(summary.split()).replace("``", ""))
        link = f"{{py:func}}`~{function.__module__}.{function.__name__}`"
        rows.append([link, summary, f"{_source(docstring)} {cited(docstring)}".strip()])
    return table(["function", "what it computes", "source"], rows)
