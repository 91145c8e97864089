"""Inspect logs: find the sources, read and mine them, judge by rules, check every line shown, write the report.

Nothing here asks a language model yet: the statistics write the report, and it is labelled so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.errors import Cancelled
from assistant.jobs import Check, Job, JobResult, Receipt
from assistant.replies import Notice, Reply
from workers.by_rules import read_options, receipt_by_rules
from workers.context import JobContext
from workers.jobs.log_inspection.checks import check_inspection
from workers.jobs.log_inspection.log_files import LogFiles, log_files, zone_of_asker
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
    """Inspect the attached logs, or those of the declared sources that the question is about.

    Raises:
        RequestInvalid: there are no logs to look at, a service is unknown, or the options don't parse.
        NotPermitted: the asker may not query those logs.
        Cancelled, BudgetExceeded: as they say.
    """
    options = read_options(job, InspectionOptions)
    with log_files(job, context, options) as found:
        inspection, checks = _inspect(job, context, options, found)
    stages = {"read_logs": "retrieval", "judge_by_rules": "model", "check_lines": "validation"}
    receipt = receipt_by_rules(context, version=RULES_VERSION, checks=checks, stages=stages)
    return _result(_without_secrets(inspection), receipt)


def _inspect(
    job: Job, context: JobContext, options: InspectionOptions, found: LogFiles
) -> tuple[Inspection, tuple[Check, ...]]:
    index = _read(job, context, found.inputs)
    index.report.problems.extend(found.problems)
    context.check(job)
    context.report("mining", f"comparing {len(index.templates)} kinds of message", templates=len(index.templates))
    question, zone = job.mention.text, zone_of_asker(job, context)
    with context.stopwatch.stage("model"):  # the rules do what a model would
        window = window_of(question, options, span=index.span, now=context.today, zone=zone)
        inspection = inspect_index(index, window=window, services=options.services or None, question=question)
    context.check(job)
    context.report("checking", f"checking {len(inspection.evidence_lines)} lines")
    with context.stopwatch.stage("validation"):
        checks = check_inspection(inspection, found.inputs)
    coverage = inspection.coverage
    noted = coverage.model_copy(update={"notes": (*coverage.notes, *found.notes)})
    return inspection.model_copy(update={"coverage": noted}), checks


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
