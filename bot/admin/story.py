"""One job's whole story as HTML: the question, what was said, the receipt, and what operators alone may read."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from assistant.storage.job_views import JobView
from assistant.storage.quality_store import FeedbackLine
from bot.admin.figures import time_of
from bot.platforms.web.icons import icon
from bot.platforms.web.markup import element, join
from bot.platforms.web.receipt import milliseconds, render_receipt
from bot.platforms.web.render import citations_of, render_reply
from bot.platforms.web.turns import kind_title


def render_story(view: JobView, verdicts: Sequence[FeedbackLine]) -> Markup:
    """Return everything stored about one job, in the order it happened."""
    receipt = render_receipt(view.id, view.result, view.steps, is_open=True) if view.result else None
    return join(
        [
            element(
                "section",
                element("h2", "Question"),
                element("p", view.question or "(a file)", class_="said-plain"),
                _files(view),
            ),
            element("section", element("h2", "What happened"), _facts(view), _failure(view)),
            _answer(view),
            _quotes(view),
            element("section", receipt) if receipt else _steps(view),
            _calls(view),
            _feedback(verdicts),
        ]
    )


def _facts(view: JobView) -> Markup:
    rows: list[tuple[str, Markup | str | None]] = [
        ("Job", element("code", str(view.id))),
        ("Kind", kind_title(view.kind)),
        ("State", view.status.value.replace("_", " ")),
        ("Asked by", view.asker_id),
        ("On", f"{view.conversation.platform.value}, lane {view.lane}"),
        ("Asked", time_of(view.created_at)),
        ("Started", time_of(view.started_at) if view.started_at else None),
        ("Finished", time_of(view.finished_at) if view.finished_at else None),
        ("Delivered", time_of(view.delivered_at) if view.delivered_at else None),
        ("Attempts", f"{view.attempt}" + (f", {view.worker_deaths} workers died" if view.worker_deaths else "")),
        ("Worker", view.owner),
    ]
    return element(
        "dl",
        [element("div", element("dt", name), element("dd", value)) for name, value in rows if value],
        class_="facts",
    )


def _failure(view: JobView) -> Markup | None:
    if not view.error_message:
        return None
    words = element("span", element("strong", view.error_code or "error"), ": ", view.error_message)
    return element("p", icon("warning"), words, class_="notice error")


def _answer(view: JobView) -> Markup | None:
    if view.reply is None:
        return None
    return element(
        "section",
        element("h2", "What was said"),
        element("div", render_reply(view.reply, view.id), class_="story-answer"),
    )


def _quotes(view: JobView) -> Markup | None:
    citations = citations_of(view.reply) if view.reply else {}
    items = [
        element(
            "li",
            element("p", f"[{item.number}] {item.title}", f" › {item.section}" if item.section else ""),
            element("blockquote", item.quote),
            element("p", element("code", item.document), " ", element("code", item.chunk_id), class_="reference"),
        )
        for item in citations.values()
    ]
    return element("section", element("h2", "Quoted"), element("ol", items, class_="quotes")) if items else None


def _files(view: JobView) -> Markup | None:
    if not view.attachments:
        return None
    return element(
        "ul",
        [element("li", f"{item.name} ({item.media_type}, {item.size_bytes:,} bytes)") for item in view.attachments],
    )


def _steps(view: JobView) -> Markup:
    items = [element("li", time_of(step.at), " ", step.text) for step in view.steps]
    return element("section", element("h2", "Steps"), element("ol", items))


def _calls(view: JobView) -> Markup | None:
    if view.result is None or not view.result.receipt.calls:
        return None
    head = element("tr", [element("th", name, scope="col") for name in ("At", "Call", "Took", "Tokens", "Detail")])
    rows = [
        element(
            "tr",
            element("td", f"+{milliseconds(call.at_ms)}"),
            element(
                "td",
                f"{call.type}: {call.name}",
                None if call.ok else element("span", " failed", class_="outcome bad"),
            ),
            element("td", milliseconds(call.took_ms)),
            element("td", f"{call.input_tokens:,} / {call.output_tokens:,}" if call.type == "model" else ""),
            element("td", call.detail),
        )
        for call in view.result.receipt.calls
    ]
    table = element("table", element("thead", head), element("tbody", rows))
    return element(
        "section",
        element("h2", "Calls"),
        element("div", table, class_="list", tabindex=0, role="region", aria_label="Calls"),
    )


def _feedback(verdicts: Sequence[FeedbackLine]) -> Markup | None:
    items = [
        element(
            "li",
            icon(line.verdict),
            element(
                "span",
                line.person,
                f": {(line.reason or line.verdict).replace('_', ' ')}",
                f". {line.correction}" if line.correction else "",
            ),
        )
        for line in verdicts
    ]
    return element("section", element("h2", "Feedback"), element("ul", items, class_="verdicts")) if items else None
