"""Bring the logs of a question to this machine: what was attached, or what the declared sources hold of it."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import Cancelled
from assistant.follow_ups import reads_as_follow_up
from assistant.jobs import Job
from assistant.log_sources import load_log_sources
from assistant.mentions import Attachment
from workers.context import JobContext
from workers.jobs.log_inspection.choosing import Choice, choose
from workers.jobs.log_inspection.request import InspectionOptions, window_of
from workers.log_sources.building import build_source
from workers.log_sources.gathering import gather, whole_span
from workers.log_sources.port import LogQuery, SourceReport
from workers.logs.index import Window
from workers.logs.reading import ReadingCancelled
from workers.logs.reading_files import FileProblem, LogSource, NamedFile

TOLD_EVERY_LINES = 50_000


@dataclass(frozen=True)
class LogFiles:
    """What the index is built from, and what the answer has to say about it."""

    inputs: tuple[LogSource, ...]
    problems: tuple[FileProblem, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # the declared ones that it came from; none of what was attached

    @property
    def places(self) -> tuple[object, ...]:
        """Where the logs lie, for what is declared about folders."""
        return tuple(one.path if isinstance(one, NamedFile) else one for one in self.inputs)


@contextlib.contextmanager
def log_files(job: Job, context: JobContext, options: InspectionOptions) -> Iterator[LogFiles]:
    """Yield the logs the question is about; what was fetched for it is deleted afterwards.

    Raises:
        RequestInvalid, NotPermitted: see choose.
        Cancelled: the asker stopped it.
    """
    declared = load_log_sources(context.settings)
    if attached := job.mention.attachments or _attached_before(job, context, has_sources=bool(declared.sources)):
        yield LogFiles(_named(attached, context))
        return
    choice = choose(job.mention, declared, services=options.services)
    zone = context.zone_of_asker(job)
    asked = window_of(job.mention.text, options, span=None, now=context.today, zone=zone)
    with tempfile.TemporaryDirectory(prefix="steward-logs-") as folder:
        yield _gathered(job, context, choice, asked, Path(folder))


def may_still_see(job: Job, context: JobContext, files: LogFiles) -> bool:
    """Return whether the asker, and whoever reads along, may query every source now that the logs came from."""
    readable = load_log_sources(context.settings).for_readers(job.mention).sources
    return set(files.sources) <= {one.name for one in readable}


def _attached_before(job: Job, context: JobContext, *, has_sources: bool) -> tuple[Attachment, ...]:
    """Return the files that a follow-up is about: those that came with the thread's inspection before."""
    if has_sources and not reads_as_follow_up(job.mention.text):
        return ()
    return context.history.recent_attachments(job.conversation_id, before_job=job.id, kind=job.kind)


def _named(attachments: Sequence[Attachment], context: JobContext) -> tuple[LogSource, ...]:
    """Return the attachments under the names that people gave them, two of one name told apart."""
    taken: Counter[str] = Counter()
    named: list[LogSource] = []
    for attachment in attachments:
        path = context.files.local_path(attachment)
        taken[attachment.name] += 1
        again = f" ({taken[attachment.name]})" if taken[attachment.name] > 1 else ""
        is_file = path.is_file()
        named.append(NamedFile(path, f"{attachment.name}{again}", attachment.name) if is_file else path)
    return tuple(named)


def _gathered(job: Job, context: JobContext, choice: Choice, asked: Window | None, folder: Path) -> LogFiles:
    context.report("reading", f"reading {', '.join(one.name for one in choice.sources)}")
    told = 0

    def progress(report: SourceReport) -> None:
        nonlocal told
        if report.lines - told >= TOLD_EVERY_LINES:
            told = report.lines
            context.report("reading", f"{report.lines:,} lines from {report.source}", lines=report.lines)

    queries = {
        build_source(one): LogQuery(
            window=_query_window(one.kind, asked, context, one.limits.max_hours),
            services=tuple(service for service in choice.services if not one.services or service in one.services),
            max_bytes=one.limits.max_bytes,
            max_lines=one.limits.max_lines,
            max_seconds=one.limits.max_seconds,
        )
        for one in choice.sources
    }
    try:
        with context.stopwatch.stage("retrieval"):
            gathered = gather(
                queries,
                folder,
                max_hours={one.name: one.limits.max_hours for one in choice.sources},
                progress=progress,
                is_cancelled=context.is_cancelled,
            )
    except ReadingCancelled as error:
        raise Cancelled(f"job {job.id} was cancelled while reading") from error
    names = tuple(one.name for one in choice.sources)
    return LogFiles(gathered.files, gathered.problems, (*choice.notes, *gathered.notes), names)


def _query_window(kind: str, asked: Window | None, context: JobContext, max_hours: float) -> Window:
    """Return the time to read: of files everything around the question, of the others what `gather` then widens."""
    whole = whole_span(asked, now=context.today, max_hours=max_hours)
    if kind == "folder":
        return whole
    return asked or Window(whole.end_at - (whole.end_at - whole.start_at) / 4, whole.end_at)
