"""From sources to one prepared set of inputs on the study grid, and the demo planet."""

from saprolite.inputs.missing import CAUSES, COLUMN_CAUSES, counts
from saprolite.inputs.prepare import Prepared, prepare

__all__ = ["CAUSES", "COLUMN_CAUSES", "Prepared", "counts", "prepare"]
