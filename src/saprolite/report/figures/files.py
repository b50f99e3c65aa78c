"""A figure as files: PNG to look at, PDF to print, the caption below it and in their metadata."""

from __future__ import annotations

import io
import textwrap

from matplotlib.figure import Figure

from saprolite.places import Place, make_folder, write_bytes, writing

KINDS = ("png", "pdf")
_LETTERS_PER_INCH = 16
_GREY = "#444444"


def caption_lines(caption: str, width: float) -> list[str]:
    """A caption in lines that fit below a figure of a width in inches."""
    return textwrap.wrap(caption, int(width * _LETTERS_PER_INCH))


def save_figure(figure: Figure, stem: Place, title: str, caption: str) -> list[Place]:
    """Write ``stem``.png and ``stem``.pdf; returns both."""
    lines = caption_lines(caption, figure.get_figwidth())
    figure.supxlabel("\n".join(lines), fontsize=6.5, color=_GREY, x=0.01, ha="left")
    # No date in a PDF: the same run makes the same file.
    about = {
        "png": {"Title": title, "Description": caption},
        "pdf": {"Title": title, "Subject": caption, "CreationDate": None},
    }
    written = []
    for kind in KINDS:
        drawn = io.BytesIO()
        figure.savefig(drawn, format=kind, metadata=about[kind], bbox_inches="tight")
        path = stem.parent / f"{stem.name}.{kind}"
        with writing(path):
            make_folder(path.parent)
            write_bytes(path, drawn.getbuffer())
        written.append(path)
    return written
