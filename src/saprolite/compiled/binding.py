"""Binds the very functions of ``equations`` to compiled elementary functions.

An equation is a function object whose code names a few elementary functions, other equations and
numbers. Binding keeps its code and gives these names other values: compiled ones of one precision.
There is no second copy of a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import njit
from numba.core.compiler import Compiler

from saprolite.compiled.elementary import ELEMENTARY, OPTIONS, REAL
from saprolite.compiled.reachable import digest_of
from saprolite.equations import elementary
from saprolite.numba_start import load_registries

Function = Callable[..., Any]
# Numba would compile each part thrice: for kernels, for Python, and for C, which never call it.
_FROM_KERNELS_ONLY: Mapping[str, Any] = MappingProxyType(
    {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
)


class _Unaliased(Compiler):
    """Compiles loops over arrays that share no memory where one of them is written: else every loop
    would look whether they do, and have a second way, lane by lane, if so."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # type: ignore[no-untyped-call]
        self.state.flags.noalias = True


@cache
def bound(
    function: Function, precision: str = "float64", thresholds: tuple[str, ...] = ()
) -> Function:
    """An equation as a Numba function of one precision, to be inlined into a kernel.

    ``function`` is a plain Python function of numbers; ``precision`` ``float64`` or ``float32``.
    Everything that its code names (elementary functions, other equations, constants) is bound too.
    ``thresholds`` are constants that it only asks its argument to reach (``>=``). Inputs are kept
    in float32: what is 273.15 in a file must reach 273.15, so they are rounded as inputs are.
    """
    assert isinstance(function, FunctionType), function
    names = {
        name: _bound_value(function.__globals__[name], precision)
        for name in function.__code__.co_names
        if name in function.__globals__
    }
    names |= {name: as_stored(function.__globals__[name], precision) for name in thresholds}
    return njit(**OPTIONS)(_copy(function, names, REAL[precision]))  # type: ignore[no-any-return]


def specialised(template: Function, names: Mapping[str, Any], precision: str) -> Function:
    """A kernel: a template whose global names get values, compiled to run without the GIL.

    An array that it writes shares no memory with any other that it is given. It is cached on disk
    under a digest of all that it is compiled from, and how, and of the version of the compiler.
    """
    assert isinstance(template, FunctionType), template
    load_registries()
    options = {**OPTIONS, "forceinline": False, "no_cfunc_wrapper": True, "nogil": True}
    options["pipeline_class"] = _Unaliased
    kernel = _copy(template, {**template.__globals__, **names}, REAL[precision])
    # Numba names its cache files by the function: one name for each digest, so that two processes
    # that compile at once can never take each other's code.
    digest = digest_of(kernel, precision, numba.__version__, repr(options))[:24]
    kernel.__name__ = f"{template.__name__}_{digest}"
    kernel.__qualname__ = kernel.__name__
    return njit(**options, cache=True)(kernel)  # type: ignore[no-any-return]


def inlined(template: Function, names: Mapping[str, Any], precision: str) -> Function:
    """What a kernel does on one lane: a template whose global names get values, inlined."""
    return _compiled_part(template, names, precision, forceinline=True)


def called(template: Function, names: Mapping[str, Any], precision: str) -> Function:
    """A loop of a kernel: as :func:`inlined`, but compiled once and called; what it writes shares
    no memory with its other arrays, and it returns none."""
    return _compiled_part(template, names, precision, forceinline=False)


# By the name, which says what a part is compiled from, and the precision: kernels that have a part
# in common compile it once.
_PARTS: dict[tuple[str, str, bool], Function] = {}


def _compiled_part(
    template: Function, names: Mapping[str, Any], precision: str, forceinline: bool
) -> Function:
    assert isinstance(template, FunctionType), template
    part = _copy(template, {**template.__globals__, **names}, REAL[precision])
    options = {**OPTIONS, **_FROM_KERNELS_ONLY, "forceinline": forceinline}
    if not forceinline:
        options["pipeline_class"] = _Unaliased
    return _PARTS.setdefault((part.__name__, precision, forceinline), njit(**options)(part))


def is_cached(kernel: Any) -> bool:
    """Whether the code of a kernel lies on disk already (else its first use compiles)."""
    folder = Path(kernel._cache.cache_path)
    return any(folder.glob(f"*{kernel.__name__}*.nbi"))


@contextmanager
def announced(is_there: bool, report: Callable[[str, int, int], None]) -> Iterator[None]:
    """Say that a first use compiles, unless the code is there already."""
    if not is_there:
        report("compiling, once", 0, 1)
    yield
    if not is_there:
        report("compiling, once", 1, 1)


def as_stored(number: float, precision: str) -> Any:
    """A float64 as the float32 that inputs are kept in, in a precision.

    >>> float(as_stored(273.15, "float64")) == float(np.float32(273.15)), as_stored(0.5, "float64")
    (True, np.float64(0.5))
    """
    return REAL[precision](np.float32(number))


def readable(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array of the one type that the kernels are compiled for: what is mapped from a file."""
    view = np.ascontiguousarray(array, np.float32).view(np.ndarray)
    view.flags.writeable = False
    return view


def _bound_value(value: Any, precision: str) -> Any:
    for name in elementary.__all__:
        if value is getattr(elementary, name):
            return ELEMENTARY[precision][name]
    if isinstance(value, bool | ModuleType | type):
        return value
    if isinstance(value, int | float):
        return REAL[precision](value)
    return bound(value, precision) if isinstance(value, FunctionType) else value


def _copy(function: FunctionType, names: Mapping[str, Any], real: Any) -> FunctionType:
    """The same code with other global names; its float literals have the precision, too."""
    code = function.__code__.replace(co_consts=_literals(function.__code__.co_consts, real))
    defaults = tuple(real(item) if isinstance(item, int | float) else item
                     for item in function.__defaults__ or ())  # fmt: skip
    copy = FunctionType(code, dict(names), function.__name__, defaults or None)
    copy.__module__ = function.__module__
    # The linker knows a compiled function by its name, and what one process has put into the cache
    # is linked to what another has: two parts of one name would stand in for each other.
    copy.__name__ = f"{function.__name__}_{digest_of(copy)[:16]}"
    copy.__qualname__ = copy.__name__
    return copy


def _literals(constants: tuple[Any, ...], real: Any) -> tuple[Any, ...]:
    """The constants of a code with its floats in one precision, in tuples too."""
    return tuple(
        real(item) if isinstance(item, float)
        else _literals(item, real) if isinstance(item, tuple)
        else item
        for item in constants
    )  # fmt: skip
