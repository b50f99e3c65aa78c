"""Every command with its options: the help that the commands themselves print."""

from __future__ import annotations

import re
import sys
from unittest import mock

from saprolite.cli import app


def listed() -> str:
    """Every command with the first line of its help, linked to its section."""
    return _help()[0].strip()


def commands() -> str:
    """The help of all commands, a section each."""
    return f"## {_help()[1]}"


def _help() -> tuple[str, str]:
    # Usage lines name the running program: that of this build is none of the reader's.
    with mock.patch.object(sys, "argv", ["saprolite"]):
        text = app.generate_docs(output_format="markdown", recursive=True, heading_level=1)
    text = re.sub(r"^(saprolite .*?) -m sphinx\b", r"\1", text, flags=re.MULTILINE)
    # The commands stand in groups, each under a title in bold.
    _, bold, rest = text.partition("\n**")
    overview, _, sections = f"{bold.strip()}{rest}".partition("\n## ")
    return overview, sections
