"""A finished job as text for a terminal, and as the one JSON object that scripts read."""

from __future__ import annotations

from typing import Any

from assistant.jobs import JobStatus
from assistant.replies import (
    Actions,
    Block,
    Chart,
    Checklist,
    Citation,
    Citations,
    Draft,
    Excerpt,
    FileOffer,
    Links,
    Notice,
    Paragraph,
    Table,
)
from assistant.storage.job_store import JobView

CELL_CHARS = 60  # of a table's cell in a terminal; the whole text is in --json


def as_json(view: JobView, *, thread: str) -> dict[str, Any]:
    """Return the documented object of `--json` (README, "In scripts").

    `status` is answered, refused, failed or cancelled; `result` is the kind's own structured answer.
    """
    result = view.result
    outcome = result.outcome if result else view.status.value
    return {
        "job": str(view.id),
        "kind": view.kind,
        "thread": thread,
        "status": outcome,
        "question": view.question,
        "answer": result.answer if result else "",
        "claims": [
            {"text": claim.text, "citations": [_citation(citation) for citation in claim.citations]}
            for claim in (result.claims if result else ())
        ],
        "refused": outcome == "refused",
        "refusal_reason": result.refusal_reason if result else None,
        "warnings": list(result.warnings) if result else [],
        "result": result.result if result else {},
        "receipt": result.receipt.model_dump(mode="json") if result else None,
        "error": None if result else {"code": view.error_code or view.status.value, "text": view.error_reply},
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return citation.model_dump(mode="json")


def as_text(view: JobView) -> str:
    """Return what a person reads in the terminal."""
    if view.reply is None:
        return view.error_reply or f"The job ended as {JobStatus(view.status).value}."
    parts = [part for part in (_block(block) for block in view.reply.blocks) if part]
    return "\n\n".join(parts) or view.reply.text


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return block.markdown
        case Notice():
            return f"({block.text})"
        case Citations():
            return "\n".join(_source(item) for item in block.items)
        case Table():
            return _table(block)
        case Checklist():
            return "\n".join([f"{block.title}:", *(f"  [ ] {item}" for item in block.items)])
        case Links():
            return "\n".join([f"{block.title}:", *(f"  {one.label} {one.note} {one.url}" for one in block.items)])
        case Excerpt():
            return "\n".join(
                [*([f"{block.title}:"] if block.title else []), *(f"    {line}" for line in block.lines)]
            )
        case Chart():
            return f"{block.title}: {block.alt}"
        case Draft():
            return _draft(block)
        case FileOffer():
            return f"File: {block.name} ({block.size_bytes:,} bytes)"
        case Actions():
            return ""  # buttons have no place in a terminal


def _source(citation: Citation) -> str:
    place = " › ".join(part for part in (citation.title, citation.section) if part)
    page = f", page {citation.page}" if citation.page else ""
    version = f", version {citation.version}" if citation.version else ""
    since = f", in force since {citation.effective_from}" if citation.effective_from else ""
    quote = " ".join(citation.quote.split())
    return f"[{citation.number}] {place}{page}{version}{since}\n    {citation.document}\n    “{quote}”"


def _table(table: Table) -> str:
    rows = [tuple(_cut(cell) for cell in row) for row in (table.columns, *table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([*([f"{table.title}:"] if table.title else []), lines[0], rule, *lines[1:]])


def _cut(cell: str) -> str:
    line = " ".join(cell.split())
    return line if len(line) <= CELL_CHARS else f"{line[: CELL_CHARS - 1]}…"


def _draft(draft: Draft) -> str:
    head = [f"To: {', '.join(draft.to) or '—'}"]
    if draft.cc:
        head.append(f"Cc: {', '.join(draft.cc)}")
    head.append(f"Subject: {draft.subject}")
    missing = [f"Still to fill in: {', '.join(draft.placeholders)}"] if draft.placeholders else []
    return "\n".join([*head, "", draft.body, *(["", *missing] if missing else [])])
