"""A figure as files: PNG to look at, PDF to print, the caption below it and in their metadata."""

from __future__ import annotations

import io
import textwrap
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from saprolite.places import Place, make_folder, write_bytes, write_text, writing

KINDS = ("png", "pdf")
_LETTERS_PER_INCH = 16
_GREY = "#444444"


def caption_lines(caption: str, width: float) -> list[str]:
    """A caption in lines that fit below a figure of a width in inches."""
    return textwrap.wrap(caption, int(width * _LETTERS_PER_INCH))


def put_caption(figure: Figure, caption: str) -> None:
    """Small lines below everything."""
    lines = caption_lines(caption, figure.get_figwidth())
    figure.supxlabel("\n".join(lines), fontsize=6.5, color=_GREY, x=0.01, ha="left")


def settle(figure: Figure) -> None:
    """Lay a finished figure out and leave it so: to write it would else draw all of it twice."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)


def settle_with_caption(figure: Figure, caption: str) -> None:
    """Put the caption below a finished figure, and lay it out for good."""
    put_caption(figure, caption)
    settle(figure)


def write_figure(figure: Figure, path: Place, title: str, about: str, **how: Any) -> None:
    """Write a PNG or a PDF, by the name of ``path``, with its title and what it is about in the
    file; ``how`` as for ``Figure.savefig``."""
    kind = path.suffix.removeprefix(".")
    metadata: dict[str, Any] = {"Title": title}
    if kind == "pdf":
        # No date: the same run makes the same file.
        metadata |= {"Subject": about, "CreationDate": None}
    else:
        metadata["Description"] = about
    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind, metadata=metadata, **how)
    with writing(path):
        make_folder(path.parent)
        write_bytes(path, drawn.getbuffer())


def write_kinds(figure: Figure, stem: Place, title: str, about: str, **how: Any) -> list[Place]:
    """Write ``stem``.png and ``stem``.pdf likewise; returns both."""
    paths = [stem.parent / f"{stem.name}.{kind}" for kind in KINDS]
    for path in paths:
        write_figure(figure, path, title, about, **how)
    return paths


def save_with_caption(figure: Figure, path: Place, caption: str) -> None:
    """Write a PNG; the caption goes below and into the file."""
    settle_with_caption(figure, caption)
    write_figure(figure, path, path.stem, caption)


def save_figure(figure: Figure, stem: Place, title: str, caption: str) -> list[Place]:
    """Write ``stem``.png and ``stem``.pdf, cut to what is drawn; returns both."""
    put_caption(figure, caption)
    return write_kinds(figure, stem, title, caption, bbox_inches="tight")


def save_with_numbers(
    figure: Figure, folder: Place, name: str, caption: str, numbers: pd.DataFrame
) -> list[Place]:
    """Write NAME.png, NAME.pdf and, as NAME.csv, the numbers that are drawn; returns the three."""
    settle_with_caption(figure, caption)
    paths = write_kinds(figure, folder / name, name, caption)
    paths.append(folder / f"{name}.csv")
    write_text(paths[-1], f"# {caption}\n{numbers.to_csv(index=False)}")
    return paths
