"""A report as one HTML file that needs nothing beside it: no network, no script."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from saprolite.report.content import Content, Figure, Numbers, Points, Table, Text

_KINDS = {Text: "text", Points: "points", Numbers: "numbers", Table: "table", Figure: "figure"}


def as_html(content: Content) -> str:
    """The report; everything that came from files is escaped."""
    return str(_template().render(report=content))


@cache
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("saprolite.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["kind"] = lambda block: _KINDS[type(block)]
    environment.filters["base64"] = lambda data: base64.b64encode(
        data.encode() if isinstance(data, str) else data
    ).decode("ascii")
    return environment.get_template("report.html")
