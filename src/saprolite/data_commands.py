"""The command ``saprolite data``: products, how to get them, what is there."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import cyclopts

from saprolite.errors import InputError, Problem, did_you_mean
from saprolite.progress import Progress

if TYPE_CHECKING:
    from saprolite.sources.catalog import Edition, Product
    from saprolite.sources.download import Download

app = cyclopts.App(
    name="data",
    help="The data products of a study: list, show, get, check; what resampling does to them.",
)
_WIDTH = 100
_MEGABYTE = 1e6
_HOW = {"earthaccess": "get (Earthdata login)", "pooch": "get", "manual": "by hand", "none": "-"}


@app.command(name="list")
def list_() -> None:
    """List every product: its name, its editions and how to get them."""
    from saprolite.sources.catalog import OWN_FAMILY, catalog

    for family, products in catalog().items():
        if family == OWN_FAMILY:
            continue
        print(family)
        for name, item in products.items():
            print(f"  {name:24s} {item.title}")
            for edition, content in item.editions.items():
                print(f"    {edition:22s} {_HOW[content.get.via]:22s} {content.resolution}")
    print("\nsaprolite data show NAME; saprolite data get NAME/EDITION --out FOLDER")


@app.command
def show(name: str) -> None:
    """Show all that the catalogue says of a product.

    Every fact has a tag: [R: file] read in a file of the product or its authoritative table, [R]
    read in public code or documentation, [C] computed, [I] inferred, [U] recalled, to be verified.

    Parameters
    ----------
    name
        The product, as saprolite data list shows it.
    """
    from saprolite.sources.catalog import product

    name = name.partition("/")[0]
    item = product(name)
    print(f"{name}: {item.title}  [{item.confidence}]")
    print(f"  provider  {item.provider}")
    if item.doi:
        print(f"  doi       {item.doi}  [{item.doi_confidence}]")
    print(f"  licence   {item.licence}" + ("" if item.redistribution else "; do not pass it on"))
    print(f"  cite      {item.citation}  [{item.citation_confidence}]")
    if item.study:
        print(f"  study     {item.study}")
    elif item.reader:
        print(f"  reader    {item.reader}")
    if item.variables:
        print("  variables")
        for variable, content in item.variables.items():
            text = f"{content.meaning}  [{content.confidence}]"
            print(f"    {variable:24s} {content.unit:14s} {text}")
    for edition, part in item.editions.items():
        print("\n".join(_edition_lines(edition, part)))
    for note in item.notes:
        print(textwrap.fill(f"note: {note}", _WIDTH, initial_indent="  ", subsequent_indent="    "))


@app.command
def get(name: str, *, out: Path | None = None, years: str | None = None, yes: bool = False) -> None:
    """Fetch a product, after saying how many bytes that is; the same command goes on after a stop.

    Parameters
    ----------
    name
        The product, or PRODUCT/EDITION where it has several.
    out
        Folder of the files, data/PRODUCT/EDITION by default.
    years
        Years of a product that is published by month, such as 1970-2018.
    yes
        Do not ask.
    """
    from saprolite.sources.download import prepare_download

    product, edition, content = _chosen(name)
    folder = out or Path("data") / product / edition
    download = prepare_download(content, folder, _years(years), f"{product}/{edition}")
    print(_cost(download))
    if download.wanted:
        download.require_space()
        if not yes and not _agreed():
            print("nothing fetched")
            return
    with Progress() as report:
        files = download.fetch(report)
    print(f"{len(files)} {'file' if len(files) == 1 else 'files'} in {folder}, whole")
    unverified = sum(not file.hash for file in download.wanted)
    if unverified:
        print(f"  {unverified} of them without a published hash: checked by their length only")


@app.command
def check(path: Path, *, years: str | None = None) -> None:
    """Say what the files of a folder are, and what is missing, truncated or of another version.

    Parameters
    ----------
    path
        A file, or a folder that is looked at with all its folders.
    years
        The years of which every month is wanted, such as 1970-2018.
    """
    from saprolite.errors import raise_if_any
    from saprolite.sources.recognise import survey

    with Progress() as report:
        found = survey(path, _years(years), report)
    print("\n".join(found.lines))
    raise_if_any(InputError, f"{path} is not complete", found.problems)
    print("no problem found")


@app.command
def resampling(file: Path, variable: str, *, resolution: float, least: float = 0.0) -> None:
    """Print the error that a field takes on coarser cells: against itself, area-weighted.

    Parameters
    ----------
    file
        A NetCDF file.
    variable
        A variable of it on latitude and longitude; depths or times before them count alike.
    resolution
        Size of the coarser cells in degrees; divides 180.
    least
        Cells with a value of this or less, without its sign, have no relative error.
    """
    from saprolite.grid import Grid, resampled, resampling_error
    from saprolite.sources.netcdf_fields import read_map

    with Progress() as report:
        report("resampling", 0, 2)
        fine = read_map(file, variable)
        report("resampling", 1, 2)
        own = Grid.from_centres(fine["lat"], fine["lon"], str(file)).step
        _require_coarser(resolution, max(own))
        error = resampling_error(fine, resampled(fine, Grid.globe(resolution)), least)
        report("resampling", 2, 2)
    print(
        f"{variable} of {file.name}, {max(own):g}-degree cells through {resolution:g}-degree cells"
    )
    print(f"  compared with the field itself over {error.cells} values, weighted by area:")
    for name, value in (
        ("mean of |coarse - fine|/|fine|", error.mean_absolute_relative_percent),
        ("mean of |coarse - fine|, of the mean", error.mean_absolute_percent),
        ("root mean square, of the mean", error.rms_percent),
        ("bias, of the mean", error.bias_percent),
    ):
        print(f"  {name:38s} {round(value, 4) + 0.0:10.4f} %")  # no -0.0000
    if error.without_ratio_percent > 0.0:
        print(f"  no relative error (|fine| of {least:g} {fine.attrs['units']} or less) on "
              f"{error.without_ratio_percent:.2f} % of the area")  # fmt: skip


def _require_coarser(resolution: float, own: float) -> None:
    whole = resolution > 0.0 and abs(180.0 / resolution - round(180.0 / resolution)) < 1e-9
    if not whole or not own <= resolution <= 90.0:
        problem = Problem("--resolution", f"{resolution:g} degrees for cells of {own:g}",
                          f"{own:g} to 90 degrees, dividing 180", "--resolution 2")  # fmt: skip
        raise InputError("The field cannot be resampled (1 problem)", [problem])


def _edition_lines(name: str, edition: Edition) -> list[str]:
    parts = [edition.version, edition.resolution]
    if edition.period:
        parts.append(f"{edition.period[0]} to {edition.period[1] or 'now'}")
    lines = [f"  edition {name}: " + "; ".join(part for part in parts if part)]
    if edition.doi:
        lines.append(f"    doi     {edition.doi}  [{edition.doi_confidence}]")
    if edition.file:
        lines.append(f"    files   {edition.file}")
    if edition.bytes_per_file:
        size = f"about {edition.bytes_per_file / _MEGABYTE:.3g} MB a file"
        lines.append(f"    size    {size}  [{edition.bytes_confidence}]")
    source = edition.get
    if source.via == "earthaccess":
        text = f"earthaccess, {source.short_name} version {source.version}  [{source.confidence}]"
        lines.append(f"    get     {text}")
    elif source.via == "pooch":
        for file in source.files:
            lines.append(f"    get     {file.url or 'doi:' + file.doi}  [{source.confidence}]")
            if file.hash:
                lines.append(f"            {file.hash}")
    elif source.via == "manual":
        lines.append(f"    by hand {source.page}  [{source.confidence}]")
        lines += [f"            {number}. {step}" for number, step in enumerate(source.steps, 1)]
    else:
        lines.append(f"    -       {source.reason}")
    return lines


def _chosen(name: str) -> tuple[str, str, Edition]:
    """Product, edition and its content of NAME or NAME/EDITION."""
    from saprolite.sources.catalog import product

    key, slash, edition = name.partition("/")
    item: Product = product(key)
    if not slash and len(item.editions) == 1:
        edition = next(iter(item.editions))
    if edition in item.editions:
        return key, edition, item.editions[edition]
    listed = "; ".join(f"{key}/{one}: {part.resolution}" for one, part in item.editions.items())
    found = f"no edition {edition!r}" if slash else f"{len(item.editions)} editions"
    first = next(iter(item.editions))
    advice = did_you_mean(edition, item.editions) if slash else f"saprolite data get {key}/{first}"
    raise InputError("Which edition? (1 problem)", [Problem(name, found, listed, advice)])


def _years(text: str | None) -> range | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text)
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise InputError(
            "Years cannot be read (1 problem)",
            [Problem(f"--years {text}", "not years", "FIRST-LAST", "--years 1970-2018")],
        )
    return range(int(match[1]), int(match[2] or match[1]) + 1)


def _cost(download: Download) -> str:
    """What a download will cost, before it starts."""
    lines = []
    if download.present:
        lines.append(f"{len(download.present)} files are there already")
    number = len(download.wanted)
    if number:
        size = download.estimated_bytes
        about = "about " if download.of_unknown_size else ""
        shown = f"at least {download.known_bytes / _MEGABYTE:.1f} MB; the servers do not say all"
        if size is not None:
            shown = f"{about}{size / _MEGABYTE:.1f} MB ({size} bytes)"
        what = "file" if number == 1 else "files"
        lines.append(f"{number} {what} to fetch into {download.folder}: {shown}")
    return "\n".join(lines)


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise InputError(
            "A download needs a yes (1 problem)",
            [Problem("saprolite data get", "no terminal to ask in", "a yes", "add --yes")],
        )
    return input("fetch? [y/N] ").strip().lower() in ("y", "yes")
