"""Errors on the stored means of a run: closed forms, reproducible draws, indices of linear models."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import saprolite as sap
from saprolite import cli
from saprolite.analysis.cell_amounts import CellAmounts, cell_amounts
from saprolite.analysis.factors import factor, moments
from saprolite.analysis.model_structure import Structure
from saprolite.analysis.sensitivity import (
    Quantity,
    indices,
    morris,
    of_cell,
    of_global_total,
    sobol,
)
from saprolite.analysis.uncertainty import draw, intervals, quadrature
from saprolite.analysis.uncertainty_settings import Error, UncertaintySettings
from saprolite.analysis.variance import total_variance
from saprolite.errors import InputError
from saprolite.models import Reading
from saprolite.study import Study
from saprolite.study_template import demo_content
from saprolite.uncertainty_workflow import uncertainty

WIDTH = {
    "lognormal": "relative_sd",
    "truncated_normal": "relative_sd",
    "uniform": "relative_half_width",
    "log10_uniform": "half_width_dex",
}


def error(name: str, shared: str, distribution: str, width: float, **more: Any) -> Error:
    return Error(
        name=name,
        shared=shared,
        distribution=distribution,
        source="test",
        **{WIDTH[distribution]: width},
        **more,
    )


ERRORS = [
    error("constants", "by_mineral", "log10_uniform", 0.3),
    error("contents", "common", "lognormal", 0.3652),
    error("thickness", "by_layer", "truncated_normal", 0.4),
    error("one mineral", "common", "uniform", 0.5, minerals=["b"]),
    error("cells", "by_cell", "lognormal", 2.0),
]  # fmt: skip


@pytest.fixture(scope="module")
def cells() -> CellAmounts:
    """Three minerals, two layers, 40 cells in the groups A (25 cells) and D (15 cells)."""
    random = np.random.default_rng(1)
    flux = random.gamma(1.0, size=(3, 2, 40))
    flux[:, 1, 7] = 0.0  # a cell without a value in its lower layer
    valid = np.ones(40, bool)
    valid[7] = False
    return CellAmounts(
        ("a", "b", "c"), ("0-10 cm", "10-40 cm"),
        ("A tropical", "B arid", "C temperate", "D cold", "E polar", "unclassified"),
        flux, 1e-3 * random.normal(size=flux.shape), True, np.arange(40), valid,
        np.array([0, 25, 25, 25, 40, 40, 40]), np.full(40, 1e4), Reading(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def structure(cells: CellAmounts) -> Structure:
    random = np.random.default_rng(2)
    ratio = np.concatenate([np.ones((1, 3, 2, 7)), random.uniform(0.3, 3.0, (2, 3, 2, 7))])
    return Structure(
        ("one", "two", "three"),
        np.array([0.5, 0.3, 0.2]),
        ratio,
        np.array([0.0, 0.1, -0.1])[:, None, None] * np.ones((3, 3, 2)),
    )


@pytest.mark.parametrize(("distribution", "width"), [
    ("lognormal", 0.3652), ("lognormal", 0.9), ("truncated_normal", 0.2), ("truncated_normal", 1.5),
    ("uniform", 0.7), ("log10_uniform", 0.3),
])  # fmt: skip
def test_moments_are_those_of_the_quantiles(distribution: str, width: float) -> None:
    one = error("x", "common", distribution, width)
    for power, expected in zip((1, 2), moments(one), strict=True):
        found, _ = integrate.quad(
            lambda u, k=power: float(factor(one, u)) ** k, 0.0, 1.0, limit=400, epsrel=1e-9
        )
        assert found == pytest.approx(expected, rel=3e-6)
    u = np.linspace(0.0, 1.0, 1001)
    values = factor(one, u)
    assert (np.diff(values) >= 0.0).all()
    assert values[0] >= 0.0
    if distribution == "lognormal":
        sigma = np.sqrt(np.log1p(width**2))
        assert values[1:-1] == pytest.approx(
            stats.lognorm(sigma, scale=np.exp(-(sigma**2) / 2)).ppf(u[1:-1])
        )
    if distribution == "truncated_normal":
        assert values[1:-1] == pytest.approx(
            stats.truncnorm(-1 / width, 1 / width, 1.0, width).ppf(u[1:-1])
        )


@pytest.mark.parametrize(("errors", "with_structure", "number"), [
    (ERRORS[:-1], False, 20_000), (ERRORS[:-1], True, 20_000), (ERRORS, True, 3000),
])  # fmt: skip
def test_mean_and_variance_of_the_draws_are_those_in_closed_form(
    cells: CellAmounts, structure: Structure, errors: list[Error], with_structure: bool, number: int
) -> None:
    used = structure if with_structure else None
    exact = total_variance(cells, errors, used)
    total = draw(cells, errors, number, 3, used).results()["global total"][2]
    sd = exact.variance**0.5
    assert total.mean() == pytest.approx(exact.mean, abs=4.0 * sd / total.size**0.5)
    assert total.std() == pytest.approx(sd, rel=5.0 / number**0.5)
    for name in exact.first_order:  # one error alone
        alone = [
            one if one.name == name else one.model_copy(update={WIDTH[one.distribution]: 0.0})
            for one in errors
        ]
        drawn = draw(cells, alone, 1000, 5, used if name == "model structure" else None)
        values = drawn.results()["global total"][2]
        assert 100.0 * values.std() / values.mean() == pytest.approx(exact.alone[name], rel=0.1)


def test_independent_errors_of_cells_average_out(cells: CellAmounts) -> None:
    """Relative variance of a sum: that of one cell times the sum of the squared weights."""
    by_cell = [error("cells", "by_cell", "lognormal", 0.8)]
    exact = total_variance(cells, by_cell)
    of_cells = cells.flux.sum(axis=(0, 1))
    weights = of_cells / of_cells.sum()
    assert exact.variance**0.5 / exact.mean == pytest.approx(
        0.8 * np.sqrt((weights**2).sum()), rel=1e-12
    )
    total = draw(cells, by_cell, 4000, 0).results()["global total"][2]
    assert total.std() / total.mean() == pytest.approx(0.8 * np.sqrt((weights**2).sum()), rel=0.06)
    # Wholly correlated, the same error does not.
    common = total_variance(cells, [error("cells", "common", "lognormal", 0.8)])
    assert common.variance**0.5 / common.mean == pytest.approx(0.8, rel=1e-12)


def test_without_width_every_number_is_that_of_the_run(cells: CellAmounts) -> None:
    nothing = [one.model_copy(update={WIDTH[one.distribution]: 0.0}) for one in ERRORS]
    table = intervals(draw(cells, nothing, 50, 0))
    for column in ("mean", "P5", "P50", "P95"):
        assert (table[column] == table["run"]).all(), column
    assert (table["sd"] == 0.0).all()
    exact = total_variance(cells, nothing)
    assert exact.mean == pytest.approx(cells.flux.sum(), rel=1e-13)
    assert exact.variance == pytest.approx(0.0, abs=1e-9)
    assert indices(of_global_total(cells, nothing), UncertaintySettings().indices, 0).empty


def test_same_seed_same_bits_however_the_draws_are_cut(
    cells: CellAmounts, structure: Structure
) -> None:
    whole = draw(cells, ERRORS, 300, 7, structure)
    for number, chunk in ((300, 1), (300, 37), (120, 1000)):
        part = draw(cells, ERRORS, number, 7, structure, chunk)
        assert np.array_equal(part.sums, whole.sums[:number])
        assert np.array_equal(
            part.results()["layer 0-10 cm"][2], whole.results()["layer 0-10 cm"][2][:number]
        )
    assert not np.array_equal(draw(cells, ERRORS, 300, 8, structure).sums, whole.sums)
    assert (whole.sums[..., :-1] >= 0.0).all()
    # Errors by cell have numbers of their own: with or without them the others are drawn alike.
    nothing = ERRORS[-1].model_copy(update={"relative_sd": 0.0})
    with_nothing = draw(cells, [*ERRORS[:-1], nothing], 300, 7, structure)
    assert np.array_equal(with_nothing.sums, draw(cells, ERRORS[:-1], 300, 7, structure).sums)


def test_parts_add_up_in_every_draw(cells: CellAmounts, structure: Structure) -> None:
    found = draw(cells, ERRORS, 100, 0, structure).results()
    for kind in ("layer", "climate group", "mineral"):
        parts = [
            values
            for name, (unit, _, values) in found.items()
            if name.startswith(kind) and unit == "Tg C yr-1"
        ]
        assert np.sum(parts, axis=0) == pytest.approx(found["global total"][2], rel=1e-12)
    assert "climate group B arid" not in found
    area = cells.area[cells.valid].sum()
    run = found["mean flux, area-weighted, valid cells"][1]
    assert run == pytest.approx(1e6 * cells.flux[..., cells.valid].sum() / area)


def test_quadrature_of_the_printed_terms() -> None:
    assert round(quadrature(UncertaintySettings.read().budget), 1) == 54.5
    assert quadrature([]) == 0.0


def test_indices_of_a_linear_model() -> None:
    """y = sum a_i x_i of uniform x: S_i = ST_i = a_i^2 / sum a^2; elementary effects are a_i."""
    slopes = np.array([4.0, 2.0, 1.0])
    linear = Quantity("y", "1", ("x1", "x2", "x3"), lambda u: u @ slopes)
    found = sobol(linear, 2048, 0)
    expected = slopes**2 / (slopes**2).sum()
    assert found["sobol_first_order_1"].to_numpy() == pytest.approx(expected, abs=0.02)
    assert found["sobol_total_1"].to_numpy() == pytest.approx(expected, abs=0.02)
    effects = morris(linear, 20, 0)
    assert effects["morris_mu_in_unit"].to_numpy() == pytest.approx(0.9 * slopes)
    assert effects["morris_sigma_in_unit"].to_numpy() == pytest.approx(0.0, abs=1e-9)


def test_indices_of_the_total_are_the_shares_in_closed_form(
    cells: CellAmounts, structure: Structure
) -> None:
    common = [
        error("contents", "common", "lognormal", 0.3),
        error("model", "common", "uniform", 0.5),
        error("cells", "by_cell", "lognormal", 2.0),
    ]
    exact = total_variance(cells, common, structure)
    found = sobol(of_global_total(cells, common, structure), 4096, 1).set_index("variable")
    assert set(found.index) == set(exact.first_order)
    for name, part in exact.first_order.items():
        assert found.loc[name, "sobol_first_order_1"] == pytest.approx(
            part / exact.variance, abs=0.03
        )
    assert (found["sobol_total_1"] > found["sobol_first_order_1"] - 0.02).all()
    # Of one cell an error by cell is an error like any other.
    one = sobol(of_cell(cells, common, 3, "cell"), 4096, 1).set_index("variable")
    assert one.loc["cells", "sobol_first_order_1"] > 0.8


def test_settings_say_everything_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("""
[[error]]
name = "a"
shared = "by_pixel"
distribution = "lognormal"
relative_sd = 0.2
source = "s"
[[error]]
name = "b"
shared = "common"
distribution = "uniform"
relative_sd = 0.2
source = "s"
[[error]]
name = "c"
shared = "common"
distribution = "lognormal"
relative_sd = -1.0
sauce = ""
[[error]]
name = "d"
shared = "common"
distribution = "lognormal"
relative_sd = 6.22
source = "s"
[indices]
sobol_samples = 1000
""")
    with pytest.raises(InputError) as caught:
        UncertaintySettings.read(file)
    text = str(caught.value)
    for words in (
        "by_pixel",
        "uniform takes relative_half_width",
        "accepted: 0 or more",
        "accepted: 2 or less\n    next:     this looks like percent",
        "did you mean 'source'",
        "power of 2",
    ):
        assert words in text, words
    with pytest.raises(InputError, match="settings in TOML"):
        UncertaintySettings.read(tmp_path / "none.toml")
    known = UncertaintySettings(error=[error("x", "common", "uniform", 0.1, minerals=["quartz"])])
    with pytest.raises(InputError, match="quartz"):
        known.require_minerals(["illite"])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four years of the demo planet, its run and its readings."""
    folder = tmp_path_factory.mktemp("uncertain")
    content = demo_content(5.0) | {"first_year": 2015, "last_year": 2018}
    study = Study.of(content, Path())
    (folder / "study.toml").write_text(study.to_toml())
    sap.run(study, folder / "out")
    cli.app(["readings", str(folder / "study.toml"), "--out", str(folder / "readings"), "--no-presets",
             "--vary", "pco2_intercept=-3.47,-3.7"], result_action="return_value")  # fmt: skip
    return folder


def test_the_run_itself_is_what_its_summary_says(finished: Path) -> None:
    summary = json.loads((finished / "out/summary.json").read_text())
    cells = cell_amounts(sap.open(finished / "out"))
    found = {name: value for name, (_, value, _) in draw(cells, [], 1, 0).results().items()}
    assert found["global total"] == pytest.approx(summary["global_total_Tg_C_yr-1"], rel=1e-12)
    assert found["mean flux, area-weighted, valid cells"] == pytest.approx(
        summary["mean_flux_t_C_km-2_yr-1"]["area_weighted_valid"], rel=1e-12
    )
    for kind, key in (
        ("layer", "by_layer"),
        ("climate_group", "by_climate_group"),
        ("mineral", "by_mineral"),
    ):
        for row in summary[key]:
            if row["total_Tg_C_yr-1"]:
                assert found[f"{kind.replace('_', ' ')} {row[kind]}"] == pytest.approx(
                    row["total_Tg_C_yr-1"], rel=1e-12
                )
    trend = next(row for row in summary["trends"] if row["series"] == "control")
    assert found["trend of the global total"] == pytest.approx(trend["trend_Tg_C_yr-2"], rel=1e-9)


def test_trends_of_several_kinetic_groups_add_up(tmp_path: Path) -> None:
    five = Path(__file__).parents[1] / "benchmarks/five_groups.csv"
    reading = {"kinetics": str(five), "arrhenius_base": "10", "arrhenius_coefficient": "table"}
    content = demo_content(5.0) | {"first_year": 2015, "last_year": 2018, "reading": reading}
    fluxes = sap.run(Study.of(content, Path()), tmp_path)
    assert "carbon_sink_flux_by_group" in fluxes
    cells = cell_amounts(fluxes)
    expected = fluxes["trend_slope"].sel(series="control").values.reshape(4, -1)[:, cells.place]
    assert 1e6 * cells.trend.sum(axis=0) / cells.area == pytest.approx(
        np.nan_to_num(expected), rel=1e-9, abs=1e-15
    )


def test_the_command_with_readings(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = finished / "out"
    cli.app(
        ["uncertainty", str(out), "--draws", "500", "--readings", str(finished / "readings")],
        result_action="return_value",
    )
    printed = capsys.readouterr().out
    assert "500 draws, seed 0" in printed
    assert "budget in quadrature 54.5 %" in printed
    tables = {name: pd.read_csv(out / f"tables/{name}.csv", comment="#")
              for name in ("uncertainty", "uncertainty_variance", "uncertainty_indices", "uncertainty_budget")}  # fmt: skip
    total = tables["uncertainty"].set_index("quantity").loc["global total"]
    assert total["P5"] < total["P50"] < total["P95"]
    assert "model structure" in set(tables["uncertainty_variance"]["error"])
    assert tables["uncertainty_indices"]["of"].nunique() == 2
    assert tables["uncertainty_budget"]["relative_sd_percent"].iloc[-1] == pytest.approx(
        54.5, abs=0.05
    )
    assert (
        UncertaintySettings.read(out / "tables/uncertainty_settings.toml")
        == UncertaintySettings.read()
    )
    assert all(
        (out / f"figures/uncertainty.{kind}").stat().st_size > 10_000 for kind in ("png", "pdf")
    )


def test_readings_shift_totals_and_trends_by_their_own_amount(finished: Path) -> None:
    """Intercept -3.7 in the place of -3.47: everything times 10^(-0.115), with no other error."""
    found = uncertainty(
        finished / "out", UncertaintySettings(), draws=400, readings=finished / "readings"
    )
    for name in (
        "global total",
        "mean flux, area-weighted, valid cells",
        "layer 10-40 cm",
        "trend of the global total",
    ):
        _, run, values = found.draws.results()[name]
        ratio = np.unique((values / run).round(5))
        assert ratio == pytest.approx([10.0 ** (-0.23 * 0.5), 1.0], rel=1e-4), name
    share = found.tables["uncertainty_variance"].set_index("error")
    assert share.loc["model structure", "variance_share_first_order_percent"] == pytest.approx(
        100.0
    )


def test_what_does_not_go_together_is_refused(finished: Path, cells: CellAmounts) -> None:
    out = finished / "out"
    chosen = UncertaintySettings.model_validate(
        {"structure": {"readings": ["canonical", "canonicle"]}}
    )
    with pytest.raises(InputError, match="--readings FOLDER"):
        uncertainty(out, chosen)
    with pytest.raises(InputError, match="did you mean 'canonical'"):
        uncertainty(out, chosen, readings=finished / "readings")
    with pytest.raises(InputError, match="what saprolite readings wrote"):
        uncertainty(out, readings=finished)
    with pytest.raises(InputError, match="2 problems"):
        uncertainty(out, draws=0, seed=-1)
    with pytest.raises(InputError, match="a land cell"):
        uncertainty(out, cell=(0.0, -150.0))
    with pytest.raises(InputError, match="LATITUDE,LONGITUDE"):
        cli.app(["uncertainty", str(out), "--cell", "here"], result_action="return_value")
    fluxes = sap.open(out)
    with pytest.raises(InputError, match="feeds back on itself"):
        cell_amounts(fluxes.assign_attrs(column_reading="{}"))
    other = fluxes.assign_attrs(reading=json.dumps(dataclasses.asdict(Reading(et_mode="annual"))))
    from saprolite.analysis.model_structure import structure_of
    from saprolite.uncertainty_workflow import _read_readings

    readings = _read_readings(finished / "readings/readings.nc")
    with pytest.raises(InputError, match="not the run's own"):
        structure_of(readings, cell_amounts(other))
    with pytest.raises(InputError, match="the total of the run"):
        structure_of(
            readings.assign(carbon_sink=2.0 * readings["carbon_sink"]), cell_amounts(fluxes)
        )
