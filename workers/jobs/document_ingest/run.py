"""Add attached files to the company's documents, in a process of its own.

Reading and embedding compute for minutes, so the work is `steward ingest` in a child: the same programme that
operators run, which leaves this process's other jobs alone and ends at once when the asker presses Stop. What was
stored by then stays; each document is one transaction.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from assistant import exit_codes
from assistant.errors import DependencyUnavailable, RequestInvalid
from assistant.frozen import Frozen
from assistant.jobs import Check, Job, JobResult
from assistant.replies import Notice, Paragraph, Reply, Table
from assistant.settings import child_environment, plain_settings
from workers.by_rules import receipt_by_rules
from workers.context import JobContext
from workers.jobs.document_ingest.request import IngestOptions, read_request

RULES_VERSION = "ingest-1"
LOOK_SECONDS = 0.2  # how soon Stop is heard
END_SECONDS = 3.0


class IngestedDocument(Frozen):
    """What became of one file, as `steward ingest --json` tells it."""

    path: str
    outcome: str  # added, updated, facts_updated, unchanged, skipped, failed
    chunks: int = 0
    warnings: tuple[str, ...] = ()
    error: str | None = None


_DOCUMENTS = TypeAdapter(tuple[IngestedDocument, ...])


def run(job: Job, context: JobContext) -> JobResult:
    """Add the attached files to a space and say what became of each.

    Raises:
        RequestInvalid: no files, or nobody named who may read them.
        DependencyUnavailable: the child could not do its work (no database, no embedder).
        Cancelled, BudgetExceeded: as they say; documents that were done stay.
    """
    request = read_request(job)
    with tempfile.TemporaryDirectory(prefix="steward-ingest-") as name:
        files = _files(job, context, Path(name))
        count = f"{len(files)} file{'s' if len(files) != 1 else ''}"
        context.report("reading", f"reading and indexing {count} for {request.space}", files=len(files))
        with context.stopwatch.stage("retrieval"):
            told = _ingest(job, context, request, files)
    documents = _DOCUMENTS.validate_python(told["documents"])
    failed = [one for one in documents if one.outcome in ("failed", "skipped")]
    checks = (Check(name="documents_readable", passed=not failed, detail=f"{len(failed)} of {len(documents)} not"),)
    receipt = receipt_by_rules(context, version=RULES_VERSION, checks=checks, stages={"ingest": "retrieval"})
    text = _summary(documents, request)
    warnings = tuple(f"{one.path}: {one.error}" for one in failed)
    return JobResult(
        outcome="answered" if len(failed) < len(documents) else "refused",
        refusal_reason=None if len(failed) < len(documents) else "document_unreadable",
        answer=text,
        warnings=warnings,
        result={"version": 1, "space": request.space, "documents": [one.model_dump() for one in documents]},
        receipt=receipt,
        reply=_reply(text, documents, warnings),
    )


def _files(job: Job, context: JobContext, folder: Path) -> list[Path]:
    files: list[Path] = []
    for attachment in job.mention.attachments:
        # The name is the document's name in its space, so it is kept; a path in it is not.
        file = folder / (Path(attachment.name.replace("\\", "/")).name.lstrip(".") or "document")
        if file.exists():
            raise RequestInvalid(f"job {job.id}: twice {file.name}", reply=f"Two files are called {file.name}.")
        shutil.copyfile(context.files.local_path(attachment), file)
        files.append(file)
    return files


def _ingest(job: Job, context: JobContext, request: IngestOptions, files: list[Path]) -> dict[str, Any]:
    command = [sys.executable, "-m", "assistant.commands", "ingest", *map(str, files), "--json", "--no-prune"]
    command += ["--space", request.space, "--allow", request.allow, "--by", job.mention.asker.id]
    environment = child_environment(
        **{name.upper(): str(value) for name, value in plain_settings(context.settings).items()}
    )
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, start_new_session=True
        )
        try:
            while not _has_ended(child):
                context.check(job)
        finally:
            _end(child)
        output.seek(0)
        said = output.read()
    if child.returncode not in (exit_codes.SUCCESS, exit_codes.REFUSED):
        raise DependencyUnavailable(
            f"`steward ingest` ended with status {child.returncode}; its lines are in the log"
        )
    told: dict[str, Any] = json.loads(said)
    return told


def _has_ended(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and the process that parses for it, if they still run."""
    if child.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.killpg(child.pid, number)
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def _summary(documents: tuple[IngestedDocument, ...], request: IngestOptions) -> str:
    kept = [one for one in documents if one.outcome not in ("failed", "skipped")]
    passages = sum(one.chunks for one in kept)
    return (
        f"{len(kept)} of {len(documents)} documents are in {request.space}, readable by {request.allow}; "
        f"{passages} new passages can be searched now."
    )


def _reply(text: str, documents: tuple[IngestedDocument, ...], warnings: tuple[str, ...]) -> Reply:
    rows = tuple((one.path, one.outcome.replace("_", " "), str(one.chunks)) for one in documents)
    table = Table(title="Documents", columns=("Document", "Outcome", "Passages"), rows=rows)
    notices = (Notice(level="warning", text=warning) for warning in warnings)
    return Reply(text=text, blocks=(Paragraph(markdown=text), table, *notices))
