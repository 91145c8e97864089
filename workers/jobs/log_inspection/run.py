"""Inspect logs: find the sources, read and mine them, judge by rules, check every line shown, write the report.

Nothing here asks a language model yet: the statistics write the report, and it is labelled so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.errors import Cancelled, RequestInvalid
from assistant.jobs import Call, Job, JobResult, Receipt
from assistant.replies import Notice, Reply
from workers.context import JobContext
from workers.jobs.log_inspection.checks import check_inspection
from workers.jobs.log_inspection.reply import BY_RULES, claims_of, render, warnings_of
from workers.jobs.log_inspection.request import InspectionOptions, window_of
from workers.logs.index import LogIndex, build_index
from workers.logs.inspection import inspect_index
from workers.logs.inspection_report import Inspection
from workers.logs.reading import ReadingCancelled, ReadingOptions
from workers.logs.reading_files import LogSource
from workers.validation.redaction import redact_secrets

RULES_VERSION = "log_inspection@rules-1"  # raise it when the engine's verdicts change
PROGRESS_STEP = 0.1  # of all bytes: how often reading is reported


def run(job: Job, context: JobContext) -> JobResult:
    """Inspect the attached logs, or those of the folders in STEWARD_LOG_FOLDERS.

    Raises:
        RequestInvalid: there are no logs to look at, or the options don't parse.
        Cancelled, BudgetExceeded: as they say.
    """
    options = _options(job)
    sources = _sources(job, context)
    context.report("reading", f"reading {len(sources)} log source{'s' if len(sources) != 1 else ''}")
    index = _read(job, context, sources)
    context.check(job)
    context.report("mining", f"comparing {len(index.templates)} kinds of message", templates=len(index.templates))
    question = job.mention.text
    with context.stopwatch.stage("model"):  # the rules do what a model would
        window = window_of(question, options, span=index.span, now=context.today)
        inspection = inspect_index(index, window=window, services=options.services or None, question=question)
    context.check(job)
    context.report("checking", f"checking {len(inspection.evidence_lines)} lines")
    with context.stopwatch.stage("validation"):
        checks = check_inspection(inspection, sources)
    receipt = Receipt(
        model="rules",
        offline=True,
        prompt_version=RULES_VERSION,
        cost_usd=0.0,
        checks=checks,
        calls=tuple(_calls(context)),
    )
    return _result(_without_secrets(inspection), receipt)


def _options(job: Job) -> InspectionOptions:
    try:
        return InspectionOptions.model_validate(job.mention.options)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise RequestInvalid(
            f"job {job.id}: options {place}: {first['msg']}",
            reply=f"I can't use the option {place!r}: {first['msg']}. Known are services, since and until.",
        ) from error


def _sources(job: Job, context: JobContext) -> list[LogSource]:
    attached: list[LogSource] = [context.files.local_path(attachment) for attachment in job.mention.attachments]
    folders = context.settings.steward_log_folders.split(",")
    sources = attached or [Path(folder.strip()) for folder in folders if folder.strip()]
    if not sources:
        raise RequestInvalid(
            f"job {job.id} has no logs",
            reply="Attach the log files to your question, or have an operator name their folders in "
            "STEWARD_LOG_FOLDERS.",
        )
    return sources


def _read(job: Job, context: JobContext, sources: Sequence[LogSource]) -> LogIndex:
    told = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal told
        share = done / total if total else 0.0
        if share - told >= PROGRESS_STEP:
            told = share
            context.report("reading", f"read {share:.0%} of the logs")

    options = ReadingOptions(now=context.today, progress=progress, is_cancelled=context.is_cancelled)
    try:
        with context.stopwatch.stage("retrieval"):
            return build_index(sources, options)
    except ReadingCancelled as error:
        raise Cancelled(f"job {job.id} was cancelled while reading") from error


def _calls(context: JobContext) -> list[Call]:
    timed = context.stopwatch.milliseconds
    stages = (("read_logs", "retrieval"), ("judge_by_rules", "model"), ("check_lines", "validation"))
    return [
        Call(type="tool", name=name, at_ms=0.0, took_ms=round(timed.get(stage, 0.0), 2)) for name, stage in stages
    ]


def _without_secrets(inspection: Inspection) -> Inspection:
    """Hide keys, tokens and passwords that the logs hold; done after the check, which needs lines as they stand."""

    def hidden(value: Any) -> Any:
        if isinstance(value, str):
            return redact_secrets(value)
        if isinstance(value, tuple | list):
            return [hidden(item) for item in value]
        return {key: hidden(item) for key, item in value.items()} if isinstance(value, dict) else value

    return Inspection.model_validate(hidden(inspection.model_dump()))


def _result(inspection: Inspection, receipt: Receipt) -> JobResult:
    warnings, claims = warnings_of(inspection), claims_of(inspection)
    result = inspection.model_dump(mode="json")
    if inspection.verdict in ("could_not_read", "nothing_found"):
        blocks = (Notice(level="refusal", text=inspection.text), *(Notice(level="warning", text=w) for w in warnings))
        reply = Reply(text=inspection.text, blocks=(*blocks, Notice(text=BY_RULES)), wants_feedback=True)
        return JobResult(
            outcome="refused",
            answer=inspection.text,
            refusal_reason=inspection.verdict,
            warnings=warnings,
            result=result,
            receipt=receipt,
            reply=reply,
        )
    return JobResult(
        outcome="answered",
        answer=inspection.text,
        claims=claims,
        warnings=warnings,
        result=result,
        receipt=receipt,
        reply=render(inspection, claims, warnings=warnings),
    )
