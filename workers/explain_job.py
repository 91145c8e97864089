"""`steward explain JOB [--json]`: the whole story of one answer, stage by stage, for whoever has to find out.

From the question as it came to the reply as it was sent: steps with times, model and tool calls, the evidence that
was retrieved, the prompt's version, each claim with its quotes, every check's verdict, delivery, feedback, errors
and attempts. It shows people's words and the text of documents: it is for operators, on the machine itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from assistant.errors import NothingFound
from assistant.exit_codes import FAILURE, SUCCESS
from assistant.jobs import JobResult, Receipt
from assistant.settings import load_settings
from assistant.storage.database import open_engine
from assistant.storage.feedback_store import Feedback, FeedbackStore
from assistant.storage.job_store import JobStore
from assistant.storage.job_views import JobView

LABEL_CHARS = 12  # of the left column
QUOTE_CHARS = 300


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is stored about one job."""

    view: JobView
    feedback: tuple[Feedback, ...]


def main(argv: list[str]) -> int:
    """Run the command and return its exit code: failure when there is no such job."""
    parser = argparse.ArgumentParser(prog="steward explain", description="The whole story of one answer.")
    parser.add_argument("job", type=UUID, help="the job's id, as in every answer's receipt")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--data", type=Path, default=None, help="folder of the embedded parts (STEWARD_DATA)")
    arguments = parser.parse_args(argv)
    settings = load_settings(steward_data=arguments.data)
    engine = open_engine(settings.database, pool_size=2)
    try:
        story = read_story(arguments.job, JobStore(engine, settings), FeedbackStore(engine))
    except NothingFound:
        print(f"There is no job {arguments.job}.", file=sys.stderr)
        return FAILURE
    finally:
        engine.dispose()
    print(json.dumps(as_json(story), ensure_ascii=False) if arguments.json else "\n".join(as_text(story)))
    return SUCCESS


def read_story(job_id: UUID, jobs: JobStore, feedback: FeedbackStore) -> Story:
    """Return what is stored about the job.

    Raises:
        NothingFound: no job has this id.
    """
    return Story(jobs.view(job_id), tuple(feedback.about(job_id)))


def as_json(story: Story) -> dict[str, Any]:
    """Return the story as one JSON object: the job's view, and its feedback."""
    told = story.view.model_dump(mode="json")
    told["feedback"] = [
        {
            "person": one.person_id,
            "verdict": one.verdict,
            "reason": one.reason,
            "correction": one.correction,
            "updated_at": one.updated_at.isoformat(),
        }
        for one in story.feedback
    ]
    return told


def as_text(story: Story) -> Iterator[str]:
    """Yield the story's lines, in the order in which it happened."""
    view = story.view
    yield from _question(view)
    yield from _steps(view)
    if view.result:
        yield from _calls(view.result.receipt)
        yield from _evidence(view.result)
        yield from _claims(view.result)
        yield from _checks(view.result.receipt)
        yield from _receipt(view.result.receipt)
    yield from _reply(view)
    yield from _ending(story)


def _question(view: JobView) -> Iterator[str]:
    where = view.conversation
    yield f"job {view.id}"
    yield _line("kind", f"{view.kind} (lane {view.lane})")
    yield _line("state", f"{view.status.value}, attempt {view.attempt}, worker deaths {view.worker_deaths}")
    yield _line("asked by", f"{view.asker_id} of {view.tenant}")
    yield _line("asked in", f"{where.platform.value}, channel {where.channel}, thread {where.thread}")
    yield _line("conversation", str(view.conversation_id))
    yield _line("question", view.question or "(no text)")
    for attachment in view.attachments:
        yield _line("attachment", f"{attachment.name}, {attachment.media_type}, {attachment.size_bytes} bytes")


def _steps(view: JobView) -> Iterator[str]:
    yield from _heading("steps")
    for step in view.steps:
        yield _line(f"{step.at:%H:%M:%S.%f}"[:-3], f"{step.name}: {step.text}")


def _calls(receipt: Receipt) -> Iterator[str]:
    if not receipt.calls:
        return
    yield from _heading("calls")
    for call in receipt.calls:
        tokens = f", {call.input_tokens} tokens in, {call.output_tokens} out" if call.type == "model" else ""
        outcome = "" if call.ok else " FAILED"
        detail = f" ({call.detail})" if call.detail else ""
        yield _line(
            f"+{call.at_ms:.0f} ms", f"{call.type} {call.name}{outcome}{detail}, {call.took_ms:.1f} ms{tokens}"
        )


def _evidence(result: JobResult) -> Iterator[str]:
    """The passages with their places and scores, where the kind kept them; else their ids."""
    kept = result.result.get("evidence") or [{"chunk_id": chunk_id} for chunk_id in result.receipt.evidence]
    if not kept:
        return
    yield from _heading("evidence, best first")
    for rank, one in enumerate(kept, 1):
        place = " › ".join(part for part in (one.get("document"), one.get("section")) if part)
        scores = ", ".join(f"{name} {one[name]:.3f}" for name in ("score", "cosine") if one.get(name) is not None)
        yield _line(str(rank), "  ".join(part for part in (one["chunk_id"], place, scores) if part))


def _claims(result: JobResult) -> Iterator[str]:
    yield from _heading(f"{result.outcome}{f': {result.refusal_reason}' if result.refusal_reason else ''}")
    for number, claim in enumerate(result.claims, 1):
        yield _line(f"claim {number}", claim.text)
        for citation in claim.citations:
            version = f", version {citation.version}" if citation.version else ""
            yield _line("", f"[{citation.number}] {citation.document}{version}, {citation.section}")
            yield _line("", f"    chunk {citation.chunk_id}: “{_short(citation.quote)}”")
    for warning in result.warnings:
        yield _line("warning", warning)


def _checks(receipt: Receipt) -> Iterator[str]:
    if not receipt.checks:
        return
    yield from _heading("checks")
    for check in receipt.checks:
        yield _line(
            "passed" if check.passed else "FAILED", f"{check.name}{f': {check.detail}' if check.detail else ''}"
        )


def _receipt(receipt: Receipt) -> Iterator[str]:
    estimated = " (estimated)" if receipt.tokens_estimated else ""
    cost = "unknown" if receipt.cost_usd is None else f"{receipt.cost_usd:.6f} USD"
    stages = ", ".join(f"{name} {value:.1f}" for name, value in receipt.latency_ms.model_dump().items())
    yield from _heading("receipt")
    yield _line("model", receipt.model + (", extractive, no language model" if receipt.offline else ""))
    if receipt.fallback_from:
        yield _line("fell back", f"from {receipt.fallback_from}")
    yield _line("prompt", receipt.prompt_version)
    yield _line("calls", f"{receipt.model_calls} of models, {receipt.tool_calls} of tools")
    yield _line("tokens", f"{receipt.input_tokens} in, {receipt.output_tokens} out{estimated}; cost {cost}")
    yield _line("repaired", "yes" if receipt.repaired else "no")
    yield _line("ms by stage", stages)


def _reply(view: JobView) -> Iterator[str]:
    if view.reply is None and not view.partial:
        return
    yield from _heading("reply as sent" if view.reply else "reply so far")
    yield from (view.reply.text if view.reply else view.partial or "").splitlines()
    for block in view.reply.blocks if view.reply else ():
        yield _line("block", f"{block.type}{f': {block.text}' if block.type == 'notice' else ''}")


def _ending(story: Story) -> Iterator[str]:
    view = story.view
    yield from _heading("outcome")
    yield _line("finished", _clock(view.finished_at))
    yield _line("delivered", _clock(view.delivered_at))
    if view.error_code:
        yield _line("error", f"{view.error_code}: {view.error_message or ''}")
    if view.cancel_requested:
        yield _line("stop", "was asked for")
    for one in story.feedback:
        said = ", ".join(part for part in (one.reason, one.correction) if part)
        yield _line("feedback", f"{one.verdict} by {one.person_id}{f': {said}' if said else ''}")
    if not story.feedback:
        yield _line("feedback", "none")


def _heading(text: str) -> tuple[str, str]:
    return "", text.upper()


def _line(label: str, text: str) -> str:
    return f"  {label:<{LABEL_CHARS}} {text}".rstrip()


def _clock(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"[:-3] if moment else "not yet"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= QUOTE_CHARS else f"{flat[: QUOTE_CHARS - 1]}…"
