"""A scripted model that inspects small logs: it reads what the tools said, as a real one would, and answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from assistant.jobs import JobResult
from assistant.mentions import Attachment
from tests.twins.jobs import SpokenTurn, Watched, make_context, make_job
from tests.unit.workers.logs.log_writing import Line, as_upload
from workers.jobs.log_inspection.run import run
from workers.llm.model_catalogue import ModelEntry
from workers.llm.scripted import ScriptedModel, calls

OVERVIEW = calls("overview", {})
START, END = "2026-03-04T10:20:00Z", "2026-03-04T10:40:00Z"


def heard(messages: list[BaseMessage]) -> str:
    """Return what the tools have said so far."""
    return "\n".join(str(one.text) for one in messages if one.type == "tool")


def template_of(messages: list[BaseMessage], words: str) -> str:
    """Return the id of the template whose line holds the words."""
    found = re.search(rf"template ([0-9a-f]{{10}})[^\n]*{re.escape(words)}", heard(messages))
    assert found, heard(messages)
    return found[1]


def handle_of(messages: list[BaseMessage], words: str) -> str:
    """Return the handle of the first line that holds the words."""
    found = re.search(rf"\[(L\d+)\][^\n]*{re.escape(words)}", heard(messages))
    assert found, heard(messages)
    return found[1]


def answer(
    words: str,
    *,
    count: int,
    change: Callable[[dict[str, Any]], None] = lambda _answer: None,
    call_id: str = "answer",
) -> Callable[[list[BaseMessage]], AIMessage]:
    """Return a line that answers with one hypothesis resting on the template with the words; `change` spoils it."""

    def say(messages: list[BaseMessage]) -> AIMessage:
        handle = handle_of(messages, words)
        statement = {
            "text": f"The message came {count} times.",
            "template": template_of(messages, words),
            "service": "pay",
            "start": START,
            "end": END,
            "count": count,
            "lines": [handle],
        }
        hypothesis = {
            "service": "pay",
            "cause": "The connection pool of pay ran empty",
            "confidence": 0.8,
            "evidence_for": [statement],
            "evidence_against": [],
            "check_next": "Look at the size of the pool.",
        }
        said = {"found": True, "first_bad_line": handle, "hypotheses": [hypothesis]}
        change(said)
        return calls("LogAnswer", said, call_id=call_id)

    return say


def inspected(
    folder: Path,
    lines: Iterable[Line],
    script: list[Any],
    *,
    question: str = "why is pay failing?",
    watched: Watched | None = None,
    turns: list[SpokenTurn] | None = None,
) -> tuple[JobResult, ScriptedModel]:
    """Run the job over the lines with a model that says the script; `outcome` and what the model heard."""
    path = folder / "all.log"
    path.write_bytes(as_upload(lines).content)
    model = ScriptedModel(lines=script)
    context = make_context(watched=watched, turns=turns)
    context.models.add(ModelEntry(alias="scripted", provider="openai", model="scripted"), model)
    context.models.set_default("scripted")
    job = make_job(question, role="engineer", kind="log_inspection")
    attachment = Attachment(name="all.log", size_bytes=0, location=f"path:{path}")
    job = job.model_copy(update={"mention": job.mention.model_copy(update={"attachments": (attachment,)})})
    return run(job, context), model
