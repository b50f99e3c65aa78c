"""Docstrings as pages show them: formulas set apart, sources linked to the bibliography."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

from saprolite_docs.citations import keys

_PAGE = re.compile(r"docs/(\w+)\.md(?: (\d+(?:\.\d+)*))?")
# What a summary calls itself before its formula, and the formula: both sides of an equals sign.
_FORMULA = re.compile(r"^((?:Eqs? [\d ,and]+(?:, [^:=]*)?|[^:=]{3,90}?)[:,] )?([^=:]{1,40} = .+)$")


def process(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Set the formula of a summary apart and cite what ``Source:`` names."""
    del app, thing, options
    if not name.startswith("saprolite."):
        return
    if what in ("attribute", "property") and lines:
        # Napoleon takes what stands before a colon for a type.
        lines[0] = lines[0].replace(": ", " – ", 1)
    if name.startswith("saprolite.equations."):
        _set_apart(lines)
    _set_off_parts(lines)
    _end_sections(lines)
    for at, line in enumerate(lines):
        lines[at] = _PAGE.sub(_page_link, line)


def plain_signature(
    app: Sphinx, what: str, name: str, thing: Any, options: Any,
    signature: str | None, returns: str | None,
) -> tuple[str | None, str | None] | None:  # fmt: skip
    """Equations take and give numbers of any kind: their signatures need not say it each time."""
    del app, what, thing, options
    if signature is not None and not name.startswith("saprolite.equations."):
        return re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", signature), returns
    if signature is None:
        return None
    plain = re.sub(
        r": (?:Number|Any)\b(?: = )?", lambda m: "=" if "=" in m.group() else "", signature
    )
    plain = re.sub(r"(=-?\d+\.\d{6})\d+", r"\1", plain)
    return plain, None if returns in ("Number", "Any") else returns


def _set_apart(lines: list[str]) -> None:
    end = next((at for at, line in enumerate(lines) if not line.strip()), len(lines))
    summary = " ".join(line.strip() for line in lines[:end])
    found = _FORMULA.match(summary)
    if found is None or "``" in found.group(2) or ":func:" in summary:
        lines[:end] = [line.replace("|", "\\|") for line in lines[:end]]
        return
    label, formula = found.group(1), found.group(2).rstrip(".")
    formula, _, after = formula.partition(": ")
    head = [label.strip().rstrip(",")] if label else []
    tail = ["", after[:1].upper() + after[1:] + "."] if after else []
    lines[:end] = [*head, "", ".. container:: equation", "", f"   {typeset(formula)}", *tail]


def typeset(formula: str) -> str:
    """A formula in reStructuredText: subscripts and powers lowered and raised, Greek letters.

    >>> typeset("r = k a^n")
    'r = k a\\\\ :sup:`n`\\\\ '
    """
    greek = {
        "theta": "θ", "rho": "ρ", "phi": "φ", "Omega": "Ω", "sigma": "σ", "beta": "β",
        "gamma": "γ",
    }  # fmt: skip
    for name, letter in greek.items():
        formula = re.sub(rf"(?<![A-Za-z]){name}(?![a-z])", letter, formula)
    formula = formula.replace("*", "·").replace(" - ", " − ").replace("|", "\\|")
    formula = re.sub(r"(?<![\w.])-(?=\d)", "−", formula)
    formula = re.sub(r"\^\(([^()]*)\)", r"\\ :sup:`\1`\\ ", formula)
    formula = re.sub(r"\^\[([^\[\]]*)\]", r"\\ :sup:`\1`\\ ", formula)
    formula = re.sub(r"\^(-?\w+(?:_\w+)?)", r"\\ :sup:`\1`\\ ", formula)
    formula = re.sub(r"(?<=[\wθρφβγ\])])_(\w+(?:,\w+)*)", r"\\ :sub:`\1`\\ ", formula)
    return re.sub(r"\blog10\b", r"log\\ :sub:`10`", formula)


def _set_off_parts(lines: list[str]) -> None:
    """``Parameters:``, ``Returns:`` and ``Source:`` of a running text start parts of their own."""
    text = "\n".join(lines)
    text = re.sub(r"(?<=[.;`)])[ \n]Returns: ", "\n\nReturns: ", text)
    text = re.sub(r"(?<=\S)[ \n]Source: ", "\n\nSource: ", text)
    text = re.sub(r"(?m)^(Parameters|Returns): ", r"**\1** ", text)
    text = re.sub(r"(?ms)^Source: (.*?)(?=\n\s*\n|\Z)", _source_part, text)
    lines[:] = text.split("\n")


def _source_part(found: re.Match[str]) -> str:
    text = found.group(1)
    named = keys(text)
    cited = f" :cite:`{','.join(named)}`" if named else ""
    return f"Source\n------\n{text.rstrip(':')}{cited}"


def _end_sections(lines: list[str]) -> None:
    """A doctest after a section of fields is none of its fields."""
    first = next((at for at, line in enumerate(lines) if line.startswith(">>>")), 0)
    headings = [lines[at - 1] for at, line in enumerate(lines[:first]) if line.startswith("---")]
    if headings and headings[-1] != "Source":
        lines[first:first] = ["Examples", "--------"]


def _page_link(found: re.Match[str]) -> str:
    page, section = found.groups()
    if page == "equations":
        return f":doc:`The equations </{page}>`" + (f" {section}" if section else "")
    return f":doc:`/{page}`" + (f" {section}" if section else "")
