"""Some of the lanes of a record: every array in it cut along its last axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

Record = TypeVar("Record")


def take_lanes(record: Record, lanes: npt.NDArray[np.bool_] | slice) -> Record:
    """The same record (a dataclass of arrays, mappings and tuples of arrays) on some lanes.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Pair:
    ...     a: np.ndarray
    ...     b: dict
    >>> take_lanes(Pair(np.arange(3), {"x": np.ones((2, 3))}), slice(0, 2)).b["x"].shape
    (2, 2)
    """
    assert is_dataclass(record) and not isinstance(record, type)
    values = {item.name: _taken(getattr(record, item.name), lanes) for item in fields(record)}
    return cast(Record, type(record)(**values))


def choose_lanes(record: Record, other: Record, lanes: npt.NDArray[np.bool_]) -> Record:
    """A dataclass of arrays with ``other`` on some lanes, and the record itself elsewhere."""
    assert is_dataclass(record) and not isinstance(record, type)
    values = {
        item.name: np.where(lanes, getattr(other, item.name), getattr(record, item.name))
        for item in fields(record)
    }
    return cast(Record, type(record)(**values))


def _taken(value: Any, lanes: npt.NDArray[np.bool_] | slice) -> Any:
    if isinstance(value, np.ndarray):
        return value[..., lanes]
    if isinstance(value, Mapping):
        return {key: _taken(item, lanes) for key, item in value.items()}
    if isinstance(value, tuple | list) and value and isinstance(value[0], np.ndarray):
        return type(value)(_taken(item, lanes) for item in value)
    return value
