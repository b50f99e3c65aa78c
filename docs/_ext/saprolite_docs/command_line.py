"""Every command with its options: the help that the commands themselves print."""

from __future__ import annotations

import re

from saprolite.cli import app


def commands() -> str:
    """The help of all commands, a section each; the list of them comes first."""
    text = app.generate_docs(output_format="markdown", recursive=True, heading_level=1)
    _, _, body = text.partition("**Commands**:")
    listed, _, sections = body.partition("\n## ")
    listed = re.sub(r"\* \[`([^`]+)`\]\([^)]*\): ", r"* [`\1`](#saprolite-\1): ", listed)
    return f"{listed}\n## {sections}"
