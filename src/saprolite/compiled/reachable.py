"""Digest of everything that a kernel is compiled from: code, numbers and names that it reaches."""

from __future__ import annotations

import hashlib
import inspect
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from saprolite.compiled import intrinsics


def digest_of(function: FunctionType, *words: str) -> str:
    """SHA-256 of a function, of all functions and numbers that its code names, and of ``words``.

    Two functions with one digest compile to the same machine code; Numba's own cache would look at
    the first function alone.
    """
    seen: dict[int, int] = {}
    text = "\n".join([*words, inspect.getsource(intrinsics), *_described(function, seen)])
    return hashlib.sha256(text.encode()).hexdigest()


def _described(value: Any, seen: dict[int, int]) -> list[str]:
    options = [repr(getattr(value, "targetoptions", ""))]
    value = getattr(value, "py_func", value)
    if not isinstance(value, FunctionType):
        return [f"{type(value).__name__} {_name(value)}"]
    if id(value) in seen:
        return [f"function {seen[id(value)]} again"]
    seen[id(value)] = len(seen)
    lines = [
        *options,
        *_code(value.__code__),
        *_described_all(value.__defaults__ or (), seen),
    ]
    names = sorted(_names(value.__code__))
    for name in names:
        if name in value.__globals__:
            lines += [name, *_described(value.__globals__[name], seen)]
            lines += _of_module(value.__globals__[name], names, seen)
    for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
        lines += [name, *_described(cell.cell_contents, seen)]
    return lines


def _of_module(module: Any, names: list[str], seen: dict[int, int]) -> list[str]:
    """What a code may take from a module of ours: Numba keeps its values, not its name."""
    if not isinstance(module, ModuleType) or not module.__name__.startswith("saprolite."):
        return []
    lines = []
    for name in names:
        if hasattr(module, name):
            item = getattr(module, name)
            lines += [name, *_described(item, seen), *_of_module(item, names, seen)]
    return lines


def _described_all(values: tuple[Any, ...], seen: dict[int, int]) -> list[str]:
    return [line for value in values for line in _described(value, seen)]


def _name(value: Any) -> str:
    """Numbers by their value, everything else (types, modules, intrinsics) by its name."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {value.tobytes().hex()}"
    if isinstance(value, bool | int | float | str | np.generic | tuple | type(None)):
        return repr(value)
    return str(getattr(value, "__qualname__", None) or getattr(value, "__name__", value))


def _code(code: CodeType) -> list[str]:
    lines = [code.co_code.hex(), repr(code.co_names), repr(code.co_varnames)]
    for constant in code.co_consts:
        lines += _code(constant) if isinstance(constant, CodeType) else [repr(constant)]
    return lines


def _names(code: CodeType) -> set[str]:
    inner = [item for item in code.co_consts if isinstance(item, CodeType)]
    return set(code.co_names).union(*(_names(item) for item in inner))
