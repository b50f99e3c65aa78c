"""The catalogue of products (``catalog/*.toml``): what each is, and how to get it.

A product has editions (a version at a resolution), and an edition says how to get its files.
Every fact that was not read in a file or an authoritative table says so: see ``Confidence``.

>>> entry("gsde")["citation"]
'Shangguan et al. 2014, JAMES 6, 249'
>>> product("gldas_noah_monthly").editions["noah10-v21"].resolution
'1.0 degree, 59.5 S to 89.5 N'
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from saprolite.errors import InputError, Problem, did_you_mean

# R: file = read in a real file of the product or its authoritative table; R = read in public code
# or documentation; C = computed from samples; I = inferred; U = recalled, to be verified.
Confidence = Literal["R: file", "R", "C", "I", "U"]
OWN_FAMILY = "package"


class Closed(BaseModel):
    """A part of the catalogue; a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Variable(Closed):
    """A variable as the product publishes it."""

    unit: str
    meaning: str
    confidence: Confidence


class StaticFile(Closed):
    """A file that does not change, at a URL or in a repository with a DOI that pooch resolves.

    ``hash``: ``sha256:`` or ``md5:`` and hex digits; of a file at a DOI, the repository gives it.
    ``unzip``: the members of an archive that are wanted.
    """

    name: str
    url: str = ""
    doi: str = ""
    hash: str = Field("", pattern=r"^$|^(sha256|md5):[0-9a-f]+$")
    bytes: int | None = Field(None, gt=0)
    bytes_are: Literal["exact", "about"] = "exact"
    unzip: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_place(self) -> StaticFile:
        if bool(self.url) == bool(self.doi):
            raise ValueError(f"{self.name}: a url or a doi, and not both")
        return self


class Earthaccess(Closed):
    """Through NASA's Earthdata, with a login: collection and version as earthaccess names them."""

    via: Literal["earthaccess"]
    short_name: str
    version: str
    confidence: Confidence


class Pooch(Closed):
    """Files at fixed URLs. ``for_each`` fills the names in braces, every combination a file."""

    via: Literal["pooch"]
    files: tuple[StaticFile, ...] = Field(min_length=1)
    for_each: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    confidence: Confidence

    def all_files(self) -> list[StaticFile]:
        """The files with the names in braces filled in."""
        return [
            file.model_copy(
                update={"name": file.name.format(**filled), "url": file.url.format(**filled)}
            )
            for values in itertools.product(*self.for_each.values())
            for filled in [dict(zip(self.for_each, values, strict=True))]
            for file in self.files
        ]


class Manual(Closed):
    """By hand: where to click, what to take and what to name the files."""

    via: Literal["manual"]
    page: str
    steps: tuple[str, ...] = Field(min_length=1)
    confidence: Confidence


class Nothing(Closed):
    """Not to be got, and why."""

    via: Literal["none"]
    reason: str


class Edition(Closed):
    """One version of a product at one resolution.

    ``file``: regular expression of the whole file name, with the groups ``month`` (YYYYMM), or
    ``year`` and ``mon`` or ``day``, where a name holds them. ``generic_name``: other files may
    have such names. ``period``: first and last month, empty where it has no end.
    """

    version: str = ""
    resolution: str = ""
    period: tuple[str, str] | None = None
    doi: str = ""
    doi_confidence: Confidence | None = None
    file: str = ""
    generic_name: bool = False
    early: bool = False
    many_a_month: bool = Field(False, description="several files of one month are no mistake")
    bytes_per_file: int | None = Field(None, gt=0)
    bytes_confidence: Confidence | None = None
    get: Annotated[Earthaccess | Pooch | Manual | Nothing, Field(discriminator="via")]

    @model_validator(mode="after")
    def _tagged(self) -> Edition:
        re.compile(self.file)
        if bool(self.doi) != bool(self.doi_confidence):
            raise ValueError("a doi and its doi_confidence go together")
        if bool(self.bytes_per_file) != bool(self.bytes_confidence):
            raise ValueError("bytes_per_file and bytes_confidence go together")
        return self


class Product(Closed):
    """What is published under one name.

    ``any_version``: regular expression of the file names of every version, also of those that are
    not among the editions. ``signature``: variables or columns that tell a file of any name.
    ``reader``: the module that reads it; ``study``: how a study file names it.
    """

    title: str
    provider: str
    licence: str
    citation: str
    citation_confidence: Confidence = "R"
    doi: str = ""
    doi_confidence: Confidence | None = None
    confidence: Confidence = "R"
    reader: str = ""
    study: str = ""
    redistribution: bool = Field(True, description="may the files be passed on?")
    any_version: str = ""
    signature: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    variables: dict[str, Variable] = Field(default_factory=dict)
    editions: dict[str, Edition] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _tagged(self) -> Product:
        re.compile(self.any_version)
        if bool(self.doi) != bool(self.doi_confidence):
            raise ValueError("a doi and its doi_confidence go together")
        return self


@cache
def catalog() -> dict[str, dict[str, Product]]:
    """All products by family and name, in the order of the files."""
    folder = resources.files("saprolite.sources").joinpath("catalog")
    families = {}
    for source in sorted(folder.iterdir(), key=lambda item: item.name):
        if source.name.endswith(".toml"):
            raw = tomllib.loads(source.read_text(encoding="utf-8"))
            families[source.name.removesuffix(".toml")] = {
                name: Product.model_validate(content) for name, content in raw.items()
            }
    return families


@cache
def published() -> dict[str, Product]:
    """Every product that somebody publishes, by name."""
    return {
        name: item
        for family, products in catalog().items()
        if family != OWN_FAMILY
        for name, item in products.items()
    }


def product(name: str) -> Product:
    """A published product; ``InputError`` with the closest name where there is none."""
    if name not in published():
        raise InputError(
            "The catalogue does not have this product (1 problem)",
            [Problem(name, "not in the catalogue", "a name that saprolite data list shows",
                     did_you_mean(name, published()))],
        )  # fmt: skip
    return published()[name]


def edition_of(item: Product, names: Iterable[str]) -> tuple[str, Edition] | None:
    """The one edition whose files all have these names, None where they do not tell."""
    listed = list(names)
    found = [
        (key, edition)
        for key, edition in item.editions.items()
        if listed and edition.file and all(re.fullmatch(edition.file, name) for name in listed)
    ]
    return found[0] if len(found) == 1 else None


def entry(name: str, files: Iterable[Path] = ()) -> dict[str, str]:
    """What a run and its report say of a product: its title, provider, DOI, licence, citation.

    Where the names of the ``files`` tell the edition, its name, version and own DOI are given: a
    product of several versions has no DOI in common.
    """
    item = {name: item for family in catalog().values() for name, item in family.items()}[name]
    told = edition_of(item, (file.name for file in files))
    key, edition = told or ("", None)
    kept = {
        "title": item.title,
        "edition": key,
        "version": edition.version if edition else "",
        "provider": item.provider,
        "doi": (edition.doi if edition else "") or item.doi,
        "licence": item.licence,
        "citation": item.citation,
    }
    return {"product": name, **{key: value for key, value in kept.items() if value}}
