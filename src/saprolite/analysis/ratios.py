"""How two models compare, mineral by mineral: ratios, bias and scatter of their logarithms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.errors import InputError, Problem

Array = npt.NDArray[np.float64]
ALL = "all"
# Columns of a comparison, of model a and model b.
QUANTITIES = {
    "rate": ("rate_a_mol_c_m-2_s-1", "rate_b_mol_c_m-2_s-1"),
    "weathering": (
        "weathering_a_eq_ha-1_yr-1_per_unit_content",
        "weathering_b_eq_ha-1_yr-1_per_unit_content",
    ),
}


def ratio_statistics(table: pd.DataFrame, quantity: str = "rate") -> pd.DataFrame:
    """Statistics of model a over model b, one row per mineral and one for all of them.

    Parameters
    ----------
    table
        With a column ``mineral`` and the two columns of ``QUANTITIES[quantity]``.
    quantity
        ``rate`` (per mineral surface) or ``weathering`` (per ground, of unit content).

    Returns
    -------
    ``n`` pairs where both are finite and above 0, ``left_out`` the others; of a/b ``mean_ratio``,
    ``median_ratio``, ``geometric_mean_ratio``; ``ratio_of_means`` mean(a)/mean(b);
    ``slope_through_origin`` of a on b, sum(ab)/sum(b^2); ``log10_bias`` and ``log10_scatter``, mean
    and standard deviation (n - 1) of log10(a/b); ``share_within_3``, ``share_within_10`` of the
    pairs; ``sign_of_median_log_ratio`` -1, 0 or 1. NaN where there is no pair (scatter: fewer than
    two).

    Raises
    ------
    InputError
        For an unknown quantity or a table without the columns.

    Source: definitions. Two pairs, a/b = 0.1 and 10:

    >>> a, b = QUANTITIES["rate"]
    >>> pairs = pd.DataFrame({"mineral": "illite", a: [1.0, 10.0], b: [10.0, 1.0]})
    >>> row = ratio_statistics(pairs).iloc[0]
    >>> float(row["mean_ratio"]), float(row["geometric_mean_ratio"]), float(row["ratio_of_means"])
    (5.05, 1.0, 1.0)
    >>> f"{row['log10_scatter']:.4f}", float(row["share_within_3"]), float(row["share_within_10"])
    ('1.4142', 0.0, 1.0)
    """
    if quantity not in QUANTITIES:
        accepted = ", ".join(QUANTITIES)
        raise InputError(
            "The statistics cannot be computed (1 problem)",
            [Problem("quantity", repr(quantity), accepted, "use one of them")],
        )
    names = QUANTITIES[quantity]
    missing = [name for name in ("mineral", *names) if name not in table.columns]
    if missing:
        raise InputError(
            "The statistics cannot be computed (1 problem)",
            [Problem("table", "no column " + ", ".join(missing), ", ".join(("mineral", *names)),
                     "give the table of a comparison")],
        )  # fmt: skip
    a, b = (table[name].to_numpy(float) for name in names)
    mineral = table["mineral"].to_numpy(str)
    groups = list(dict.fromkeys(mineral.tolist()))
    rows = [{"mineral": name, **pair_statistics(a[mineral == name], b[mineral == name])}
            for name in groups]  # fmt: skip
    if len(groups) != 1:
        rows.append({"mineral": ALL, **pair_statistics(a, b)})
    return pd.DataFrame(rows)


def pair_statistics(a: Array, b: Array) -> dict[str, float | int]:
    """Statistics of a over b, the columns of :func:`ratio_statistics` for one group of pairs.

    Source: definitions. The mean ratio is not the ratio of means:

    >>> found = pair_statistics(np.array([1.0, 1.0]), np.array([1.0, 10.0]))
    >>> found["mean_ratio"], found["median_ratio"], round(found["ratio_of_means"], 4)
    (0.55, 0.55, 0.1818)
    """
    pairs = np.isfinite(a) & np.isfinite(b) & (a > 0.0) & (b > 0.0)
    left_out = int((~pairs).sum())
    a, b = a[pairs], b[pairs]
    if a.size == 0:
        nothing = dict.fromkeys(
            ("mean_ratio", "median_ratio", "geometric_mean_ratio", "ratio_of_means",
             "slope_through_origin", "log10_bias", "log10_scatter", "share_within_3",
             "share_within_10", "sign_of_median_log_ratio"), float("nan"),
        )  # fmt: skip
        return {"n": 0, "left_out": left_out, **nothing}
    ratio = a / b
    logs = np.log10(ratio)
    # Slope of rates far from 1 in size: scaled first, so that no square underflows.
    scale = b.max()
    slope = float((a / scale) @ (b / scale) / ((b / scale) @ (b / scale)))
    return {
        "n": int(a.size),
        "left_out": left_out,
        "mean_ratio": float(ratio.mean()),
        "median_ratio": float(np.median(ratio)),
        "geometric_mean_ratio": float(10.0 ** logs.mean()),
        "ratio_of_means": float(a.mean() / b.mean()),
        "slope_through_origin": slope,
        "log10_bias": float(logs.mean()),
        "log10_scatter": float(logs.std(ddof=1)) if a.size > 1 else float("nan"),
        "share_within_3": _share_within(logs, 3.0),
        "share_within_10": _share_within(logs, 10.0),
        "sign_of_median_log_ratio": float(np.sign(np.median(logs))),
    }


def _share_within(logs: Array, factor: float) -> float:
    # A ratio of exactly the factor counts as within, whatever its last digit.
    return float((np.abs(logs) <= np.log10(factor) + 1e-12).mean())
