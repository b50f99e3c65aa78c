"""The elementary functions that equations may use; as written here they are NumPy's.

``exp_product(a, b)`` is exp(a b): one name for both, for a machine that has it in fewer steps.

Equations take them from this module only, so that the same equation can be bound to other
implementations of these names.
"""

from typing import Any

from numpy import exp, log, maximum, minimum, sqrt, where

__all__ = ["exp", "exp_product", "log", "maximum", "minimum", "sqrt", "where"]


def exp_product(a: Any, b: Any) -> Any:
    """exp(a b)."""
    return exp(a * b)
