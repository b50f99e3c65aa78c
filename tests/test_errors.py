"""Messages name everything that is wrong, and what is wrong in the same way in many files once."""

from __future__ import annotations

import pytest

from saprolite.errors import InputError, Problem, by_cause, raise_if_any


def unit(where: str, found: str = "units 'mm'") -> Problem:
    return Problem(where, found, "'m'", "convert the variable")


def test_one_cause_in_many_files_is_told_once() -> None:
    files = [f"/data/M.A{year}{month:02d}.nc4" for year in (2000, 2001) for month in range(1, 13)]
    problems = [unit(f"{file}: {name}") for file in files for name in ("wet", "warm")]
    with pytest.raises(InputError, match=r"^Wrong \(2 problems\)\n") as caught:
        raise_if_any(InputError, "Wrong", problems)
    assert [problem.where for problem in caught.value.problems] == [
        f"{files[0]} and 23 more files: {name}" for name in ("wet", "warm")
    ]
    # As it stands in the list of another error, it stays one problem.
    assert by_cause(caught.value.problems) == list(caught.value.problems)


def test_what_differs_in_more_than_the_file_is_told_apart() -> None:
    problems = [
        unit("/data/a.nc: e"),
        unit("/data/b.nc: e", "units 'km'"),
        unit("/data/b.nc: f"),
        unit("inputs.thickness.path"),
        unit("inputs.minerals.path"),
        unit("/data/c.nc", "not a complete NetCDF file (4000 bytes)"),
        unit("/data/d.nc", "not a complete NetCDF file (5000 bytes)"),
    ]
    assert by_cause(problems) == problems


def test_files_to_be_fetched_again_are_all_named() -> None:
    paths = [f"/data of mine/{letter}.nc" for letter in "abcdefgh"]
    (one,) = by_cause([unit(path, "damaged data") for path in paths])
    assert one.where == f"{paths[0]} and 7 more files ({', '.join(f'{x}.nc' for x in 'bcdefgh')})"


def test_a_file_is_left_out_wherever_the_words_have_it() -> None:
    problems = [
        Problem(path, f"'{path}' is empty", "a file", f"saprolite data check {path}")
        for path in ("/data of mine/a.tif", "/data of mine/b.tif")
    ]
    (one,) = by_cause(problems)
    assert one.where == "/data of mine/a.tif and 1 more file (b.tif)"
    assert one.found == "'/data of mine/a.tif' is empty"


def test_months_of_one_place() -> None:
    """Every month has values of its own; those of the first month that is wrong are told."""
    wrong = [unit(f"/era5 (2001-{month:02d}), 0-10 cm: wet", f"0 to {month}") for month in (1, 2)]
    deeper = unit("/era5 (2001-01), 10-40 cm: wet", "0 to 1")
    (one, other) = by_cause([*wrong, deeper])
    assert (one.where, one.found) == (f"{wrong[0].where} and 1 more month (2001-02)", "0 to 1")
    assert other == deeper
    twice = [unit("/a.nc: time", f"2 times in 2001-{month:02d}") for month in range(1, 13)]
    assert by_cause([*twice, twice[0]])[0].where == "/a.nc: time and 11 more months"
