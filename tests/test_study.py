"""The study file: closed, every fault named at once, schema and template in step with the model."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from saprolite.errors import InputError, StudyError
from saprolite.models import Reading
from saprolite.sources.files import require_file
from saprolite.study import Study
from saprolite.study_schema import schema, schema_text
from saprolite.study_template import TEMPLATE, demo_content
from world import World

ROOT = Path(__file__).parents[1]


def refused(content: dict[str, Any], text: str = "") -> str:
    with pytest.raises(StudyError) as caught:
        Study.of(content, Path(), "study.toml", text)
    return str(caught.value)


def test_template_is_a_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAPROLITE_DATA", raising=False)
    content = tomllib.loads(TEMPLATE.format(name="study.toml"))
    study = Study.of(content, Path("/somewhere"))
    assert study.chosen_reading == Reading()
    assert study.inputs.forcing.path == str(Path("/somewhere/gldas"))  # type: ignore[union-attr]
    jsonschema.validate(content, schema())


@pytest.mark.parametrize(
    ("begins", "replaced"),
    [
        ("# [inputs.forcing]\n", ("[inputs.forcing]", "# What saprolite prepare")),
        ("# [inputs.evapotranspiration]\n", None),
        ("# [analysis]\n", None),
    ],
)
def test_each_section_that_the_template_comments_out_is_one(
    begins: str, replaced: tuple[str, str] | None
) -> None:
    text = TEMPLATE.format(name="study.toml")
    before, rest = text.split(begins)
    lines, _, after = rest.partition("\n\n")
    own = begins + lines
    opened = "\n".join(line.removeprefix("# ") for line in own.splitlines()) + "\n"
    if replaced:  # it stands in the place of another one
        before, after = before.partition(replaced[0])[0], after[after.index(replaced[1]) :]
    content = tomllib.loads(before + opened + after)
    Study.of(content, Path())
    jsonschema.validate(content, schema())


def test_the_template_names_every_product() -> None:
    """Of every input: what the model accepts is what the template offers."""
    definitions = schema()["$defs"]
    products = {
        definition["properties"]["product"]["const"]
        for definition in definitions.values()
        if "const" in definition.get("properties", {}).get("product", {})
    }
    assert len(products) > 15
    assert {name for name in products if name not in TEMPLATE} == set()


def test_published_schema_is_that_of_the_model() -> None:
    assert (ROOT / "docs/study.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("content", [demo_content(), World(Path("w")).study(),
                                     World(Path("w")).study(reading__arrhenius_base=10)])  # fmt: skip
def test_schema_accepts_what_the_model_accepts(content: dict[str, Any]) -> None:
    jsonschema.validate(content, schema())
    Study.of(content, Path())


@pytest.mark.parametrize("changes", [
    {"first_yeer": 2000}, {"reading__et_mod": "annual"}, {"reading__et_mode": "anual"},
    {"inputs__forcing__pth": "x"}, {"inputs__texture__clay": 30.0}, {"inputs__thickness": None},
    {"minerals__names": ["ilite"]}, {"grid__earth": "flat"}, {"engine__cells_per_block": 0},
])  # fmt: skip
def test_schema_and_model_refuse_the_same(changes: dict[str, Any]) -> None:
    content = World(Path("w")).study(**changes)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema())
    refused(content)


def test_everything_wrong_is_named_at_once() -> None:
    content = World(Path("w")).study(
        first_yeer=2000, first_year=None, reading__et_mod="annual", minerals__names=["ilite"],
        inputs__forcing__product="gldass", inputs__texture__clay=30.0,
        inputs__bulk_density__kg_m3=1.32, grid__region=[10.0, 0.0, 5.0, 1.0],
    )  # fmt: skip
    message = refused(content)
    for part in ("first_year\n", "did you mean 'first_year'?", "did you mean 'et_mode'?",
                 "did you mean 'illite'?", "did you mean 'gldas'?", "divide by 100",
                 "1.32 g cm-3 is 1320", "west < east"):  # fmt: skip
        assert part in message, part
    assert "8 problems" in message


def test_the_line_of_a_typo_is_named() -> None:
    """In its own section, also where another section has the same key."""
    text = TEMPLATE.format(name="s.toml").replace('path = "soilmap.dat"', "path = 7")
    number = (
        text.splitlines().index(
            "path = 7            # | constant (clay, silt, sand) | climate_class"
        )
        + 1
    )
    assert f"inputs.texture.path (line {number})" in refused(tomllib.loads(text), text)
    text = "lost = 1\n" + text
    assert "lost (line 1)" in refused(tomllib.loads(text), text)


@pytest.mark.parametrize(("changes", "message"), [
    ({"last_year": 1999}, "last_year 2000 or later"),
    ({"inputs__texture__sand": 0.5}, "must be 1; they add up to 1.1"),
    ({"inputs__minerals__shares": {"illite": 20.0}}, "not percent"),
    ({"inputs__minerals__shares": {"illite": 0.2}}, "name the same minerals"),
    ({"minerals__names": ["illite", "illite"]}, "named twice"),
    ({"reading__kinetics": "sverdrup_2019"}, "albite, quartz"),
    ({"reading__atmosphere": "series"}, "atmospheric_co2"),
    ({"reading__pco2_limit": "cap"}, "no default"),
    ({"inputs__forcing": {"product": "demo", "resolution_deg": 0.7}}, "a resolution such as"),
    ({"title": ""}, "title"),
    ({"reading": "canonical"}, "reading"),
    ({"inputs__atmospheric_co2": {"path": "co2.csv"}}, "does not use it"),
    ({"inputs__thickness": {"product": "raster", "path": "z.tif"}}, "inputs.thickness.units"),
    ({"reading__coarse_sand": "cut"}, "(1 problem)"),
    ({"inputs__forcing": {"path": "x"}}, "add product = ..."),
    ({"first_year": 1970.5}, "accepted: a whole number"),
    ({"title": 7}, "accepted: a text in quotes"),
    ({"output__monthly": "perhaps"}, "accepted: true or false"),
    ({"experiments__run": "shapley"}, "accepted: a list: [..., ...]"),
    ({"experiments__run": ["shaply"]}, "did you mean 'shapley'?"),
    ({"inputs__texture": 5}, "accepted: a section, name = value each"),
    ({"engine__workers": 0}, "accepted: 1 or more"),
    ({"grid__resolution_deg": -1.0}, "accepted: more than 0"),
    ({"grid__resolution_deg": 80.0}, "accepted: 60 or less\n    next:     correct the value"),
    ({"analysis__latitude_bands": [[1.0, 2.0, 3.0]]}, "accepted: 2 items or fewer"),
    ({"first_year": 2005}, "last_year 2005 or later"),
])  # fmt: skip
def test_refusals(changes: dict[str, Any], message: str) -> None:
    assert message in refused(World(Path("w")).study(**changes))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="saprolite init"):
        Study.read(tmp_path / "nothing.toml")
    (tmp_path / "bad.toml").write_text("title = \n")
    with pytest.raises(StudyError, match="not valid TOML"):
        Study.read(tmp_path / "bad.toml")
    (tmp_path / "comma.toml").write_text('title = "one"\nfirst_year = 2000,5\n')
    with pytest.raises(StudyError, match=r": first_year = 2000,5\n.*\n.* decimal point"):
        Study.read(tmp_path / "comma.toml")
    (tmp_path / "latin.toml").write_bytes('title = "caf\xe9"\n'.encode("latin-1"))
    with pytest.raises(StudyError, match="save it as UTF-8"):
        Study.read(tmp_path / "latin.toml")


def test_a_mark_of_the_encoding_is_no_part_of_a_study(tmp_path: Path) -> None:
    path = World(tmp_path).study_file(tmp_path / "s.toml")
    marked = tmp_path / "marked.toml"
    marked.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert Study.read(marked) == Study.read(path)


def test_a_file_that_the_folder_of_inputs_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has set SAPROLITE_DATA once and has files beside the study is told so."""
    (tmp_path / "data" / "bulk_density_folder").mkdir(parents=True)
    monkeypatch.setenv("SAPROLITE_DATA", str(tmp_path / "data"))
    with pytest.raises(InputError, match=r"SAPROLITE_DATA = .*data takes the place .* unset it"):
        require_file(tmp_path / "data" / "bulk_density.nc", "a map")
    monkeypatch.delenv("SAPROLITE_DATA")
    with pytest.raises(InputError, match="check the path, or data_root"):
        require_file(tmp_path / "data" / "bulk_density.nc", "a map")


def test_paths_start_from_data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAPROLITE_DATA", raising=False)
    path = World(tmp_path).study_file(
        tmp_path / "s.toml", data_root="data", inputs__forcing__path="g"
    )
    assert Study.read(path).inputs.forcing.path == str((tmp_path / "data/g").resolve())  # type: ignore[union-attr]
    monkeypatch.setenv("SAPROLITE_DATA", str(tmp_path / "elsewhere"))
    assert Study.read(path).inputs.forcing.path == str((tmp_path / "elsewhere/g").resolve())  # type: ignore[union-attr]


def test_resolved_study_is_the_same_study(tmp_path: Path) -> None:
    content = World(tmp_path / "w").study(reading={"preset": "profile_original", "et_floor": 1.0})
    study = Study.of(content, tmp_path)
    again = Study.of(tomllib.loads(study.to_toml()), Path("/other"))
    assert again == study
    assert again.chosen_reading == Reading.preset("profile_original", et_floor=1.0)


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.toml")), ids=lambda p: p.stem)
def test_studies_of_the_repository_are_valid(path: Path) -> None:
    Study.read(path)
    jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), schema())


@pytest.mark.parametrize(("changes", "message"), [
    ({"experiments__base_year": 2001}, "2001 without experiments"),
    ({"experiments__frozen_soil": "fixed"}, "changes no other experiment"),
    ({"experiments__run": ["shapley"], "experiments__frozen_soil": "fixed"}, "add \"soil_temperature\""),
    ({"experiments__run": ["shapley"], "inputs__forcing": {
        "product": "change_factors", "base_years": [1970, 1999],
        "base": {"product": "gldas", "path": "g"}, "model": {"product": "cmip", "path": "m"}}},
     "base_year = 2000 under [experiments]"),
])  # fmt: skip
def test_choices_that_nothing_uses_are_refused(changes: dict[str, Any], message: str) -> None:
    assert message in refused(World(Path("w")).study(**changes))
