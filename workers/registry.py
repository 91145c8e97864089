"""Which function runs which job kind: one line each, imported when first needed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from assistant.errors import NotBuilt
from assistant.job_kinds import JOB_KINDS
from workers.context import Handler

HANDLERS: dict[str, str] = {
    "policy_search": "workers.jobs.policy_search.run:run",
    "log_inspection": "workers.jobs.log_inspection.run:run",
    "meeting_summary": "workers.jobs.meeting_summary.run:run",
    "document_ingest": "workers.jobs.document_ingest.run:run",
    "email_draft": "workers.jobs.email_draft.run:run",
}


def handler_of(kind: str, handlers: Mapping[str, str] = HANDLERS) -> Handler:
    """Return the handler of this kind.

    Raises:
        NotBuilt: the kind has no handler in this version.
    """
    place = handlers.get(kind)
    if place is None:
        title = JOB_KINDS[kind].title if kind in JOB_KINDS else kind
        raise NotBuilt(f"job kind {kind} has no handler", reply=f"{title} isn't built yet.")
    handler: Handler = named(place)
    return handler


def named(place: str) -> Any:
    """Return what "module:name" names, importing the module if need be."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
