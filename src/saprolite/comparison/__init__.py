"""Models side by side at the same sites: built from soil profiles and a gridded climate."""

from saprolite.comparison.compare import AssumedSolution, compare_models
from saprolite.comparison.manuscript import MANUSCRIPT, Comparison, Pairs
from saprolite.comparison.outputs import write_comparisons
from saprolite.comparison.sites import ComparisonSites, build_sites, read_sites

__all__ = [
    "MANUSCRIPT",
    "AssumedSolution",
    "Comparison",
    "ComparisonSites",
    "Pairs",
    "build_sites",
    "compare_models",
    "read_sites",
    "write_comparisons",
]
