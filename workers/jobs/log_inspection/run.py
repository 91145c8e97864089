"""Inspect logs: find the sources, read and mine them, judge, check every line shown, write the report.

The statistics judge first, by rules. A language model, where there is one, judges on top of them by tools over the
index (model_path.py); where there is none, or what it says does not hold, the rules' report stands, labelled so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.errors import Cancelled, NotPermitted, RequestInvalid
from assistant.follow_ups import reads_as_follow_up
from assistant.jobs import Job, JobResult, Receipt
from assistant.watch_words import read_watch_words
from workers.by_rules import read_options, receipt_by_rules
from workers.context import JobContext
from workers.jobs.log_inspection.alert_links import with_alert
from workers.jobs.log_inspection.checks import check_inspection
from workers.jobs.log_inspection.index_cache import IndexCache, KeptIndex, without_secrets
from workers.jobs.log_inspection.log_files import LogFiles, log_files, may_still_see
from workers.jobs.log_inspection.reply import claims_of, notices_of, render, render_refusal, warnings_of
from workers.jobs.log_inspection.request import InspectionOptions, moment_of, window_of
from workers.jobs.log_inspection.runbook import find_runbook, with_runbook
from workers.jobs.log_inspection.scope import scoped
from workers.jobs.log_inspection.surroundings import lines_around, with_surroundings
from workers.jobs.log_inspection.watching import (
    answer_watch_words,
    could_not_look,
    options_of_check,
    over,
    reported,
)
from workers.logs.index import LogIndex, build_index
from workers.logs.inspection import inspect_index
from workers.logs.inspection_report import Inspection
from workers.logs.reading import ReadingCancelled, ReadingOptions
from workers.logs.reading_files import LogSource
from workers.validation.log_redaction import LogRedaction, redaction_for

if TYPE_CHECKING:
    from workers.jobs.log_inspection.model_path import Judgement

RULES_VERSION = "log_inspection@rules-1"  # raise it when the engine's verdicts change
INDEXES = IndexCache()  # of this process
PLACES = frozenset({"file", "template_id", "template_ids"})  # not shown, and needed as they are to look again
PROGRESS_STEP = 0.1  # of all bytes: how often reading is reported


def run(job: Job, context: JobContext) -> JobResult:
    """Inspect the attached logs, or those of the declared sources that the question is about.

    Raises:
        RequestInvalid: there are no logs to look at, a service is unknown, or the options don't parse.
        NotPermitted: the asker may not query those logs.
        Cancelled, BudgetExceeded: as they say.
    """
    if (words := read_watch_words(job.mention.text)) is not None:
        return answer_watch_words(job, context, words)
    options = read_options(job, InspectionOptions)
    if options.watch_id:
        return _check(job, context, options)
    if kept := _read_before(job, context, options):
        return reported(job, context, options, _inspect(job, context, options, kept))
    return _look(job, context, options)


def _check(job: Job, context: JobContext, options: InspectionOptions) -> JobResult:
    """Look again for a watch, which is told when that can't be done: nobody waits for the answer of a check."""
    if options.is_over:
        return over(job, context, options)
    options = options_of_check(options, now=context.today)
    try:
        return _look(job, context, options)
    except (RequestInvalid, NotPermitted) as error:
        return reported(job, context, options, could_not_look(context, error))


def _look(job: Job, context: JobContext, options: InspectionOptions) -> JobResult:
    with log_files(job, context, options) as found:
        read = _read_anew(job, context, found)
        # A check's logs are read anew each time, and of narrowed ones nothing else can be asked.
        if not options.watch_id and not found.is_narrowed:
            INDEXES.keep(job, read)
        return reported(job, context, options, _inspect(job, context, options, read))


def _read_before(job: Job, context: JobContext, options: InspectionOptions) -> KeptIndex | None:
    """Return the index of the asker's question before, where this one goes on about it."""
    if job.mention.attachments or not reads_as_follow_up(job.mention.text):
        return None
    kept = INDEXES.find(job, now=context.today)
    if kept is None or not may_still_see(job, context, kept.files):
        return None
    zone = context.zone_of_asker(job)
    asked = window_of(job.mention.text, options, span=kept.index.span, now=context.today, zone=zone)
    if not kept.covers(asked):
        return None
    context.report("reading", f"looking again at what was read at {kept.read_at:%H:%M} UTC")
    return kept


def _read_anew(job: Job, context: JobContext, found: LogFiles) -> KeptIndex:
    """Return the index of the logs, as it may be shown."""
    index = _index(job, context, found.inputs)
    index.report.problems.extend(found.problems)
    context.check(job)
    kinds = len(index.templates)
    context.report("mining", f"comparing {kinds} kinds of message", templates=kinds)
    redaction = redaction_for(context.settings, found.places)
    return KeptIndex(without_secrets(index, redaction), found, redaction, context.today)


def _inspect(job: Job, context: JobContext, options: InspectionOptions, read: KeptIndex) -> JobResult:
    found, redaction = read.files, read.redaction
    question, zone = job.mention.text, context.zone_of_asker(job)
    with context.stopwatch.stage("model"):  # the rules do what a model would
        scope = scoped(read.index, question)
        index = scope.index
        window = window_of(question, options, span=index.span, now=context.today, zone=zone)
        services = options.services or scope.services or None
        statistics = inspect_index(index, window=window, services=services, question=question)
    context.check(job)
    judged = _judge(job, context, index, statistics, redaction)
    inspection = judged.inspection if judged else statistics
    context.report("checking", f"checking {len(inspection.evidence_lines)} lines")
    with context.stopwatch.stage("validation"):
        checks = check_inspection(inspection, found.inputs)
    if judged is not None:
        receipt = judged.receipt(checks)
    else:
        stages = {"read_logs": "retrieval", "judge_by_rules": "model", "check_lines": "validation"}
        receipt = receipt_by_rules(context, version=RULES_VERSION, checks=checks, stages=stages)
    around = lines_around(index, moment_of(question, window))
    inspection = with_surroundings(inspection, read.index).model_copy(update={"around": around})
    shown = redaction.model(inspection, keep=PLACES)
    told = (*map(redaction.text, scope.notes), *found.notes)
    notices = (*notices_of(shown, judged.notice if judged else ""), *told)
    result = with_runbook(_result(shown, receipt, notices=notices), find_runbook(job, context, shown))
    return with_alert(result, options.alert)


def _judge(
    job: Job, context: JobContext, index: LogIndex, statistics: Inspection, redaction: LogRedaction
) -> Judgement | None:
    """Return a model's judgement; None where no model is set up, or there is nothing to judge."""
    if context.models.entry(context.models.default()).is_offline or index.span is None:
        return None
    from workers.jobs.log_inspection.model_path import judge  # a second of imports that the rules do without

    context.report("judging", "weighing the evidence")
    return judge(job, context, index, statistics, redaction)


def _index(job: Job, context: JobContext, sources: Sequence[LogSource]) -> LogIndex:
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


def _result(inspection: Inspection, receipt: Receipt, *, notices: Sequence[str]) -> JobResult:
    warnings, claims = (*notices, *warnings_of(inspection)), claims_of(inspection)
    is_refused = inspection.verdict in ("could_not_read", "nothing_found")
    return JobResult(
        outcome="refused" if is_refused else "answered",
        answer=inspection.text,
        claims=claims,
        refusal_reason=inspection.verdict if is_refused else None,
        warnings=warnings,
        result=inspection.model_dump(mode="json"),
        receipt=receipt,
        reply=render_refusal(inspection, warnings) if is_refused else render(inspection, claims, warnings=warnings),
    )
