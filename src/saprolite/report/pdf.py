"""A report as PDF, of the same content as the HTML file."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from saprolite.places import Place, write_bytes
from saprolite.report.content import Block, Content, Figure, Numbers, Points, Section, Table, Text

_MARGIN_MM = 18.0
_PIXELS_PER_INCH = 150.0
_HALF_PAGE = 0.66  # of the width
_TALLEST = 1.3  # as times the width of the text: the page has 1.5
_WIDEST = 26  # letters of a column that others are measured by
_MOST_COLUMNS = 8  # further ones are in the CSV
_FONTS = {"DejaVuSans": "DejaVuSans.ttf", "DejaVuSans-Bold": "DejaVuSans-Bold.ttf"}


def write_pdf(content: Content, path: Place) -> None:
    """Write the report as A4 pages."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    _register_fonts()
    styles = _styles()
    stream = io.BytesIO()
    margin = _MARGIN_MM * mm
    document = SimpleDocTemplate(
        stream, pagesize=A4, leftMargin=margin, rightMargin=margin, topMargin=margin,
        bottomMargin=margin, title=content.title, author="saprolite", invariant=1,
    )  # fmt: skip
    width = A4[0] - 2 * margin
    story: list[Any] = [
        Paragraph(escape(content.title), styles["title"]),
        Paragraph(escape(content.subtitle), styles["soft"]),
    ]
    if not content.finished:
        story.append(Paragraph("<b>This run is not finished.</b> What is shown may change.",
                               styles["warning"]))  # fmt: skip
    for section in content.sections:
        story.append(Spacer(1, 4 * mm))
        story += _section(section, styles, width)
    document.build(story, onLaterPages=_numbered, onFirstPage=_numbered)
    write_bytes(path, stream.getvalue())


def _section(section: Section, styles: dict[str, Any], width: float) -> list[Any]:
    """The heading, and what is said before the first figure, stay with that figure."""
    from reportlab.platypus import KeepTogether, Paragraph

    story: list[Any] = []
    before: list[Any] = [Paragraph(escape(section.title), styles["heading"])]
    for block in section.blocks:
        flow = _flow(block, styles, width)
        if isinstance(block, Figure):
            story.append(KeepTogether([*before, *flow]))
            before = []
        elif before and isinstance(block, Text):
            before += flow
        else:
            story += [*before, *flow]
            before = []
    return story + before


def _flow(block: Block, styles: dict[str, Any], width: float) -> list[Any]:
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Image, Paragraph, Spacer

    if isinstance(block, Text):
        return [Paragraph(escape(block.text), styles["warning" if block.warning else "text"])]
    if isinstance(block, Points):
        return [Paragraph(f"• {escape(point)}", styles["text"]) for point in block.points]
    if isinstance(block, Numbers):
        return [
            Paragraph(f"{escape(label)}: <b>{escape(value)}</b> <font color='#56656f'>"
                      f"{escape(of)}</font>", styles["text"])
            for label, value, of in block.numbers
        ]  # fmt: skip
    if isinstance(block, Figure):
        pixels, lines = ImageReader(io.BytesIO(block.png)).getSize()
        shown = pixels * 72.0 / _PIXELS_PER_INCH
        # Small ones two to a page; those of two columns of a journal as wide as the page.
        shown = width if shown > width else min(shown, _HALF_PAGE * width * pixels / lines)
        # The maps of a region that is taller than wide still leave room for their caption.
        shown = min(shown, _TALLEST * width * pixels / lines)
        image = Image(io.BytesIO(block.png), shown, shown * lines / pixels)
        return [Spacer(1, 6), image, Paragraph(escape(block.caption), styles["soft"])]
    return _table(block, styles, width)


def _table(block: Table, styles: dict[str, Any], width: float) -> list[Any]:
    from reportlab.lib import colors
    from reportlab.platypus import Paragraph, Spacer, TableStyle
    from reportlab.platypus import Table as Grid

    shown = block.columns[:_MOST_COLUMNS]
    more = len(block.columns) - len(shown)
    note = f" ({more} further columns in {block.file})" if more else ""
    cells = [[Paragraph(f"<b>{escape(name)}</b>", styles["cell"]) for name in shown]]
    cells += [
        [Paragraph(escape(value), styles["cell"]) for value in row[: len(shown)]]
        for row in block.rows
    ]
    weights = [_weight(block, column) for column in range(len(shown))]
    widths = [width * weight / sum(weights) for weight in weights]
    grid = Grid(cells, colWidths=widths, repeatRows=1)
    grid.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.HexColor("#d5dce0")),
                              ("VALIGN", (0, 0), (-1, -1), "TOP"),
                              ("LEFTPADDING", (0, 0), (-1, -1), 2),
                              ("RIGHTPADDING", (0, 0), (-1, -1), 3)]))  # fmt: skip
    caption = Paragraph(escape(block.caption + note), styles["soft"])
    return [Spacer(1, 6), caption, grid, Spacer(1, 8)]


def _weight(block: Table, column: int) -> float:
    """How wide a column is to be, by its longest text."""
    texts = [block.columns[column], *(row[column] for row in block.rows)]
    return float(min(_WIDEST, max(6, *(max(map(len, text.split() or [""])) for text in texts),
                             max(map(len, texts)) // 3)))  # fmt: skip


def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    plain = {"fontName": "DejaVuSans", "textColor": "#1d2a33"}
    return {
        "title": ParagraphStyle("title", fontSize=17, leading=21, spaceAfter=4, **plain),
        "heading": ParagraphStyle("heading", fontSize=12.5, leading=16, spaceAfter=4, keepWithNext=1, **plain),
        "text": ParagraphStyle("text", fontSize=8.5, leading=12, spaceAfter=3, **plain),
        "cell": ParagraphStyle("cell", fontSize=6.5, leading=8.2, **plain),
        "soft": ParagraphStyle("soft", fontSize=7.5, leading=10, spaceAfter=3,
                               fontName="DejaVuSans", textColor="#56656f"),
        "warning": ParagraphStyle("warning", fontSize=8.5, leading=12, spaceAfter=4, backColor="#fdf4e7",
                                  borderPadding=4, **plain),
    }  # fmt: skip


def _register_fonts() -> None:
    """The fonts that matplotlib carries: those of PDF have no raised digits."""
    from matplotlib import get_data_path
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name, file in _FONTS.items():
        pdfmetrics.registerFont(TTFont(name, f"{get_data_path()}/fonts/ttf/{file}"))
    regular, bold = _FONTS
    for is_bold, font in ((0, regular), (1, bold)):
        for italic in (0, 1):
            addMapping(regular, is_bold, italic, font)


def _numbered(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("DejaVuSans", 7)
    canvas.drawRightString(
        document.pagesize[0] - document.rightMargin, 20, str(canvas.getPageNumber())
    )
    canvas.restoreState()
