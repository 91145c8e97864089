"""The shape of all data that crosses a boundary: immutable, and strict about unknown fields that may be a mistake."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of everything that comes from a person, a model or a network: an unknown field is somebody's mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Stored(Frozen):
    """Base of what one process keeps and another reads: an unknown field comes from a newer version beside this one.

    While a release is rolled out, bots and workers of two versions share one database; the older ones read on and
    leave out what they don't know.
    """

    model_config = ConfigDict(extra="ignore")
