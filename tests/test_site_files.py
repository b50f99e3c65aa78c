"""Site files: units against hand calculation, every refusal by its words, TOML = CSV, round trips."""

from __future__ import annotations

import copy
import math
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from saprolite.column.site import Layer, Site
from saprolite.column.site_checks import CHEMISTRY, DEPOSITION, UPTAKE
from saprolite.column.site_files import SITE_TEMPLATE, read_sites, site_to_toml
from saprolite.column.site_quantities import IONS, QUANTITIES
from saprolite.column.site_units import fits, free_value, to_si
from saprolite.equations.surface import TEXTURE_SUM_TOLERANCE
from saprolite.errors import InputError
from saprolite.minerals import KineticTable, Mineral

SITES = Path(__file__).parents[1] / "sites"
MEASURES = [name for name, spec in QUANTITIES.items() if spec.kind == "measure"]


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_sites(path)
    return str(caught.value)


def problem(name: str, value: object, **more: Any) -> Any:
    with pytest.raises(InputError) as caught:
        to_si(name, value, "p.toml: site 'P', layer 'B': here", **more)
    (only,) = caught.value.problems
    assert only.where == "p.toml: site 'P', layer 'B': here"
    assert only.accepted
    return only


# Units ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "typed", "expected"), [
    # 1 ha = 1e4 m2 and 1 eq = 1e-3 kmol_c, so 1 eq/ha/yr = 1e-7 kmol_c m-2 yr-1.
    ("deposition.Ca", "1 eq/ha/yr", 1e-7), ("deposition.Ca", "350 eq/ha/yr", 3.5e-5),
    ("deposition.Ca", "0.35 keq/ha/yr", 3.5e-5), ("deposition.Ca", "350 molc ha-1 yr-1", 3.5e-5),
    ("deposition.Ca", "1 mmolc/m2/yr", 1e-6), ("deposition.Ca", "1 meq/m2/yr", 1e-6),
    ("deposition.Ca", "1 mmol_c m-2 yr-1", 1e-6), ("deposition.Ca", "2e-5 kmol_c m-2 yr-1", 2e-5),
    ("deposition.Ca", "1 meq/(m2 yr)", 1e-6), ("deposition.Ca", "1 meq m⁻² yr⁻¹", 1e-6),
    ("deposition.Ca", "1 meq·m⁻²·a⁻¹", 1e-6), ("deposition.Ca", "365.25 ueq/m2/yr", 3.6525e-7),
    ("deposition.Ca", "1 ueq/m2/day", 365.25e-9), ("uptake.K", "15 meq/m2/yr", 1.5e-5),
    ("uptake.N", "30 mmol/m2/yr", 3e-5), ("uptake.N", "300 mol/ha/yr", 3e-5),
    ("uptake.N", "30 meq/m2/yr", 3e-5),
    ("doc", "1 mg/L", 1e-3), ("doc", "12 mg/l", 0.012), ("doc", "12 mg C/L", 0.012),
    ("doc", "12 mgC/L", 0.012), ("doc", "12 g/m3", 0.012),
    ("co2", "4000 ppm", 0.004), ("co2", "0.4 %", 0.004), ("co2", "0.004 atm", 0.004),
    ("co2", "1.01325 kPa", 0.01), ("co2", "4 mmol/mol", 0.004),
    ("temperature", "5.2 degC", 278.35), ("temperature", "5.2 °C", 278.35),
    ("temperature", "5.2 deg C", 278.35), ("temperature", "-1.5degC", 271.65),
    ("temperature", "\u22121.5 °C", 271.65), ("temperature", "278.35 K", 278.35),
    ("temperature", "41 degF", 278.15),
    ("thickness", "30 cm", 0.3), ("thickness", "0.3 m", 0.3), ("thickness", "80 mm", 0.08),
    ("thickness", "3e1 cm", 0.3),
    ("bulk_density", "1.25 g/cm3", 1250.0), ("bulk_density", "1.25 g cm-3", 1250.0),
    ("bulk_density", "1.2345678901234 g/cm3", 1234.5678901234),
    ("bulk_density", "1250 kg/m^3", 1250.0), ("bulk_density", "1.25 t/m**3", 1250.0),
    ("precipitation", "800 mm/yr", 0.8), ("precipitation", "800 L/m2/yr", 0.8),
    ("evapotranspiration", "2 mm/day", 0.7305),
    ("clay", "25 %", 0.25), ("clay", 0.25, 0.25), ("clay", "0.25", 0.25), ("clay", "250 g/kg", 0.25),
    ("soil_moisture", "25 %", 0.25), ("soil_moisture", "0.25 m3/m3", 0.25),
    ("soil_moisture", "250 L/m3", 0.25),
    ("minerals.albite", "12 %", 0.12), ("minerals.apatite", "300 ppm", 3e-4),
    ("specific_surface_area", "1.5 m2/g", 1500.0), ("surface_area", "1.8 m2/cm3", 1.8e6),
    ("aluminium", "8 umol/L", 8e-6), ("aluminium", "8 µmol/L", 8e-6), ("aluminium", "8 uM", 8e-6),
    ("organic_acid", "60 ueq/L", 6e-5), ("organic_acid", "60 umolc/L", 6e-5),
    ("ph", 4.7, 4.7), ("ph", "4.7", 4.7), ("log_gibbsite", 8, 8.0), ("gibbsite_exponent", 3, 3.0),
    ("deposition.Cl", 0, 0.0), ("doc", "0", 0.0),
    ("critical_load.nitrogen_immobilisation", "36 eq/ha/yr", 3.6e-6),
])  # fmt: skip
def test_conversions(name: str, typed: object, expected: float) -> None:
    # Decimal numbers stay decimal: no rounding noise of the conversion is left.
    assert to_si(name, typed, "") == pytest.approx(expected, rel=4e-16)


@pytest.mark.parametrize(("name", "value", "unit", "expected"), [
    ("thickness", 30, "cm", 0.3), ("thickness", "30", "cm", 0.3), ("clay", 25, "%", 0.25),
    ("temperature", 0, "degC", 273.15), ("temperature", "278.35 K", "degC", 278.35),
    ("deposition.SO4", 10, "meq/m2/yr", 1e-5),
])  # fmt: skip
def test_a_unit_for_bare_numbers(name: str, value: object, unit: str, expected: float) -> None:
    assert to_si(name, value, "", unit=unit) == pytest.approx(expected, rel=4e-16)


@pytest.mark.parametrize(("name", "value", "found", "next_step"), [
    # No unit: the number is typed back with the unit that makes it plausible.
    ("thickness", 8, "8, without a unit", 'type here = "8 cm"'),
    ("temperature", 5.2, "5.2, without a unit", '"5.2 degC"'),
    ("temperature", 278, "278, without a unit", '"278 K"'),
    ("temperature", 0, "0, without a unit", '"0 degC"'),
    ("bulk_density", 1.25, "without a unit", '"1.25 g/cm3"'),
    ("bulk_density", 1250, "without a unit", '"1250 kg/m3"'),
    ("co2", 4000, "without a unit", '"4000 ppm"'), ("co2", 0.01, "without a unit", '"0.01 atm"'),
    ("doc", "12", '"12", without a unit', '"12 mg/L"'),
    ("surface_area", 1.5, "without a unit", '"1.5 m2/g"'),
    ("deposition.Ca", 10, "without a unit", '"10 meq/m2/yr"'),
    # Amount, charge and mass.
    ("deposition.Ca", "175 mol/ha/yr", "a flux of amount (mol)", 'type "350 eq/ha/yr"'),
    ("deposition.K", "175 mol/ha/yr", "a flux of amount (mol)", 'type "175 eq/ha/yr"'),
    ("deposition.SO4", "10 mmol/m2/yr", "1 mol of SO4 is 2 eq", 'type "20 meq/m2/yr"'),
    ("deposition.SO4", "10 kg/ha/yr", "a mass flux", "molar mass and the charge: kg of S / 32.06"),
    ("deposition.NH4", "5 kg/ha/yr", "a mass flux", "kg of N / 14.01 x 1 = keq"),
    ("uptake.N", "5 kg/ha/yr", "a mass flux", "kg of N / 14.01 x 1 = kmol"),
    ("uptake.Ca", "5 kg/ha/yr", "a mass flux", "kg of Ca / 40.08 x 2 = keq"),
    ("aluminium", "24 ueq/L", "a charge (eq)", "divide by the charge of the ion (3)"),
    ("aluminium", "0.2 mg/L", "a mass per volume", "mg of Al / 26.98 x 1 = mmol"),
    ("base_cations", "200 ueq/L", "a charge (eq)", "divide by the charge"),
    ("base_cations", "2 mg/L", "a mass per volume", "mass / molar mass = amount"),
    ("organic_acid", "60 umol/L", "an amount (mol)", "multiply by the charge"),
    ("organic_acid", "6 mg/L", "a mass per volume", "mass / molar mass x charge = equivalents"),
    ("doc", "1 mmol/L", "an amount (mol) per volume", '"12 mg/L"'),
    # Other dimensions.
    ("precipitation", "800 mm", "a length", 'Type "800 mm/yr"'),
    ("deposition.Ca", "10 meq/m2", "without its time", '"35 meq/m2/yr"'),
    ("deposition.Ca", "10 meq/m2 yr", "something else", 'each divisor takes its own "/"'),
    ("temperature", "5.2 C", "an electric charge (coulomb)", 'type "5.2 degC"'),
    ("thickness", "8 kg", "a mass", '"8 cm"'),
    ("clay", "4 g/cm3", "a mass per volume", '"4 %"'),
    ("ph", "4.7 m", "with a unit", "the number alone"),
    # Ratios of the wrong things.
    ("soil_moisture", "0.2 kg/kg", "a ratio of mass", "gravimetric"),
    ("clay", "0.2 m3/m3", "a ratio of length", '"4 %"'),
    ("co2", "4 g/kg", "a ratio of mass", '"4000 ppm"'),
    ("saturation", "0.5 kg/kg", "a ratio of mass", '"60 %"'),
    # Not plausible.
    ("temperature", "5.2 K", '"5.2 K", which is 5.2 K', 'is it "5.2 degC"?'),
    ("bulk_density", "1.3 kg/m3", "which is 1.3 kg m-3", 'is it "1.3 g/cm3"?'),
    ("co2", "4000 atm", "which is 4000 atm", 'is it "4000 ppm"?'),
    ("thickness", "80 m", "which is 80 m", 'is it "80 cm"?'),
    ("clay", 25, "25", 'above 1: is it percent? write "25 %"'),
    ("minerals.albite", "12", '"12"', 'above 1: is it percent? write "12 %"'),
    ("clay", "120 %", "which is 1.2", "check the value"), ("clay", 250, "250", "correct the value"),
    ("clay", -0.1, "-0.1", "cannot be negative"),
    ("deposition.Ca", "-3 meq/m2/yr", "which is -3e-06 kmol_c", "cannot be negative"),
    ("ph", 47, "47", "correct the value"),
    # Not a unit, not a number.
    ("thickness", "8 cmm", '"cmm" is not a unit', "did you mean 'cm'?"),
    ("thickness", "8 m//s", '"m//s" is not a unit', "use one of 'cm', 'm'"),
    ("thickness", "8 (cm", '"(cm" is not a unit', "cm"), ("thickness", "8 cm)", "is not a unit", "cm"),
    ("thickness", "8 cm*", "is not a unit", "cm"), ("thickness", "8 m^12", "is not a unit", "cm"),
    ("co2", "10 ambient", '"ambient" is not a unit', "10 times 400 ppm"),
    ("thickness", "thick", '"thick", not a number', "give one number"),
    ("thickness", "", '"", not a number', "leave the key out"),
    ("thickness", "5,2 cm", '"5,2 cm"', "decimal point"),
    ("bulk_density", "1,250 kg/m3", '"1,250 kg/m3"', "no mark for thousands"),
    ("aluminium", "<5 umol/L", "not a number", "below detection"),
    ("thickness", True, "true or false, not a number", "one number"),
    ("thickness", {"value": 8}, "a section, not a number", "one number"),
    ("thickness", [8, 9], "a list, not a number", "one number"),
    ("thickness", None, "not a number", "one number"),
    ("clay", float("nan"), "not a finite number", "leave it out"),
    ("clay", float("inf"), "not a finite number", "leave it out"),
    ("clay", 10**400, "not a finite number", "leave it out"),
    ("thickness", "nan cm", "not a finite number", "leave it out"),
    ("thickness", "-inf", "not a finite number", "leave it out"),
    ("thickness", "1e999 m", "not a finite number", "leave it out"),
])  # fmt: skip
def test_refused_values(name: str, value: object, found: str, next_step: str) -> None:
    here = problem(name, value, advice='type here = "{typed}"')
    assert found in here.found + here.next_step
    assert next_step in here.next_step


def test_every_example_can_be_typed() -> None:
    """What an error tells to type is accepted, for every quantity."""
    for name, spec in QUANTITIES.items():
        for example in spec.examples:
            if (name, example) != ("surface_area", "1.5 m2/g"):
                assert spec.low <= to_si(name, example, "") <= spec.high, (name, example)


def test_the_rules_for_masses_are_right() -> None:
    """Standard atomic weights of IUPAC 2021, and the charges."""
    weights = {"Ca": 40.078, "Mg": 24.305, "K": 39.0983, "Na": 22.98977, "N": 14.007, "S": 32.06,
               "Cl": 35.45, "Al": 26.98154, "Si": 28.085, "O": 15.999, "H": 1.008}  # fmt: skip
    charges = {"Ca": 2, "Mg": 2, "K": 1, "Na": 1, "NH4": 1, "NO3": 1, "SO4": 2, "Cl": 1}
    for name, ion in IONS.items():
        rules = re.findall(r"of (\w+) / ([\d.]+) x (\d) = (\w+)", ion.by_mass)
        assert rules
        for formula, mass, factor, unit in rules:
            parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
            total = sum(weights[element] * int(count or 1) for element, count in parts)
            assert float(mass) == pytest.approx(total, abs=0.006), name
            assert int(factor) == (charges[name] if unit == "keq" else 1)
    assert set(DEPOSITION) | set(UPTAKE) <= set(IONS)
    assert {name: IONS[name].charge for name in charges} == charges


def test_pint_is_loaded_on_first_use_only() -> None:
    code = (
        "import sys, saprolite.column.site_files, saprolite.column.site\n"
        "assert 'pint' not in sys.modules\n"
        "from saprolite.column.site_units import to_si\n"
        "to_si('thickness', '8 cm', ''); assert 'pint' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@given(st.sampled_from(sorted(QUANTITIES)), st.text() | st.floats() | st.integers(), st.text())
def test_any_value_is_a_plausible_number_or_refused(name: str, value: object, unit: str) -> None:
    for typed, chosen in ((value, None), (value, unit), (f"8 {value}", None)):
        try:
            si = to_si(name, typed, "", unit=chosen)
        except InputError:
            continue
        assert QUANTITIES[name].low <= si <= QUANTITIES[name].high


@given(st.sampled_from(MEASURES), st.floats(0.0, 1.0))
def test_the_canonical_unit_changes_nothing(name: str, part: float) -> None:
    spec = QUANTITIES[name]
    value = min(spec.high, spec.low + part * (spec.high - spec.low))
    assert to_si(name, f"{value!r} {spec.unit}", "") == value


def test_free_values_and_dimensions() -> None:
    assert free_value("Bc/Al", "") == "Bc/Al"
    assert free_value(1, "") == 1.0
    assert free_value("10", "", unit="%") == 0.1
    assert free_value("200 ueq/L", "") == 2e-4  # kmol_c m-3
    assert free_value("5 umol/L", "") == 5e-6  # kmol m-3
    assert free_value("300 eq/ha/yr", "") == 3e-5  # kmol_c m-2 yr-1
    for bad in ("3 apples", "3 kg", True, [1], float("nan"), "1e999"):
        with pytest.raises(InputError):
            free_value(bad, "")
    assert fits("specific_surface_area", "1.5 m2/g")
    assert fits("specific_surface_area", 1.5, "m2/g")
    assert not fits("specific_surface_area", "1.5 m2/m3", "m2/g")
    assert not fits("specific_surface_area", None)


# Files ---------------------------------------------------------------------------------------

LAYER: dict[str, Any] = {
    "thickness": "10 cm", "temperature": "5.2 degC", "soil_moisture": "25 %",
    "bulk_density": "1.25 g/cm3", "clay": "4 %", "silt": "25 %", "sand": "40 %",
    "co2": "4000 ppm", "doc": "12 mg/L", "log_gibbsite": 8.5, "nitrification": "10 %",
    "minerals": {"albite": "12 %", "k_feldspar": "15 %"},
}  # fmt: skip
PIT: dict[str, Any] = {
    "name": "Pit", "latitude": 58.06, "longitude": 12.02,
    "precipitation": "900 mm/yr", "evapotranspiration": "450 mm/yr",
    "deposition": {"Ca": "10 meq/m2/yr", "Mg": "100 eq/ha/yr", "K": "3 meq/m2/yr",
                   "Na": "40 meq/m2/yr", "NH4": "30 meq/m2/yr", "NO3": "30 meq/m2/yr",
                   "SO4": "35 meq/m2/yr", "Cl": "45 meq/m2/yr"},
    "uptake": {"Ca": "12 meq/m2/yr", "Mg": "3 meq/m2/yr", "K": "5 meq/m2/yr",
               "N": "25 mmol/m2/yr"},
    "critical_load": {"criterion": "Bc/Al", "critical_value": 1.0, "log_gibbsite": 8.0,
                      "nitrogen_immobilisation": "36 mol/ha/yr",
                      "denitrification_fraction": "10 %"},
    "layer": [
        {"name": "E", **copy.deepcopy(LAYER), "evapotranspiration_share": "60 %", "uptake_share": "70 %"},
        {"name": "B", **copy.deepcopy(LAYER), "evapotranspiration_share": 0.4, "uptake_share": 0.3,
         "thickness": "0.4 m", "gibbsite_exponent": 2.5, "ph": 4.7, "aluminium": "8 umol/L"},
    ],
}  # fmt: skip
GONE = object()


def changed(changes: dict[str, Any], base: dict[str, Any] = PIT) -> dict[str, Any]:
    """The pit with changes, by path ("layer.0.clay"); GONE takes a key out."""
    content = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, key = path.split(".")
        place: Any = content
        for part in parents:
            place = place[int(part)] if part.isdigit() else place[part]
        if value is GONE:
            del place[int(key) if key.isdigit() else key]
        else:
            place[key] = value
    return content


def written(folder: Path, content: dict[str, Any], name: str = "pit.toml") -> Path:
    path = folder / name
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    return path


def test_a_site_is_in_si_units(tmp_path: Path) -> None:
    path = written(tmp_path, PIT)
    site = Site.read(path)
    top, below = site.layers
    assert (site.name, site.latitude, site.longitude, site.source) == (
        "Pit",
        58.06,
        12.02,
        str(path),
    )
    assert (site.precipitation, site.evapotranspiration) == (0.9, 0.45)
    assert site.deposition == {"Ca": 1e-5, "Mg": 1e-5, "K": 3e-6, "Na": 4e-5, "NH4": 3e-5,
                               "NO3": 3e-5, "SO4": 3.5e-5, "Cl": 4.5e-5}  # fmt: skip
    assert site.uptake == {"Ca": 1.2e-5, "Mg": 3e-6, "K": 5e-6, "N": 2.5e-5}
    assert site.critical_load == {
        "criterion": "Bc/Al", "critical_value": 1.0, "log_gibbsite": 8.0,
        "nitrogen_immobilisation": 3.6e-6, "denitrification_fraction": 0.1,
    }  # fmt: skip
    assert top == Layer(
        name="E", thickness=0.1, temperature=278.35, soil_moisture=0.25, bulk_density=1250.0,
        clay=0.04, silt=0.25, sand=0.4, co2=0.004, doc=0.012, log_gibbsite=8.5,
        gibbsite_exponent=3.0, nitrification=0.1, minerals={"albite": 0.12, "k_feldspar": 0.15},
        evapotranspiration_share=0.6, uptake_share=0.7,
    )  # fmt: skip
    assert (below.thickness, below.gibbsite_exponent, below.ph, below.aluminium) == (
        0.4,
        2.5,
        4.7,
        8e-6,
    )
    assert top.coarse == pytest.approx(0.31)
    assert site.defaults == ("layer 'E': gibbsite_exponent = 3",)


def test_units_of_a_file(tmp_path: Path) -> None:
    changes = {
        "units": {"thickness": "cm", "temperature": "degC", "minerals": "%", "clay": "%",
                  "deposition": "meq/m2/yr", "uptake": "meq/m2/yr", "co2": "ppm"},
        "layer.0.thickness": 10, "layer.0.temperature": 5.2, "layer.0.clay": 4,
        "layer.0.minerals.albite": 12, "deposition.Ca": 10, "uptake.N": 25, "layer.1.co2": 4000,
    }  # fmt: skip
    assert Site.read(written(tmp_path, changed(changes))) == Site.read(
        written(tmp_path, PIT, "b.toml")
    )


@pytest.mark.parametrize(("unit", "density", "expected"), [
    ("1.5 m2/g", "1.25 g/cm3", 1.875e6),  # 1500 m2/kg x 1250 kg/m3
    ("1.8e6 m2/m3", "1.25 g/cm3", 1.8e6), ("1.8e6 m2/m3", GONE, 1.8e6),
])  # fmt: skip
def test_measured_area(tmp_path: Path, unit: str, density: object, expected: float) -> None:
    changes = {f"layer.0.{key}": GONE for key in ("clay", "silt", "sand", "soil_moisture")}
    content = changed({**changes, "layer.0.saturation": "60 %", "layer.0.surface_area": unit,
                       "layer.0.bulk_density": density})  # fmt: skip
    layer = Site.read(written(tmp_path, content)).layers[0]
    assert layer.surface_area == pytest.approx(expected, rel=1e-15)
    assert layer.coarse is None
    by_unit = changed({"units": {"surface_area": unit.partition(" ")[2]},
                       "layer.0.surface_area": float(unit.partition(" ")[0])}, content)  # fmt: skip
    assert Site.read(written(tmp_path, by_unit)).layers[0] == layer


def test_shares_where_there_is_nothing_to_choose(tmp_path: Path) -> None:
    one = changed({"layer.1": GONE, "layer.0.uptake_share": GONE,
                   "layer.0.evapotranspiration_share": GONE})  # fmt: skip
    layer = Site.read(written(tmp_path, one)).layers[0]
    assert (layer.uptake_share, layer.evapotranspiration_share) == (1.0, 1.0)
    bare = changed({"uptake": dict.fromkeys(UPTAKE, 0), "layer.0.uptake_share": GONE,
                    "layer.1.uptake_share": GONE, "deposition.NH4": 0,
                    "layer.0.nitrification": GONE})  # fmt: skip
    site = Site.read(written(tmp_path, bare))
    assert [layer.uptake_share for layer in site.layers] == [0.0, 0.0]
    assert [layer.nitrification for layer in site.layers] == [0.0, 0.1]
    text = site_to_toml(site)
    (tmp_path / "again.toml").write_text(text, encoding="utf-8")
    assert Site.read(tmp_path / "again.toml") == site


@pytest.mark.parametrize(("changes", "parts"), [
    ({"layer.0.thickness": 10}, ["pit.toml: site 'Pit', layer 'E': thickness\n", 'type thickness = "10 cm"', '[units] thickness = "cm"']),
    ({"deposition.Ca": 10}, ["pit.toml: site 'Pit': deposition.Ca\n", 'type Ca = "10 meq/m2/yr"', '[units] deposition = "meq/m2/yr"']),
    ({"layer.1.minerals.albite": 12}, ["layer 'B': minerals.albite\n", 'write "12 %"']),
    ({"deposition.Na": GONE, "deposition.Cl": GONE}, ["site 'Pit': deposition\n", "no Na, Cl", 'add Na = "... meq/m2/yr", Cl = "... meq/m2/yr"', "0 is allowed"]),
    ({"deposition": GONE}, ["no Ca, Mg, K, Na, NH4, NO3, SO4, Cl"]),
    ({"uptake.N": GONE}, ["site 'Pit': uptake\n", "no N", 'add N = "... mmol/m2/yr"']),
    ({"layer.0.doc": GONE, "layer.0.co2": GONE}, ["layer 'E'\n", "no co2, doc", 'add co2 = "... ppm", doc = "... mg/L"']),
    ({"precipitation": GONE}, ["site 'Pit'\n", "no precipitation", 'add precipitation = "... mm/yr"']),
    ({"layer.0.minerals": GONE}, ["layer 'E': minerals\n", "add [layer.minerals] albite ="]),
    ({"name": GONE}, ["site 1: name", 'add name = "..."']), ({"name": " "}, ["site 1: name", "' '"]),
    ({"name": 7}, ["site 1: name"]), ({"name": "a\nb"}, ["site 1: name"]),
    ({"layer.1.name": GONE}, ["site 'Pit': layer 2: name"]),
    ({"layer": GONE}, ["site 'Pit'\n", "no layers", "add [[layer]]"]), ({"layer": []}, ["no layers"]),
    ({"layer": {"name": "E", **LAYER}}, ["one section", "write [[layer]] in double brackets"]),
    ({"layer": 3}, ["[[layer]]"]), ({"layer": [3]}, ["[[layer]]"]), ({"deposition": 3}, ["a section [deposition]"]),
    ({"layer.0.minerals": "albite"}, ["a section [layer.minerals]"]),
    ({"critical_load": 3}, ["a section [critical_load]"]), ({"units": 3}, ["a section [units]"]),
    ({"layer.1.name": "E"}, ["site 'Pit'\n", "2 layers named 'E'"]),
    # Unknown keys.
    ({"precipitaton": 3}, ["site 'Pit': precipitaton", "did you mean 'precipitation'?"]),
    ({"layer.0.pH": 4}, ["layer 'E': pH", "did you mean 'ph'?"]),
    ({"layer.0.colour": "grey"}, ["layer 'E': colour", "leave it out"]),
    ({"deposition.no3": 3}, ["deposition: no3", "did you mean 'NO3'?"]),
    ({"layer.0.minerals.K-feldspar": "3 %"}, ["layer 'E': minerals\n", "'K-feldspar'", "did you mean 'k_feldspar'?"]),
    ({"units": {"thicknes": "cm"}}, ["units: thicknes", "did you mean 'thickness'?"]),
    ({"units": {"ph": "1"}}, ["units: ph"]),
    ({"sites": 3}, ["sites", "no such key"]),
    # Keys below the wrong header.
    ({"uptake.precipitation": "3 m"}, ["uptake: precipitation", "move it up, above the first [section]"]),
    ({"critical_load.latitude": 3}, ["critical_load: latitude", "move it up"]),
    ({"layer.0.minerals.doc": "3 mg/L"}, ["minerals: doc", "move it up, above [layer.minerals]"]),
    # Units of the file.
    ({"units": {"thickness": "g"}, "layer.0.thickness": 10}, ["units.thickness", '"g" is a mass', "(1 problem)"]),
    ({"units": {"deposition": "mmol/m2/yr"}, "deposition.Ca": 10}, ["units.deposition", "a flux of amount (mol)", "(1 problem)"]),
    ({"units": {"thickness": 3}}, ["units.thickness", 'type thickness = "cm"']),
    # Rules of a layer.
    ({"layer.0.saturation": 0.5}, ["layer 'E': soil_moisture or saturation", "both", "leave one out"]),
    ({"layer.0.soil_moisture": GONE}, ["soil_moisture or saturation", "neither"]),
    ({"layer.0.soil_moisture": "70 %"}, ["layer 'E': soil_moisture", "pore space, 0.53"]),
    ({"layer.0.surface_area": "1.5 m2/g"}, ["texture or surface_area", "both", "leave one out"]),
    ({"layer.0.clay": GONE, "layer.0.silt": GONE, "layer.0.sand": GONE}, ["texture or surface_area", "neither"]),
    ({"layer.0.clay": GONE}, ["layer 'E': texture", "no clay", 'add clay = "... %"']),
    ({"layer.0.sand": "74 %"}, ["clay + silt + sand", "1.03", "1 or less"]),
    ({"layer.0.bulk_density": GONE}, ["layer 'E': bulk_density", "nothing", 'add bulk_density = "... g/cm3"']),
    ({"layer.0.minerals.albite": "90 %"}, ["layer 'E': minerals", "add up to 1.05"]),
    ({"layer.0.nitrification": GONE}, ["layer 'E': nitrification", "with NH4 in the deposition"]),
    # Rules of a site.
    ({"evapotranspiration": "900 mm/yr"}, ["site 'Pit': evapotranspiration", "less than the precipitation"]),
    ({"layer.1.uptake_share": 0.4}, ["site 'Pit': uptake_share", "add up to 1.1", "the last is 0.3"]),
    ({"layer.1.uptake_share": 0.300002}, ["add up to 1.000002"]),
    ({"layer.1.uptake_share": GONE}, ["site 'Pit': uptake_share", "nothing in layer 'B'", "0 for a layer without any"]),
    ({"layer.0.evapotranspiration_share": GONE, "layer.1.evapotranspiration_share": GONE}, ["evapotranspiration_share", "nothing in any layer"]),
    ({"latitude": 95}, ["site 'Pit': latitude", "-90 to 90"]),
    ({"critical_load.critical_value": "3 foo"}, ["critical_load.critical_value", '"foo" is not a unit']),
    ({"critical_load.denitrification_fraction": 10}, ["critical_load.denitrification_fraction", 'write "10 %"']),
    ({"critical_load.nitrogen_immobilisation": "1 kg/ha/yr"}, ["critical_load.nitrogen_immobilisation", "kg of N / 14.01"]),
    ({"critical_load.other": True}, ["critical_load.other", "true or false"]),
])  # fmt: skip
def test_refused_files(tmp_path: Path, changes: dict[str, Any], parts: list[str]) -> None:
    message = refused(written(tmp_path, changed(changes)))
    for part in [str(tmp_path / "pit.toml"), *parts]:
        assert part in message, message


@pytest.mark.parametrize("changes", [
    {"layer.0.thickness": 10}, {"deposition.Na": GONE, "deposition.Cl": GONE}, {"layer": []},
    {"layer.0.saturation": 0.5}, {"layer.0.clay": GONE}, {"layer.0.sand": "74 %"},
    {"layer.1.uptake_share": 0.4}, {"evapotranspiration": "900 mm/yr"}, {"layer.1.name": "E"},
    {"layer.0.minerals": GONE}, {"layer.0.nitrification": GONE}, {"precipitaton": 3},
    {"uptake.latitude": 3}, {"layer.0.minerals.silica": "3 umol/L"},
    {"uptake": dict.fromkeys(UPTAKE, 0), "layer.0.uptake_share": 0.5},
])  # fmt: skip
def test_one_fault_is_one_problem(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert "(1 problem)" in refused(written(tmp_path, changed(changes)))


def test_an_unreadable_value_is_not_called_missing(tmp_path: Path) -> None:
    for path in ("layer.0.clay", "layer.0.soil_moisture", "layer.0.bulk_density", "deposition.NH4",
                 "layer.0.uptake_share", "layer.0.doc", "precipitation", "uptake.N"):  # fmt: skip
        assert "(1 problem)" in refused(written(tmp_path, changed({path: "what"}))), path


def test_area_by_mass_needs_a_density(tmp_path: Path) -> None:
    changes = {
        f"layer.0.{key}": GONE for key in ("clay", "silt", "sand", "soil_moisture", "bulk_density")
    }
    content = changed({**changes, "layer.0.saturation": 0.6, "layer.0.surface_area": "1.5 m2/g"})
    message = refused(written(tmp_path, content))
    assert "an area per mass, without a bulk_density" in message
    assert "(1 problem)" in message


def test_tolerances(tmp_path: Path) -> None:
    """Texture to its tolerance, shares and minerals to rounding."""
    at_limit = 1.0 + TEXTURE_SUM_TOLERANCE - 0.29
    shares = {"layer.0.uptake_share": "33.33333 %", "layer.1.uptake_share": "66.66667 %"}
    content = changed({"layer.0.sand": at_limit - 1e-9, "layer.0.minerals.albite": 0.85, **shares})
    assert Site.read(written(tmp_path, content)).layers[0].coarse == 0.0
    assert "clay + silt + sand" in refused(
        written(tmp_path, changed({"layer.0.sand": at_limit + 1e-6}))
    )


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    message = refused(written(tmp_path, changed({
        "precipitation": 900, "deposition.Ca": "5 kg/ha/yr", "uptake.K": GONE,
        "layer.0.co2": "4000 atm", "layer.1.minerals.albit": 0.1, "layer.1.thicknes": 3,
    })))  # fmt: skip
    assert "(6 problems)" in message
    for part in ("site 'Pit': precipitation", "deposition.Ca", "no K", "layer 'E': co2", "'albit'",
                 "layer 'B': thicknes"):  # fmt: skip
        assert part in message


def test_several_sites_in_one_file(tmp_path: Path) -> None:
    other = {**changed({"layer.1": GONE, "layer.0.uptake_share": 1,
                        "layer.0.evapotranspiration_share": 1}), "name": "Other"}  # fmt: skip
    path = written(tmp_path, {"units": {"thickness": "cm"}, "site": [PIT, other]})
    sites = read_sites(path)
    assert [site.name for site in sites] == ["Pit", "Other"]
    assert sites[0] == Site.read(written(tmp_path, PIT, "one.toml"))
    with pytest.raises(InputError, match="2 sites: 'Pit', 'Other'"):
        Site.read(path)
    assert "2 sites named 'Pit'" in refused(written(tmp_path, {"site": [PIT, PIT]}))
    assert "precipitation\n" in refused(written(tmp_path, {"site": [PIT], "precipitation": 1}))
    assert "[[site]]" in refused(written(tmp_path, {"site": PIT}))


# Tables --------------------------------------------------------------------------------------


def table(content: dict[str, Any], separator: str = ",") -> str:
    """The pit as a CSV table, in other units than those of the TOML file."""
    of_site = {
        "site": content["name"], "latitude": 58.06, "longitude": 12.02,
        "precipitation [m/yr]": 0.9, "evapotranspiration [mm/yr]": 450,
        **{f"deposition:{ion} [keq/ha/yr]": value for ion, value in
           zip(DEPOSITION, (0.1, 0.1, 0.03, 0.4, 0.3, 0.3, 0.35, 0.45), strict=True)},
        "uptake:Ca [meq/m2/yr]": 12, "uptake:Mg [meq/m2/yr]": 3, "uptake:K [eq/ha/yr]": 50,
        "uptake:N [mol/ha/yr]": 250, "critical_load:criterion": "Bc/Al",
        "critical_load:critical_value": 1, "critical_load:log_gibbsite": 8,
        "critical_load:nitrogen_immobilisation [mmol/m2/yr]": 3.6,
        "critical_load:denitrification_fraction": "10 %",
    }  # fmt: skip
    shared = {
        "temperature [degC]": 5.2, "soil_moisture": 0.25, "bulk_density [kg/m3]": 1250,
        "clay [g/kg]": 40, "silt [%]": 25, "sand [-]": 0.4, "co2 [%]": 0.4, "doc [mg C/L]": 12,
        "log_gibbsite": 8.5, "nitrification": 0.1, "mineral:albite [%]": 12,
        "mineral:k_feldspar [g/kg]": 150,
    }  # fmt: skip
    rows = [
        {**of_site, "layer": "E", "thickness [cm]": 10, **shared, "evapotranspiration_share": 0.6,
         "uptake_share [%]": 70, "gibbsite_exponent": "", "ph": "", "aluminium": ""},
        {**of_site, "layer": "B", "thickness [cm]": "0.4 m", **shared,
         "evapotranspiration_share": 0.4, "uptake_share [%]": 30, "gibbsite_exponent": 2.5,
         "ph": 4.7, "aluminium": "8 umol/L"},
    ]  # fmt: skip
    lines = [rows[0], *(row.values() for row in rows)]
    return "\n".join(separator.join(map(str, line)) for line in lines) + "\n"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_is_the_same_as_toml(
    tmp_path: Path, separator: str, ending: str, mark: str
) -> None:
    text = mark + '# a comment, with a "quote\n\n' + table(PIT, separator) + separator * 3 + "\n"
    (tmp_path / "pit.csv").write_bytes(text.replace("\n", ending).encode())
    site = Site.read(tmp_path / "pit.csv")
    assert site == Site.read(written(tmp_path, PIT))
    assert site.defaults == ("layer 'E': gibbsite_exponent = 3",)


@pytest.mark.parametrize(("old", "new", "parts"), [
    ("thickness [cm]", "thickness", ["column 'thickness'", "10 (layer 'E', line 2): no unit", '"thickness [cm]"', "(1 problem)"]),
    ("thickness [cm]", "thickness [kg]", ["column 'thickness [kg]'", '"kg" is a mass', "(1 problem)"]),
    ("thickness [cm]", "thickness [cm", ["column 'thickness [cm'", "no such column"]),
    ("[keq/ha/yr]", "[kmol/ha/yr]", ["deposition:Ca [kmol/ha/yr]", "1 mol of Ca is 2 eq", "(8 problems)"]),
    ("uptake:Ca", "upteke:Ca", ["column 'upteke:Ca [meq/m2/yr]'", "did you mean 'uptake:Ca'?", "site 'Pit': uptake", "no Ca"]),
    ("mineral:albite", "mineral:albit", ["column 'mineral:albit [%]'", "did you mean 'albite'?"]),
    ("mineral:albite", "albite", ["column 'albite [%]'", "write mineral:albite"]),
    ("latitude", "colour", ["column 'colour'", "leave it out"]),
    ("longitude", "latitude", ["a second column for latitude"]),
    ("layer,", "horizon,", ["no column layer"]), ("site,", "name,", ["no column site"]),
    ("site,", "site [m],", ["a unit", "a name, without unit"]),
    ("ph,", "ph [%],", ["column 'ph [%]'", "the number alone"]),
    ("Pit,58.06", "Pit,58.07", ["site 'Pit': latitude", "58.07 (line 2), 58.06 (line 3)", "repeat the same value"]),
    ("E,10", "E,ten", ["site 'Pit', layer 'E' (line 2): thickness [cm]", '"ten", not a number']),
    ("E,10", "E,\"10,5\"", ["layer 'E' (line 2): thickness [cm]", "decimal point"]),
    ("E,10", "E,10000", ["which is 100 m", "(line 2)"]),
    ("E,10", "E,", ["layer 'E' (line 2)", "no thickness", 'a value in column "thickness [cm]"']),
    ("E,10", ",10", ["(line 2): layer", "nothing"]), ("E,10", "E,\"10", ["line 3"]),
    ("E,10", "B,10", ["2 layers named 'B'"]),
    ("\nPit,58.06", "\n,58.06", ["line 2: site", "repeat it on each row"]),
    ("0.25,1250", "25,1250", ["(line 2): soil_moisture", 'write "25 %"', "(line 3)", "(2 problems)"]),
    ("8 umol/L", "8", ["column 'aluminium'", "8 (layer 'B', line 3): no unit", '"aluminium [umol/L]"']),
    ("8 umol/L", "8 umol/L,7", ["line 3", "42 cells", "41, as in the header"]),
    (",12,150,", ",,,", ["layer 'E' (line 2): minerals", "nothing", 'column "mineral:albite [%]"', "(2 problems)"]),
    ("critical_load:critical_value", "critical_load:critical_value [foo]", ["critical_load:critical_value [foo]", '"foo" is not a unit']),
])  # fmt: skip
def test_refused_tables(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    path = tmp_path / "pit.csv"
    text = table(PIT)
    assert old in text
    every = {"[keq/ha/yr]", "0.25,1250", ",12,150,"}
    path.write_text(text.replace(old, new, -1 if old in every else 1), encoding="utf-8")
    message = refused(path)
    for part in [str(path), *parts]:
        assert part in message, message


def test_rows_of_one_site_stand_together(tmp_path: Path) -> None:
    header, top, below = table(PIT).splitlines()
    (tmp_path / "p.csv").write_text("\n".join([header, top, below.replace("Pit", "Pot"), below]))
    message = refused(tmp_path / "p.csv")
    assert "2 sites named 'Pit'" in message


def test_empty_cells_of_a_site_say_nothing(tmp_path: Path) -> None:
    text = table(PIT)
    second = text.splitlines()[2]
    (tmp_path / "p.csv").write_text(text.replace(second, second.replace("58.06,12.02,0.9", ",,")))
    assert Site.read(tmp_path / "p.csv") == Site.read(written(tmp_path, PIT))


# Files and folders ---------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "content", "parts"), [
    ("a.toml", b"", ["an empty file", "template"]), ("a.csv", b" \n\n", ["an empty file"]),
    ("a.toml", b"# nothing\n", ["site 1: name", "no layers"]),
    ("a.csv", b"# nothing\n", ["nothing but comments"]), ("a.csv", b"site,layer\n", ["a header and no row"]),
    ("a.csv", b"no table at all", ["no column site and no column layer"]),
    ("a.toml", b"thickness = 8 cm\n", ["line 1", '"8 cm"']),
    ("a.toml", "name = 'Gr\xe5'\n".encode("latin-1"), ["a.toml, line 1", "not UTF-8", "CSV UTF-8"]),
    ("a.csv", "site\n\ntemperature [\xb0C]\n".encode("latin-1"), ["a.csv, line 3", "not UTF-8"]),
    ("a.csv", table(PIT).encode("utf-16"), ["not UTF-8"]), ("a.csv", b"site,\x00", ["a.csv"]),
    ("a.toml", b"name = 1" + b"0" * 5000, ["a.toml"]), ("a.toml", b"a = " + b"[" * 9000, ["a.toml"]),
    ("a.xlsx", b"PK", ["a file of kind '.xlsx'", "CSV UTF-8"]), ("a", b"", ["a file of kind 'unknown'"]),
])  # fmt: skip
def test_files_that_cannot_be_read(
    tmp_path: Path, name: str, content: bytes, parts: list[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    message = refused(tmp_path / name)
    for part in [str(tmp_path / name), *parts]:
        assert part in message, message


def test_folders(tmp_path: Path) -> None:
    assert "no such file or folder" in refused(tmp_path / "nothing")
    assert "a folder without a .toml or .csv file" in refused(tmp_path)
    (tmp_path / "README.md").write_text("notes")
    (tmp_path / ".hidden.toml").write_text("not a site")
    (tmp_path / "~$b.csv").write_text("locked")
    written(tmp_path, {**PIT, "name": "Second"}, "b.toml")
    (tmp_path / "a.CSV").write_text(table(PIT), encoding="utf-8")
    assert [site.name for site in read_sites(tmp_path)] == ["Pit", "Second"]
    written(tmp_path, changed({"layer.0.doc": 12}), "c.toml")
    written(tmp_path, changed({"layer.1.co2": 12, "name": "Third"}), "d.toml")
    message = refused(tmp_path)
    assert "is not a usable folder of sites (3 problems)" in message
    for part in (f"{tmp_path / 'c.toml'}: site 'Pit', layer 'E': doc",
                 f"{tmp_path / 'd.toml'}: site 'Third', layer 'B': co2",
                 f"{tmp_path / 'a.CSV'}, {tmp_path / 'c.toml'}\n", "2 sites named 'Pit'"):  # fmt: skip
        assert part in message


@given(st.text(), st.sampled_from(["a.toml", "a.csv"]))
def test_any_text_is_refused_with_problems(tmp_path_factory: Any, text: str, name: str) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError) as caught:
        read_sites(path)
    assert caught.value.problems


@given(st.data())
def test_any_damage_is_refused_or_still_a_site(tmp_path_factory: Any, data: st.DataObject) -> None:
    """Bytes of a good file replaced at random: never another error, never a value out of range."""
    name, text = data.draw(st.sampled_from([("a.toml", tomli_w.dumps(PIT)), ("a.csv", table(PIT))]))
    where = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 12))
    text = (
        text[:where] + data.draw(st.text("0123456789.,-+eE[]\"'= \n%xm/:")) + text[where + length :]
    )
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_text(text, encoding="utf-8")
    try:
        sites = read_sites(path)
    except InputError as error:
        assert error.problems
        return
    for site in sites:
        for layer in site.layers:
            assert 243.15 <= layer.temperature <= 333.15


# Written back --------------------------------------------------------------------------------


def again(site: Site, folder: Path) -> Site:
    (folder / "again.toml").write_text(site_to_toml(site), encoding="utf-8")
    return Site.read(folder / "again.toml")


def test_round_trip(tmp_path: Path) -> None:
    site = Site.read(written(tmp_path, PIT))
    back = again(site, tmp_path)
    assert back == site
    assert back.defaults == ()
    without = replace(site, critical_load=None, latitude=None, longitude=None)
    assert again(without, tmp_path) == without
    assert "latitude" not in tomllib.loads(site_to_toml(without))


def _between(name: str) -> st.SearchStrategy[float]:
    spec = QUANTITIES[name]
    return st.floats(spec.low, spec.high)


_NAMES = st.text(min_size=1).map(str.strip).filter(lambda name: name.isprintable() and name != "")


@st.composite
def layers(draw: st.DrawFn, name: str, share: float) -> Layer:
    texture = draw(st.lists(st.floats(0.0, 1.0 / 3.0), min_size=3, max_size=3))
    measured, wet = draw(st.booleans()), draw(st.booleans())
    minerals = draw(st.lists(st.sampled_from(Mineral.names()), unique=True, max_size=6))
    return Layer(
        name=name,
        **{key: draw(_between(key)) for key in ("thickness", "temperature", "co2", "doc",
                                                "log_gibbsite", "gibbsite_exponent")},
        soil_moisture=None if wet else draw(st.floats(0.0, 0.05)),
        saturation=draw(_between("saturation")) if wet else None,
        bulk_density=None if wet and measured else draw(_between("bulk_density")),
        clay=None if measured else texture[0], silt=None if measured else texture[1],
        sand=None if measured else texture[2],
        surface_area=draw(_between("surface_area")) if measured else None,
        minerals={mineral: draw(st.floats(0.0, 1.0 / 6.0)) for mineral in minerals},
        evapotranspiration_share=share, uptake_share=share,
        nitrification=draw(_between("nitrification")),
        **{key: draw(st.none() | _between(key)) for key in CHEMISTRY},
    )  # fmt: skip


@st.composite
def any_site(draw: st.DrawFn) -> Site:
    names = draw(st.lists(_NAMES, min_size=1, max_size=4, unique=True))
    rain = draw(_between("precipitation"))
    load = st.dictionaries(
        st.sampled_from(["critical_value", "log_gibbsite", "nitrogen_immobilisation", "my_number"]),
        st.floats(0.0, 1e-3), max_size=4,
    )  # fmt: skip
    return Site(
        name=draw(_NAMES),
        latitude=draw(st.none() | _between("latitude")),
        longitude=draw(st.none() | _between("longitude")),
        precipitation=rain,
        evapotranspiration=draw(st.floats(0.0, min(0.99 * rain, 5.0))),
        deposition={ion: draw(_between("deposition")) for ion in DEPOSITION},
        uptake={ion: draw(_between("uptake")) for ion in UPTAKE},
        layers=tuple(draw(layers(name, 1.0 / len(names))) for name in names),
        critical_load=draw(st.none() | load),
    )


@given(any_site())
def test_round_trip_of_any_site(tmp_path_factory: Any, site: Site) -> None:
    assert again(site, tmp_path_factory.mktemp("any")) == site


def test_the_template_is_a_site(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(SITE_TEMPLATE, encoding="utf-8")
    site = Site.read(tmp_path / "t.toml")
    assert again(site, tmp_path) == site
    for key in (*QUANTITIES, "criterion", "critical_value"):
        if key != "specific_surface_area":
            assert key.rpartition(".")[2] in SITE_TEMPLATE, key
    optional = re.sub(r"^# ?(?=[a-z_]+ = |\[critical)", "", SITE_TEMPLATE, flags=re.MULTILINE)
    optional = optional.replace('\nsurface_area = "1.5 m2/g"', "\n").replace("[units]", "")
    optional = re.sub(r'^(thickness = "cm"|minerals = "%"|deposition = "meq/m2/yr")$', "", optional,
                      flags=re.MULTILINE)  # fmt: skip
    (tmp_path / "o.toml").write_text(optional, encoding="utf-8")
    full = Site.read(tmp_path / "o.toml")
    assert full.critical_load is not None
    assert full.critical_load["nitrogen_immobilisation"] == 3.6e-6
    assert all(getattr(full.layers[0], key) is not None for key in CHEMISTRY)


# What is held ---------------------------------------------------------------------------------

GOOD: dict[str, Any] = {
    "name": "B", "thickness": 0.3, "temperature": 278.35, "soil_moisture": 0.25,
    "bulk_density": 1250.0, "clay": 0.04, "silt": 0.25, "sand": 0.4, "co2": 0.006, "doc": 0.008,
    "log_gibbsite": 8.5, "minerals": {"albite": 0.12}, "evapotranspiration_share": 1.0,
    "uptake_share": 1.0, "nitrification": 0.1,
}  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), [
    ({"temperature": 5.2}, "layer 'B': temperature"), ({"temperature": float("nan")}, "nan"),
    ({"thickness": "8 cm"}, "a number, m"), ({"clay": True}, "a number"),
    ({"minerals": {"albite": -0.1}}, "minerals.albite"), ({"minerals": {"albit": 0.1}}, "'albite'"),
    ({"saturation": 0.5}, "both"), ({"clay": None}, "no clay"), ({"bulk_density": None}, "bulk_density"),
])  # fmt: skip
def test_a_layer_holds_nothing_implausible(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Layer(**{**GOOD, **changes})


@pytest.mark.parametrize(("changes", "message"), [
    ({"precipitation": 900.0}, "precipitation"), ({"evapotranspiration": 1.0}, "less than"),
    ({"deposition": {"Ca": 1e-5}}, "no Mg, K, Na"), ({"uptake": {}}, "no Ca, Mg, K, N"),
    ({"deposition": {**dict.fromkeys(DEPOSITION, 1e-5), "PO4": 1e-5}}, "'PO4'"),
    ({"deposition": {**dict.fromkeys(DEPOSITION, 1e-5), "Ca": 10.0}}, "deposition.Ca"),
    ({"layers": ()}, "no layers"), ({"critical_load": {"x": float("nan")}}, "critical_load.x"),
    ({"layers": (Layer(**GOOD), Layer(**GOOD))}, "2 layers named 'B'"),
    ({"layers": (Layer(**{**GOOD, "uptake_share": 0.5}),)}, "uptake_share"),
    ({"layers": (Layer(**{**GOOD, "nitrification": None}),)}, "nitrification"),
])  # fmt: skip
def test_a_site_holds_nothing_implausible(changes: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {
        "name": "S", "precipitation": 0.9, "evapotranspiration": 0.4, "layers": (Layer(**GOOD),),
        "deposition": dict.fromkeys(DEPOSITION, 1e-5), "uptake": dict.fromkeys(UPTAKE, 1e-5),
    }  # fmt: skip
    assert Site(**good).layers[0].uptake_share == 1.0
    with pytest.raises(InputError, match=message):
        Site(**{**good, **changes})


# Examples --------------------------------------------------------------------------------------


def test_the_examples_are_sites() -> None:
    sites = {site.name: site for site in read_sites(SITES)}
    assert list(sites) == ["Spruce podzol (illustration)", "Granite till", "Gabbro till"]
    podzol = sites["Spruce podzol (illustration)"]
    assert [layer.name for layer in podzol.layers] == ["O", "E", "B", "C"]
    assert "An illustration, not data" in (SITES / "podzol.toml").read_text(encoding="utf-8")
    assert "not data" in (SITES / "two_pits.csv").read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize("site", read_sites(SITES), ids=lambda site: site.name)
def test_the_examples_are_sensible(site: Site, tmp_path: Path) -> None:
    """Kinetic data for every mineral, strong acids in the rain, Al3+ in line with gibbsite."""
    table = KineticTable.named("nutsfor")
    for layer in site.layers:
        assert table.rows_for(tuple(layer.minerals), "H2O")
        if layer.ph is not None and layer.aluminium is not None:
            gibbsite = 10.0**layer.log_gibbsite * 10.0 ** (-layer.gibbsite_exponent * layer.ph)
            assert layer.aluminium == pytest.approx(gibbsite, rel=0.05)
    cations = sum(site.deposition[ion] for ion in ("Ca", "Mg", "K", "Na", "NH4"))
    anions = sum(site.deposition[ion] for ion in ("NO3", "SO4", "Cl"))
    rain_ph = -math.log10((anions - cations) / site.precipitation)
    assert 4.0 < rain_ph < 5.6
    assert again(site, tmp_path) == site
