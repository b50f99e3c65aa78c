"""The catalogue of products (``catalog.toml``): title, provider, licence, citation.

>>> entry("gsde")["citation"]
'Shangguan et al. 2014, JAMES 6, 249'
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources


@cache
def _catalog() -> dict[str, dict[str, str]]:
    source = resources.files("saprolite.sources").joinpath("catalog.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def entry(product: str) -> dict[str, str]:
    """What the catalogue says of a product."""
    return {"product": product, **_catalog()[product]}
