"""The operations lists and figures as HTML. Pure: what the quality store returned in, markup out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from markupsafe import Markup

from assistant.job_kinds import JOB_KINDS
from assistant.storage.quality_store import (
    DocumentLine,
    FeedbackLine,
    JobLine,
    LaneState,
    ModelCost,
    Overview,
    StageLatency,
    WorkerState,
)
from bot.platforms.web.icons import icon
from bot.platforms.web.markup import Child, element, join
from bot.platforms.web.receipt import cost, milliseconds
from bot.platforms.web.render import day_words
from bot.platforms.web.turns import kind_title

MAX_QUESTION_CHARS: Final = 140  # of a question in a list
STATES: Final = {
    "": "Any outcome",
    "answered": "Answered",
    "refused": "Refused",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "running": "Running",
    "queued": "Queued",
    "down": "Thumb down",
}


def render_overview(figures: Overview, window_days: int, windows: Sequence[int]) -> Markup:
    """Return the window's figures: counts, latency by stage, cost by model, errors by code."""
    choices = [
        element(
            "a",
            window_words(days),
            href=f"/admin?days={days}",
            aria_current="page" if days == window_days else None,
        )
        for days in windows
    ]
    numbers = [
        render_number("Questions", figures.questions, f"{figures.open} open now" if figures.open else "none open"),
        render_number("Answered", figures.answered, share(figures.answered, figures.questions)),
        render_number("Refused", figures.refused, share(figures.refused, figures.questions)),
        render_number("Failed", figures.failed, share(figures.failed, figures.questions), is_bad=figures.failed > 0),
        render_number("Stopped", figures.cancelled, share(figures.cancelled, figures.questions)),
        render_number("Thumbs up", figures.thumbs_up, f"{figures.thumbs_down} down"),
        render_number(
            "Failed checks",
            figures.answers_with_failed_checks,
            "answers with one",
            is_bad=figures.answers_with_failed_checks > 0,
        ),
        render_number("Drafts sent", figures.sent_drafts, _closeness(figures)),
    ]
    return join(
        [
            element("p", choices, class_="windows", role="group", aria_label="Window"),
            element("dl", numbers, class_="numbers"),
            _latency(figures.latency),
            _models(figures.models),
            _errors(figures),
        ]
    )


def window_words(days: int) -> str:
    """Return a window in words."""
    return "Last 24 hours" if days == 1 else f"Last {days} days"


def share(part: int, whole: int, of: str = "of questions", *, nothing: str = "no questions yet") -> str:
    """Return a part as a percentage of the whole, in words."""
    return f"{100 * part / whole:.0f} % {of}".strip() if whole else nothing


def render_jobs(lines: Sequence[JobLine], *, kind: str, state: str, words: str) -> Markup:
    """Return the filter and the jobs."""
    kinds = {"": "Any kind", **{name: item.title for name, item in JOB_KINDS.items()}}
    form = element(
        "form",
        _choice("kind", "Kind", kinds, kind),
        _choice("state", "Outcome", STATES, state),
        element(
            "input", type="search", name="words", value=words, placeholder="Words of the question", aria_label="Words"
        ),
        element("button", "Filter", type="submit", class_="primary small"),
        method="get",
        action="/admin/jobs",
        class_="filter",
    )
    rows = [
        (
            time_of(line.created_at),
            element("a", shortened(line.question) or "(a file)", href=f"/admin/jobs/{line.id}"),
            line.asker,
            kind_title(line.kind),
            outcome_of(line),
            milliseconds(line.total_ms) if line.total_ms is not None else "",
            {"up": icon("up"), "down": icon("down")}.get(line.verdict or ""),
        )
        for line in lines
    ]
    columns = ("Asked", "Question", "By", "Kind", "Outcome", "Time", "Thumb")
    return join([form, render_table("Jobs", columns, rows, empty="No job fits.")])


def outcome_of(line: JobLine) -> Markup:
    """Return what came of a job as a coloured word."""
    word = line.outcome or line.state.replace("_", " ")
    if line.error_code:
        word = f"{line.state}: {line.error_code}"
    style = "bad" if line.state == "failed" or line.checks_failed else "good" if line.outcome == "answered" else ""
    more = f", {line.checks_failed} checks failed" if line.checks_failed else ""
    return element("span", word, more, class_=f"outcome {style}")


def render_documents(lines: Sequence[DocumentLine]) -> Markup:
    """Return the documents, a table a space."""
    if not lines:
        return element("p", "No document has been ingested yet.", class_="rail-empty")
    spaces: dict[str, list[DocumentLine]] = {}
    for line in lines:
        spaces.setdefault(line.space, []).append(line)
    columns = ("Document", "Version", "In force from", "Owner", "Status", "Readers", "Passages", "Ingested")
    return join(
        render_table(
            f"{space}: {len(items)} document{'s' if len(items) != 1 else ''}",
            columns,
            [_document_row(item) for item in items],
        )
        for space, items in spaces.items()
    )


def _document_row(line: DocumentLine) -> tuple[Child, ...]:
    warned = f"{line.warnings} warnings" if line.warnings else None
    return (
        join([element("strong", line.title), element("small", line.path)]),
        line.version or "",
        day_words(line.effective_from.isoformat()) if line.effective_from else "",
        line.owner or "",
        element("span", line.status, class_="outcome " + ("good" if line.status == "current" else "")),
        ", ".join(line.allow),
        str(line.chunks),
        join([time_of(line.ingested_at) if line.ingested_at else None, element("small", warned) if warned else None]),
    )


def render_queue(lanes: Sequence[LaneState], workers: Sequence[WorkerState], now: datetime) -> Markup:
    """Return what waits, what runs, and who works."""
    lane_rows = [
        (
            lane.lane,
            str(lane.queued),
            str(lane.running),
            age(lane.oldest_queued_at, now) if lane.oldest_queued_at else "",
        )
        for lane in lanes
    ]
    worker_rows = [
        (
            element("code", worker.id),
            element(
                "span",
                "alive" if worker.is_alive else "gone",
                class_="outcome " + ("good" if worker.is_alive else "bad"),
            ),
            ", ".join(worker.lanes),
            str(worker.slots),
            age(worker.started_at, now),
            f"{age(worker.seen_at, now)} ago",
        )
        for worker in workers
    ]
    nobody = None
    if not any(worker.is_alive for worker in workers):
        nobody = element(
            "p",
            icon("warning"),
            element("span", "No worker is alive: questions are kept, and wait."),
            class_="notice error",
        )
    return join(
        [
            nobody,
            render_table(
                "Lanes", ("Lane", "Queued", "Running", "Oldest waits"), lane_rows, empty="Nothing waits or runs."
            ),
            render_table(
                "Workers",
                ("Worker", "State", "Lanes", "Slots", "Up for", "Seen"),
                worker_rows,
                empty="None seen in the last hour.",
            ),
        ]
    )


def render_feedback(lines: Sequence[FeedbackLine], verdict: str) -> Markup:
    """Return the verdicts, newest first."""
    form = element(
        "form",
        _choice("verdict", "Verdict", {"": "Up and down", "down": "Down only", "up": "Up only"}, verdict),
        element("button", "Filter", type="submit", class_="primary small"),
        method="get",
        action="/admin/feedback",
        class_="filter",
    )
    rows = [
        (
            time_of(line.updated_at),
            join([icon(line.verdict), element("span", line.verdict, class_="sr-only")]),
            (line.reason or "").replace("_", " "),
            line.correction or "",
            element("a", shortened(line.question) or "(a file)", href=f"/admin/jobs/{line.job_id}"),
            line.person,
        )
        for line in lines
    ]
    columns = ("Given", "Verdict", "Reason", "Correction", "Question", "By")
    return join([form, render_table("Feedback", columns, rows, empty="Nobody has given feedback yet.")])


def time_of(at: datetime) -> Markup:
    """Return a time; steward.js shows it in the reader's own zone."""
    return element("time", f"{at:%Y-%m-%d %H:%M} UTC", datetime=at.isoformat(), data_local=True)


def age(at: datetime, now: datetime) -> str:
    """Return how long ago `at` was, in the largest unit that fits: "12 s", "4 min", "3 h", "2 d"."""
    seconds = max(0.0, (now - at).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def shortened(text: str) -> str:
    """Return a question on one line, cut where a list needs it."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_QUESTION_CHARS else line[: MAX_QUESTION_CHARS - 1] + "…"


def _closeness(figures: Overview) -> str:
    """Return how much of the drafts stood in what was sent, in words."""
    if figures.sent_similarity is None:
        return "none in this window"
    return f"{100 * figures.sent_similarity:.0f} % as drafted, {figures.sent_untouched} untouched"


def render_number(name: str, value: int, note: str, *, is_bad: bool = False) -> Markup:
    """Return one figure with its name and what it is a part of."""
    value_html = element("dd", f"{value:,}", class_="bad" if is_bad else None)
    return element("div", element("dt", name), value_html, element("dd", note, class_="note"))


def _latency(stages: Sequence[StageLatency]) -> Markup | None:
    if not stages:
        return None
    longest = max(stage.p95_ms for stage in stages) or 1.0
    rows = [
        (
            element("span", element("i", class_=f"stage {stage.stage}"), stage.stage, class_="stage-name"),
            milliseconds(stage.median_ms),
            milliseconds(stage.p95_ms),
            element(
                "span",
                element("span", class_=f"stage {stage.stage}", style=f"width:{100 * stage.p95_ms / longest:.1f}%"),
                element("b", style=f"left:{100 * stage.median_ms / longest:.1f}%"),
                class_="track",
                aria_hidden="true",
            ),
        )
        for stage in stages
    ]
    return render_table(
        "Time to an answer", ("Stage", "Median", "95th percentile", "p95 as a bar, | at the median"), rows
    )


def _models(models: Sequence[ModelCost]) -> Markup | None:
    rows = [
        (
            model.model,
            f"{model.answers:,}",
            f"{model.input_tokens:,}",
            f"{model.output_tokens:,}",
            cost(model.cost_usd) if model.unpriced < model.answers else "unknown",
            f"{model.unpriced:,}" if model.unpriced else "",
        )
        for model in models
    ]
    columns = ("Model", "Answers", "Tokens in", "Tokens out", "Cost", "Without a price")
    return render_table("Models", columns, rows) if rows else None


def _errors(figures: Overview) -> Markup | None:
    rows = [(element("code", code), f"{count:,}") for code, count in sorted(figures.error_codes.items())]
    return render_table("Failures by code", ("Code", "Jobs"), rows) if rows else None


def _choice(name: str, label: str, options: dict[str, str], chosen: str) -> Markup:
    items = [element("option", words, value=value, selected=value == chosen) for value, words in options.items()]
    return element("select", items, name=name, aria_label=label)


def render_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Child]], empty: str = "") -> Markup:
    """Return a titled table that scrolls in itself; `empty` is said where there are no rows."""
    body = [element("tr", [element("td", cell) for cell in row]) for row in rows]
    if not body and empty:
        return element("section", element("h2", title), element("p", empty, class_="rail-empty"))
    head = element("tr", [element("th", column, scope="col") for column in columns])
    table = element("table", element("thead", head), element("tbody", body))
    frame = element("div", table, class_="list", tabindex=0, role="region", aria_label=title)
    return element("section", element("h2", title), frame)
