"""The shape of all data that crosses a boundary: immutable, and strict about unknown fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of everything that is stored, queued, or comes from a person, a model or a network."""

    model_config = ConfigDict(frozen=True, extra="forbid")
