"""The elementary functions that equations may use; as written here they are NumPy's.

Equations take them from this module only, so that the same equation can be bound to other
implementations of these names.
"""

from numpy import exp, log, maximum, minimum, sqrt, where

__all__ = ["exp", "log", "maximum", "minimum", "sqrt", "where"]
