"""What a reading computes: each equation with its form, source and numbers; what is unverified."""

from __future__ import annotations

from dataclasses import dataclass

from saprolite.constants import TABLE
from saprolite.minerals import KineticRow, co2_per_mol, composition
from saprolite.models.profile import CO2Pathway
from saprolite.models.reading import Reading

_FROZEN = {
    "months": "r = 100/12 * sum over months of [T_soil < 273.15 K]",
    "degree_days": "r = 100 * DDF/(DDF + DDT), degree days below and above 273.15 K",
    "linear": "r = 100 * mean over months of clip((273.15 - T_soil)/2, 0, 1)",
    "logistic": "r = 100 * mean over months of 1/(1 + exp((T_soil - 273.15)/0.5))",
    "none": "r = 0",
}
_ACTION = {
    "monthly_mask": "each month counts by its unfrozen weight",
    "annual_factor": "every month is multiplied by (1 - r/100)",
    "both": "monthly weight and annual factor (double counting, for comparison only)",
    "none": "r does not act",
}
_ET = {
    "monthly_x12": "ET = 12 x the month's amount (mm yr-1)",
    "annual": "ET = sum of the calendar year (mm yr-1)",
    "trailing12": "ET = sum of the month and the 11 before it (mm yr-1)",
    "monthly_raw": "ET = the month's amount (mm month-1), put in as it is",
}
_LIMIT = {
    "none": "no PCO2limit",
    "saturating": "PCO2 -> PCO2/(1 + PCO2/P_lim)",
    "cap": "PCO2 -> min(PCO2, P_lim)",
    "scaled": "PCO2 -> PCO2/P_lim",
}
_BASIS = {
    "soil": "x_i = share of the clay-size fraction * clay fraction (fraction of the soil)",
    "clay": "x_i = share of the clay-size fraction",
    "clay_surface": "x_i = share of the clay-size fraction, on the clay term of A_w alone",
}
_PHI = {
    "dry": "phi = theta rho_soil/(rho_soil + theta rho_water - rho_i), rho_i the dry bulk density",
    "moist": "phi as printed with rho_i = rho_dry + theta rho_water, that is theta/porosity",
    "theta_only": "phi = theta",
}


@dataclass(frozen=True)
class EquationNote:
    """One equation as a reading uses it: label, form, source, numbers."""

    label: str
    form: str
    source: str
    numbers: tuple[str, ...]


def explain(model: CO2Pathway) -> tuple[EquationNote, ...]:
    """The equations of a model, in order, as its reading uses them.

    >>> notes = explain(CO2Pathway.of(Reading()))
    >>> notes[1].form.splitlines()[0]
    'log10 PCO2 = -3.47 + 2.09 (1 - exp(-0.00172 ET))'
    """
    reading = model.reading
    return (
        EquationNote(
            "Eq 1  frozen soil",
            f"{_FROZEN[reading.frozen_form]}\n{_ACTION[reading.frozen_action]}",
            "docs/equations.md 1.1 (the manuscript's formula is lost: named candidates)",
            _frozen_numbers(reading),
        ),
        EquationNote(
            "Eq 2  soil CO2",
            f"log10 PCO2 = {_intercept(reading)} + {TABLE['BROOK_AMPLITUDE'].value:g} "
            f"(1 - exp(-{TABLE['BROOK_RATE'].value:g} ET))\n"
            f"{_ET[reading.et_mode]}, at least {_floor(reading)}",
            "manuscript Eq 2 after Brook et al. 1983",
            (
                _number("BROOK_INTERCEPT")
                if reading.atmosphere == "fixed"
                and reading.pco2_intercept == TABLE["BROOK_INTERCEPT"].value
                else f"intercept = {_intercept(reading)}",
                _number("BROOK_AMPLITUDE"),
                _number("BROOK_RATE"),
            ),
        ),
        EquationNote(
            "Eq 3  weathering of a layer",
            "W = sum over minerals of R_i A_w x_i phi Z_eff\n"
            + _BASIS[reading.mineral_basis]
            + "\n"
            + (
                "Z_eff = soil present in the layer"
                if reading.thickness == "clip"
                else "Z_eff = full depth of the layer"
            ),
            "manuscript Eq 3; Sverdrup & Warfvinge 1995 eq 33",
            (f"illite/mica class: {reading.mica_share:g} mica, {1 - reading.mica_share:g} illite",),
        ),
        EquationNote(
            "Eq 4  rate at 8 degC",
            f"R_i,8 = K_CO2,i PCO2^n_i / f_CO2, f_CO2 = 1; {_LIMIT[reading.pco2_limit]}",
            f"manuscript Eq 4; kinetic table '{reading.kinetics}'",
            (
                *(
                    _kinetic_number(reading, name, row)
                    for name, row in zip(model.minerals, model.rows, strict=True)
                ),
                *((f"P_lim = {reading.pco2_limit_value} atm",) if reading.pco2_limit_value else ()),
            ),
        ),
        EquationNote(
            "Eq 5  temperature",
            f"R_i = R_i,8 * {'exp' if reading.arrhenius_base == 'e' else '10^'}"
            "[A (1/T_lab - 1/T_soil)]",
            "manuscript Eq 5; Sverdrup & Warfvinge tables use base 10",
            (
                "A of each mineral from its row, base 10 (see Eq 4)"
                if reading.arrhenius_coefficient == "table"
                else f"A = {reading.arrhenius_coefficient} K, base {reading.arrhenius_base}",
                f"T_lab = {reading.reference_temperature} K",
            ),
        ),
        EquationNote(
            "Eq 6  surface area",
            _area_form(reading),
            "manuscript Eq 6; Sverdrup & Warfvinge 1995 eq 34",
            _area_numbers(reading),
        ),
        EquationNote(
            "Eq 7  moisture saturation",
            _PHI[reading.moisture_density] + "; clipped to [0, 1], clips counted",
            "manuscript Eq 7; Sverdrup & Warfvinge 1995 eq 35",
            (_number("PARTICLE_DENSITY"), _number("WATER_DENSITY")),
        ),
        EquationNote(
            "Carbon",
            "1 kmol_c of base cations = 1 kmol CO2 as bicarbonate"
            if reading.stoichiometry == "per_equivalent"
            else f"K is kmol of mineral; CO2 per mol from table '{reading.stoichiometry_table}'",
            "docs/equations.md 1.11",
            (
                *(
                    f"{name}: {value:g} CO2 per unit of K"
                    for name, value in zip(model.minerals, model.co2_yield, strict=True)
                ),
                _number("CARBON_MOLAR_MASS"),
            ),
        ),
        EquationNote(
            "Time",
            (
                "mean month lengths, February 28.25 d"
                if reading.calendar == "mean"
                else "days of the actual month"
            )
            + ("; monthly drivers" if reading.drivers == "monthly" else "; annual-mean drivers"),
            "docs/equations.md section 2",
            (_number("DAYS_PER_YEAR"),),
        ),
    )


def explain_text(model: CO2Pathway) -> str:
    """The same as text for a terminal or a file."""
    lines = [f"{model.reading.summary()}", ""]
    for note in explain(model):
        lines.append(note.label)
        lines += [f"    {line}" for line in note.form.splitlines()]
        lines += [f"      {number}" for number in note.numbers]
        lines += [f"    source: {note.source}", ""]
    lines += [f"note: {note}" for note in model.notes]
    unverified = unverified_numbers(model)
    lines.append("Unverified numbers in use [U]:" if unverified else "No unverified number in use.")
    lines += [
        f"    {item['name']} = {item['value']} {item['unit']} ({item['source']})"
        for item in unverified
    ]
    flagged = flagged_numbers(model)
    if flagged:
        lines.append("Numbers in use that carry a warning:")
        lines += [
            f"    {item['name']} = {item['value']} {item['unit']}: {item['warning']}"
            for item in flagged
        ]
    return "\n".join(lines)


def unverified_numbers(model: CO2Pathway) -> list[dict[str, str | float]]:
    """The numbers tagged [U] (recalled, not verified) that a model uses.

    >>> [item["name"] for item in unverified_numbers(CO2Pathway.of(Reading()))]
    ['BROOK_INTERCEPT']
    """
    reading = model.reading
    names = []
    if reading.atmosphere == "fixed" and reading.pco2_intercept == TABLE["BROOK_INTERCEPT"].value:
        names.append("BROOK_INTERCEPT")
    if reading.frozen_form == "linear" and reading.frozen_action != "none":
        names.append("FREEZING_WIDTH")
    items: list[dict[str, str | float]] = [
        {
            "name": name,
            "value": TABLE[name].value,
            "unit": TABLE[name].unit,
            "source": TABLE[name].source,
        }
        for name in names
        if TABLE[name].confidence == "U"
    ]
    for name, row in zip(model.minerals, model.rows, strict=True):
        if row.confidence == "U":
            items.append(
                {
                    "name": f"pkCO2 and n of {name}",
                    "value": row.pk,
                    "unit": "-log10(kmol_c m-2 s-1)",
                    "source": row.source,
                }
            )
        if reading.stoichiometry == "mineral_formula":
            formula = co2_per_mol(name, reading.stoichiometry_table)
            if formula.confidence == "U":
                items.append(
                    {
                        "name": f"CO2 per mol of {name}",
                        "value": formula.value,
                        "unit": "mol mol-1",
                        "source": formula.source,
                    }
                )
        elif composition(row.row, row.mineral).confidence == "U":
            items.append(
                {
                    "name": f"composition of {name}",
                    "value": "",
                    "unit": "",
                    "source": composition(row.row, row.mineral).source,
                }
            )
    return items


def flagged_numbers(model: CO2Pathway) -> list[dict[str, str | float]]:
    """Numbers that were read in a source, but carry a warning there or here.

    >>> [item["name"] for item in flagged_numbers(CO2Pathway.of(Reading()))]
    ['pkCO2 of smectite (row Smectite)']
    """
    items: list[dict[str, str | float]] = []
    for name, row in zip(model.minerals, model.rows, strict=True):
        if row.flag:
            items.append(
                {
                    "name": f"pkCO2 of {name} (row {row.row})",
                    "value": row.pk,
                    "unit": "-log10(kmol_c m-2 s-1)",
                    "warning": row.flag,
                }
            )
        if model.reading.stoichiometry == "mineral_formula":
            formula = co2_per_mol(name, model.reading.stoichiometry_table)
            if formula.flag and formula.confidence != "U":
                items.append(
                    {
                        "name": f"CO2 per mol of {name}",
                        "value": formula.value,
                        "unit": "mol mol-1",
                        "warning": formula.flag,
                    }
                )
    return items


def _number(name: str) -> str:
    item = TABLE[name]
    return f"{item.meaning}: {item.value:g} {item.unit} [{item.confidence}] {item.source}"


def _kinetic_number(reading: Reading, name: str, row: KineticRow) -> str:
    by_row = reading.arrhenius_coefficient == "table"
    temperature = f", A {row.coefficient} K (base 10)" if by_row else ""
    return (
        f"{name}: pk {row.pk:g}, n {row.order:g}{temperature} "
        f"[{row.confidence}] row {row.row}, {row.source}"
    )


def _floor(reading: Reading) -> str:
    if reading.et_mode == "monthly_raw":
        return f"{reading.et_floor:g} mm month-1"
    return f"{12 * reading.et_floor:g} mm yr-1"


def _intercept(reading: Reading) -> str:
    if reading.atmosphere == "series":
        return "log10 PCO2_air(year)"
    return f"{reading.pco2_intercept:g}"


def _frozen_numbers(reading: Reading) -> tuple[str, ...]:
    numbers = [_number("FREEZING_POINT")]
    if reading.frozen_form == "linear":
        numbers.append(_number("FREEZING_WIDTH"))
    if reading.frozen_form == "logistic":
        numbers.append(_number("LOGISTIC_WIDTH"))
    return tuple(numbers)


def _area_form(reading: Reading) -> str:
    clay, silt, sand, coarse = (
        f"{TABLE[name].value / 1e6:g}"
        for name in ("CLAY_AREA", "SILT_AREA", "SAND_AREA", "COARSE_SAND_AREA")
    )
    if reading.mineral_basis == "clay_surface":
        form = f"A_w = {clay} X_clay (10^6 m2 m-3), the clay term alone"
    elif reading.coarse_sand == "as_sand":
        form = f"A_w = {clay} X_clay + {silt} X_silt + {sand} X_sand (10^6 m2 m-3)"
    else:
        kept = "0" if reading.coarse_sand == "excluded" else coarse
        form = (
            f"A_w = {clay} X_clay + {silt} X_silt + {sand} X_fine + {kept} X_coarse "
            f"(10^6 m2 m-3); coarse = {reading.coarse_sand_share} of the sand"
        )
    return form + (" * rho_bulk/rho_0" if reading.density_factor == "bulk" else "")


def _area_numbers(reading: Reading) -> tuple[str, ...]:
    names = ["CLAY_AREA"]
    if reading.mineral_basis != "clay_surface":
        names += ["SILT_AREA", "SAND_AREA"]
    if reading.coarse_sand == "reduced":
        names.append("COARSE_SAND_AREA")
    if reading.density_factor == "bulk":
        names.append("REFERENCE_DENSITY")
    return tuple(_number(name) for name in names)
