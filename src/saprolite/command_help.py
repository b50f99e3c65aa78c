"""What ``--help`` says beside the docstrings: groups, examples, exit codes; errors of typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cyclopts import Group, MissingArgumentError

if TYPE_CHECKING:
    from cyclopts import App

EXIT_CODES = (
    "Exit codes: 0 done; 1 something to do first (doctor); 2 what was given cannot be used, the "
    "message says what to type; 3 parts of a run failed, the same command computes them; "
    "4 numbers contradict one another; 130 interrupted."
)
# By group: each command with an example.
_EXAMPLES = {
    "Begin": {
        "demo": "saprolite demo out/ --experiments",
        "doctor": "saprolite doctor",
        "init": "saprolite init study.toml",
        "data": "saprolite data list",
        "check": "saprolite check study.toml",
        "plan": "saprolite plan study.toml --out out/",
        "prepare": "saprolite prepare study.toml --to packed/study/",
        "run": "saprolite run study.toml --out out/",
    },
    "Look at a finished run": {
        "report": "saprolite report out/ --with scenario/",
        "view": "saprolite view out/",
        "analyse": "saprolite analyse out/",
        "uncertainty": "saprolite uncertainty out/ --draws 10000",
        "audit": "saprolite audit out/ --table checks.csv",
        "claims": "saprolite claims out/ --all",
    },
    "Compare": {
        "readings": "saprolite readings study.toml --vary et_mode=annual,trailing12 --out rd/",
        "scenario": "saprolite scenario history/ future/ --out scenario/",
        "sites": "saprolite sites out/ sites.csv --columns columns.toml --depth-cm 50",
        "references": "saprolite references out/ --depth-cm 50",
        "compare": "saprolite compare wise_horizons.csv gldas/ --out compare/",
        "seam": "saprolite seam study.toml --out seam/",
    },
    "One soil pit": {
        "site": "saprolite site pit.toml",
        "column": "saprolite column pit.toml --out pit/",
    },
    "Look things up": {
        "explain": "saprolite explain --reading manuscript_literal",
        "schema": "saprolite schema > study.schema.json",
        "completion": "saprolite completion zsh > ~/.zfunc/_saprolite",
    },
}  # fmt: skip
_DATA_EXAMPLES = {
    "list": "saprolite data list",
    "show": "saprolite data show gldas_noah_monthly",
    "get": "saprolite data get gldas_noah_monthly/noah025-v21 --years 2000-2018 --out gldas/",
    "check": "saprolite data check gldas/ --years 2000-2018",
    "resampling": "saprolite data resampling field.nc clay --resolution 2",
}


def add_help(app: App) -> None:
    """Give each command of the line its group, an example and the exit codes."""
    for order, (group, examples) in enumerate(_EXAMPLES.items()):
        # A sort key keeps the groups in this order; within one, commands are as they are typed.
        shown = Group(group, sort_key=order)
        for place, (name, example) in enumerate(examples.items()):
            command: Any = app[name]
            command.group = (shown,)
            command.sort_key = place
            command.help_epilogue = _epilogue(example)
    data: Any = app["data"]
    for name, example in _DATA_EXAMPLES.items():
        data[name].help_epilogue = _epilogue(example)
    first = "Begin with: saprolite demo out/\nHelp of a command: saprolite run --help"
    app.help_epilogue = f"{first}\n{EXIT_CODES}"
    app.error_formatter = typing_error


def typing_error(error: Any) -> str:
    """A command line that cannot be read, said as every other error is."""
    path = [word for word in error.command_chain or () if word]
    command = " ".join(["saprolite", *path])
    said = _missing(error) if isinstance(error, MissingArgumentError) else str(error)
    return f"error: {said}\n    next:     {command} --help"


def _missing(error: Any) -> str:
    """An argument that is not given, by the name that the help has for it."""
    argument = error.argument
    option = str(argument.name)
    is_option = argument.field_info.kind is argument.field_info.KEYWORD_ONLY
    name = option if is_option else option.removeprefix("--").upper().replace("-", "_")
    return f"{name} is missing"


def _epilogue(example: str) -> str:
    return f"Example: {example}\n{EXIT_CODES}"
