"""Write the table of products of docs/data.md from the catalogue.

python tools/list_products.py
"""

from __future__ import annotations

import re
from pathlib import Path

from saprolite.sources.catalog import published

PAGE = Path(__file__).parent.parent / "docs/data.md"
HEAD = "| product | editions | get | tag | reader |\n|---|---|---|---|---|\n"


def table() -> str:
    """One row a product."""
    rows = []
    for name, item in published().items():
        editions = "; ".join(
            f"`{key}`" + (f" {part.resolution}" if part.resolution else "")
            for key, part in item.editions.items()
        )
        how = ", ".join(dict.fromkeys(part.get.via for part in item.editions.values()))
        reader = f"`{item.reader.removeprefix('saprolite.')}`" if item.reader else ""
        rows.append(
            f"| `{name}` {item.title} | {editions} | {how} | {item.confidence} | {reader} |"
        )
    return HEAD + "\n".join(rows) + "\n"


def page(text: str) -> str:
    """The page with the table as the catalogue now has it."""
    kept = ", ".join(f"`{name}`" for name, item in published().items() if not item.redistribution)
    text = re.sub(re.escape(HEAD) + r"(\|.*\n|PRODUCTS\n)*", lambda _: table(), text)
    return re.sub(r"(forbid passing the files on: ).*\.", lambda m: f"{m[1]}{kept}.", text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
