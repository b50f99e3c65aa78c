"""A product of texture and bulk density in a study, for the tests of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from saprolite.inputs import Prepared, prepare
from saprolite.study import Study
from world import World


def prepared_with(world: World, product: str, folder: Path, files: int, least: int) -> Prepared:
    """The inputs of a study with a product's texture and bulk density, ``files`` of texture; its
    parts add up on ``least`` cells or more."""
    spec = {"product": product, "path": str(folder)}
    content = world.study(
        inputs__texture=spec,
        inputs__bulk_density=spec,
        grid={"max_missing_percent": 60.0, "valid_share": 0.05},
    )
    prepared = prepare(Study.of(content, Path()))
    soil, there = prepared.soil, with_texture(prepared)
    assert there.sum() > least
    np.testing.assert_allclose((soil.clay + soil.silt + soil.sand)[:, there], 1.0, rtol=1e-12)
    assert prepared.products["texture"] == prepared.products["bulk_density"] == product
    assert len(prepared.files["texture"]) == files
    return prepared


def with_texture(prepared: Prepared) -> np.ndarray:
    """Cells that have clay in every layer."""
    return np.isfinite(prepared.soil.clay).all(axis=0)
