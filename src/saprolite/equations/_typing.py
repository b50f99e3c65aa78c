"""The type of a number in an equation: a scalar, an array, or anything that behaves like one."""

from typing import Any, TypeAlias

# An equation works on floats, NumPy arrays and xarray objects alike, and returns what it was given.
Number: TypeAlias = Any
