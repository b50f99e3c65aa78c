"""How Numba starts: with the widest vectors, and without SciPy's linear algebra."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def use_widest_vectors() -> None:
    """Let compiled loops use all 512 bits of AVX-512, to be called before anything is compiled.

    LLVM keeps to 256 bits on some server processors, for the sake of code that seldom uses vectors;
    our loops do little else and are a quarter faster in 512. No result depends on it. What the user
    has chosen (``NUMBA_CPU_NAME``, ``NUMBA_CPU_FEATURES``) stays, and so does the compiler of a
    process that has compiled already.
    """
    from numba import config
    from numba.core.codegen import get_host_cpu_features
    from numba.core.registry import cpu_target

    settings: Any = config
    chosen = settings.CPU_NAME is not None or settings.CPU_FEATURES is not None
    if chosen or "_toplevel_target_context" in vars(cpu_target):
        return
    features: str = get_host_cpu_features()  # type: ignore[no-untyped-call]
    if "+avx512vl" in features.split(","):
        settings.CPU_FEATURES = f"{features},-prefer-256-bit"


@cache
def load_registries() -> None:
    """Load Numba's tables of what it can compile, once; else Numba does so when it first loads or
    compiles a kernel.

    On the way Numba imports ``scipy.linalg`` (an eighth of the start of a run), only to see whether
    ``np.dot`` will work. It will: SciPy is there, and is imported when a dot product is compiled.
    """
    use_widest_vectors()
    from numba.np import linalg

    ask_scipy = getattr(linalg, "ensure_blas", None)
    if ask_scipy is None:
        return  # another Numba, which loads them as it likes
    linalg.ensure_blas = lambda: None
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        linalg.ensure_blas = ask_scipy
