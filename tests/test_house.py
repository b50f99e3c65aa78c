"""The house rules: lint, types, the import rule, small modules, and a README that holds."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.codegen import get_host_cpu_features

import saprolite
from saprolite.constants import TABLE
from saprolite.variables import REGISTRY

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("command", [
    ("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("lint-imports",),
], ids=" ".join)  # fmt: skip
def test_tools(command: tuple[str, ...]) -> None:
    program = shutil.which(command[0], path=str(Path(sys.executable).parent)) or command[0]
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_are_small_and_documented(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < 400
    assert text.startswith('"""')


def test_public_names_are_sorted_and_there() -> None:
    assert saprolite.__all__ == sorted(saprolite.__all__)
    for name in saprolite.__all__:
        assert getattr(saprolite, name) is not None
    equations = importlib.import_module("saprolite.equations")
    for name in equations.__all__:
        function = getattr(equations, name)
        if callable(function) and not isinstance(function, type):
            assert "Source:" in function.__doc__, name
            assert ">>>" in function.__doc__, name
    with pytest.raises(AttributeError):
        saprolite.nothing  # noqa: B018


def test_every_constant_has_a_source_and_every_variable_a_unit() -> None:
    for constant in TABLE.values():
        assert constant.source
        assert constant.unit
        assert constant.meaning
        assert constant.confidence in ("exact", "S", "R", "C", "I", "U")
    for variable in REGISTRY.values():
        assert variable.unit
        assert variable.long_name
        assert variable.valid_range[0] < variable.valid_range[1]


def test_ci_runs_the_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)\n```", readme, flags=re.DOTALL)
    assert len(commands) >= 2
    assert "saprolite demo out/" in commands[0]
    assert commands[1] in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_what_the_readme_shows_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_version_is_the_same_everywhere() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {saprolite.__version__}" in citation
    assert f"## {saprolite.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


_HEAVY = {
    "dask", "matplotlib", "xarray", "zarr", "pandas", "scipy.linalg", "scipy.sparse",
    "scipy.ndimage", "rasterio", "netCDF4", "h5py",
}  # fmt: skip


@pytest.mark.parametrize(("modules", "absent"), [
    ("saprolite.cli", {*_HEAVY, "numba", "numpy", "pydantic"}),
    ("saprolite.workflow, saprolite.engine.calibrate", {*_HEAVY, "numba"}),
    ("saprolite.engine.pathway_blocks", _HEAVY),
])  # fmt: skip
def test_what_only_some_need_is_imported_where_it_is_used(modules: str, absent: set[str]) -> None:
    code = f"import sys, {modules}; print(*({absent!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_run_imports_neither_pint_nor_the_arrays_of_dask(tmp_path: Path) -> None:
    code = f"""if True:
        import sys
        from pathlib import Path
        from saprolite.engine.run import compute
        from saprolite.study import Study
        from saprolite.study_template import demo_content
        content = demo_content(10.0) | {{"first_year": 2000, "last_year": 2002}}
        folder = Path({str(tmp_path)!r}) / "run"
        state = compute(Study.of(content, folder.parent), folder, False, lambda *_: None)
        loaded = [name for name in ("dask.array", "pint") if name in sys.modules]
        print(len(state["years_used"]), *loaded)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3"]


def test_scipy_is_loaded_when_a_dot_product_is_compiled_and_not_before() -> None:
    code = """if True:
        import sys
        import numpy as np
        from numba import njit
        from saprolite.numba_start import load_registries
        load_registries()
        one = njit(lambda x: x + 1.0)(1.0)
        print(one, "scipy.linalg" in sys.modules)
        dot = njit(lambda a: np.dot(a, a))(np.full(3, 2.0))
        print(dot, "scipy.linalg" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2.0", "False", "12.0", "True"]


def test_loops_use_the_widest_vectors_unless_the_user_or_the_process_has_chosen() -> None:
    code = """if True:
        import numpy as np
        from numba import config, njit
        {before}
        from saprolite.numba_start import use_widest_vectors
        use_widest_vectors()
        double = njit(lambda a: a + a)
        double(np.ones(3))
        (assembly,) = double.inspect_asm().values()
        print("zmm" in assembly, (config.CPU_FEATURES or "").endswith("-prefer-256-bit"))
    """
    there = "+avx512vl" in get_host_cpu_features()
    earlier = "njit(lambda: 0)(); from saprolite.numba_start import use_widest_vectors"
    for before, chosen, expected in (
        ("pass", {}, there), (earlier, {}, False), ("pass", {"NUMBA_CPU_NAME": "generic"}, False),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", code.format(before=before)], capture_output=True, text=True,
            check=True, env={**os.environ, **chosen},
        )  # fmt: skip
        wide, asked = done.stdout.split()
        assert asked == str(expected)
        if expected:
            assert wide == "True"
