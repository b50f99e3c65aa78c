"""The commands that help with saprolite itself: ``doctor`` and ``completion``."""

from __future__ import annotations

import sys
from typing import Literal

import cyclopts


def doctor() -> None:
    """Say what a run will find here: versions, cores, memory, disk, caches, data.

    The exit code is 1 where something has to be done first.
    """
    from saprolite.doctor import findings

    wrong = 0
    for finding in findings():
        print(f"  {'ok  ' if finding.well else 'LOOK'} {finding.what:20s} {finding.found}")
        if not finding.well:
            wrong += 1
            print(f"       {'':20s} {finding.advice}")
    if wrong:
        print(f"{wrong} thing{'s' if wrong > 1 else ''} to look at", file=sys.stderr)
        sys.exit(1)


def register_completion(app: cyclopts.App) -> None:
    """Give the command line ``completion``, which prints the completions of all commands."""

    @app.command
    def completion(shell: Literal["bash", "zsh", "fish"]) -> None:
        """Print the script that completes commands and options in a shell.

        For bash: saprolite completion bash > ~/.local/share/bash-completion/completions/saprolite

        Parameters
        ----------
        shell
            bash, zsh or fish.
        """
        print(app.generate_completion(shell=shell))
