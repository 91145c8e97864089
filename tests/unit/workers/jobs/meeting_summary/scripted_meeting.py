"""A meeting, a scripted model and what it answers, for the tests of minutes by a language model."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from assistant.jobs import JobResult
from assistant.mentions import Attachment
from tests.twins.jobs import FilesTwin, Watched, make_context, make_job
from workers.context import JobContext
from workers.jobs.meeting_summary.run import run
from workers.llm.model_entry import ModelEntry
from workers.llm.scripted import ScriptedModel, calls

SAID = re.compile(r"^\[(u\d+)\] (?:[\d:]+ )?(?:([^:\n]+): )?(.+)$", re.MULTILINE)


def notes(**sections: Any) -> AIMessage:
    """Return a model's notes; sections left out are empty."""
    return calls("MeetingNotes", {**sections, "complete": True}, call_id="notes")


def written(*lines: tuple[str, tuple[str, ...]]) -> AIMessage:
    """Return a model's written summary."""
    shown = [{"text": text, "sources": list(sources)} for text, sources in lines]
    return calls("WrittenSummary", {"lines": shown, "complete": True}, call_id="written")


def cut(message: AIMessage) -> AIMessage:
    """Return the message as a provider marks one that ended at its token limit."""
    return message.model_copy(update={"response_metadata": {"finish_reason": "length"}})


def entry(text: str, *said: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Return one entry of notes with its evidence."""
    return {"text": text, "evidence": [{"id": key, "quote": quote} for key, quote in said], **more}


def task(text: str, *said: tuple[str, str], owner: str | None = None, due: str | None = None) -> dict[str, Any]:
    """Return one task with its evidence."""
    return {"task": text, "owner": owner, "due": due, "evidence": entry("", *said)["evidence"]}


def shown_lines(messages: list[BaseMessage]) -> list[tuple[str, str]]:
    """Return the (id, words) of the utterances in the last request a model got."""
    request = next(str(one.text) for one in reversed(messages) if "<material" in str(one.text))
    return [(key, words) for key, _, words in SAID.findall(request)]


def first_said(messages: list[BaseMessage]) -> AIMessage:
    """Return notes that repeat the first utterance shown: a model that reads what it was given."""
    key, words = shown_lines(messages)[0]
    return notes(summary=[entry(words, (key, words))])


def minutes_of(
    transcript: str,
    *lines: AIMessage | Exception | Callable[[list[BaseMessage]], AIMessage],
    folder: Path,
    text: str = "minutes",
    max_input_tokens: int = 100_000,
    watched: Watched | None = None,
    **options: Any,
) -> tuple[JobResult, ScriptedModel]:
    """Return the result of a job whose model says these lines, and the model."""
    path = folder / "meeting.txt"
    path.write_text(transcript, encoding="utf-8")
    model = ScriptedModel(lines=list(lines))
    context = scripted_context(model, max_input_tokens=max_input_tokens, watched=watched)
    job = make_job(text, kind="meeting_summary")
    attachment = Attachment(name="meeting.txt", size_bytes=path.stat().st_size, location=f"path:{path}")
    mention = job.mention.model_copy(update={"attachments": (attachment,), "options": {"formats": [], **options}})
    return run(job.model_copy(update={"mention": mention}), context), model


def scripted_context(model: ScriptedModel, *, max_input_tokens: int, watched: Watched | None = None) -> JobContext:
    """Return a context whose default model is the scripted one."""
    context = make_context(files=FilesTwin(), watched=watched)
    row = ModelEntry(alias="scripted", provider="openai", model="scripted", max_input_tokens=max_input_tokens)
    context.models.add(row, model)
    context.models.set_default("scripted")
    return context
