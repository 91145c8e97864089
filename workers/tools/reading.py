"""What the reading tools need to know of the job: whose eyes they read with, and where finds are kept.

The model never sees or sets any of this: it travels as the agent's runtime context.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workers.tools.evidence import Evidence, Passage

if TYPE_CHECKING:
    from workers.context import Knowledge


@dataclass
class Reading:
    """One job's reading. `groups` come from the directory by way of the mention, never from its text."""

    knowledge: Knowledge
    groups: tuple[str, ...]
    question: str
    spaces: tuple[str, ...] = ()  # the channel's; empty: all. They narrow what the groups may read
    previous_question: str | None = None
    include_superseded: bool = False
    evidence: Evidence = field(default_factory=Evidence)
    report: Callable[..., None] = lambda *_args, **_fields: None


def show_passage(passage: Passage) -> str:
    """Return a passage as a model reads it: handle, where it stands, its version, and its text."""
    chunk = passage.chunk
    facts = [
        f"version {chunk.version_label}" if chunk.version_label else "",
        f"in force from {chunk.effective_from}" if chunk.effective_from else "",
        f"until {chunk.effective_to}" if chunk.effective_to else "",
        f"regions: {', '.join(chunk.regions)}" if chunk.regions else "",
        "" if chunk.status == "current" else f"status: {chunk.status}",
        f"document {chunk.document_id}",
    ]
    return f"[{passage.handle}] {passage.label} ({'; '.join(fact for fact in facts if fact)})\n{chunk.text}"
