"""A section of the study file: a closed model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Closed(BaseModel):
    """A section that refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
