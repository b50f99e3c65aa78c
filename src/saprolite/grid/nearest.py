"""Which of some points on the sphere is the nearest, and how far away it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from saprolite.constants import MEAN_EARTH_RADIUS

Array = npt.NDArray[np.float64]
_M_PER_KM = 1e3


def nearest_points(
    latitude: Array, longitude: Array, of_latitude: Array, of_longitude: Array
) -> tuple[npt.NDArray[np.int64], Array]:
    """Position of the nearest of some points (``of_...``) to each point, and its distance, km.

    Degrees; along the great circle of a sphere, so that it holds over the date line and near the
    poles. There must be one point to choose at least.

    >>> nearest, distance = nearest_points(np.array([-89.0]), np.array([-179.9]),
    ...                                    np.array([-89.0, -89.0]), np.array([0.0, 179.0]))
    >>> nearest, distance.round(2)
    (array([1]), array([2.13]))
    """
    tree = cKDTree(_on_sphere(of_latitude, of_longitude))
    chord, index = tree.query(_on_sphere(latitude, longitude))
    angle = 2.0 * np.arcsin(np.minimum(np.asarray(chord) / 2.0, 1.0))
    return np.asarray(index), np.asarray(angle * (MEAN_EARTH_RADIUS / _M_PER_KM))


def _on_sphere(latitude: Array, longitude: Array) -> Array:
    phi, lam = np.deg2rad(latitude), np.deg2rad(longitude)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
