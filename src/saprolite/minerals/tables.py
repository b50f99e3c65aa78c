"""Reading of the packaged tables: CSV files whose comment lines say what they are."""

from __future__ import annotations

import csv
import io
from importlib import resources


def packaged_text(name: str) -> str:
    """Text of a file in ``minerals/data``."""
    return resources.files("saprolite.minerals").joinpath("data", name).read_text(encoding="utf-8")


def csv_rows(text: str) -> list[dict[str, str]]:
    """Rows of a CSV text, comment lines left out.

    >>> csv_rows("# what this is\\na,b\\n1,2\\n")
    [{'a': '1', 'b': '2'}]
    """
    lines = [line for line in io.StringIO(text) if not line.startswith("#")]
    return list(csv.DictReader(lines))
