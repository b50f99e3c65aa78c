"""Numba's tables of what it can compile, loaded without SciPy's linear algebra."""

from __future__ import annotations

from functools import cache

from saprolite.vector_width import use_widest_vectors


@cache
def load_registries() -> None:
    """Load them now, once; else Numba does so when it first loads or compiles a kernel.

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
