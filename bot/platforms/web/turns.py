"""One turn of a conversation as HTML: the question, the steps on the way, the answer and what can be done with it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from markupsafe import Markup

from assistant.errors import StewardError
from assistant.job_kinds import JOB_KINDS
from assistant.jobs import JobStatus
from assistant.mentions import Attachment, Person
from assistant.replies import Reply
from assistant.storage.job_views import JobView
from bot.platforms.web.buttons import tool
from bot.platforms.web.icons import LOGO, icon
from bot.platforms.web.markup import element, join
from bot.platforms.web.receipt import render_receipt
from bot.platforms.web.render import render_partial, render_reply, size_words

STOPPED: Final = "Stopped, as you asked."
_GOOD: Final = (JobStatus.SUCCEEDED, JobStatus.WAITING)


def render_question(view: JobView, asker: Person) -> Markup:
    """Return what the asker said, with the files that came with it."""
    files = (
        element("div", [_attached(item) for item in view.attachments], class_="files") if view.attachments else None
    )
    text = element("p", view.question) if view.question else None
    head = _head(asker.name or asker.id, view.created_at)
    body = element("div", head, element("div", text, class_="said"), files, class_="message-body")
    return element("div", avatar(asker), body, class_="message asked")


def render_progress(view: JobView) -> Markup:
    """Return what stands where the answer will be: the steps so far, the growing text, and Stop."""
    stop_label = "Stopping…" if view.cancel_requested else "Stop"
    stop = element(
        "button",
        icon("stop"),
        stop_label,
        type="button",
        class_="quiet stop",
        data_act="stop",
        disabled=view.cancel_requested,
    )
    growing = render_partial(view.partial) if view.partial else None
    return _answer_frame(element("div", _steps(view), growing, stop, class_="progress"), view.created_at)


def render_answer_of(view: JobView) -> Markup:
    """Return the final word on a question."""
    if view.status in _GOOD and view.reply is not None:
        return _answer_frame(render_reply(view.reply, view.id), view.finished_at or view.created_at)
    is_stopped = view.status is JobStatus.CANCELLED
    said = _text_of(view.reply) or view.error_reply or (STOPPED if is_stopped else StewardError.default_reply)
    level = "info" if is_stopped else "error"
    body = render_reply(view.reply, view.id) if view.reply and view.reply.blocks else _notice(level, said)
    reference = None
    if not is_stopped and str(view.id) not in body:
        words = "If it happens again, tell an operator this job: "
        reference = element("p", words, element("code", str(view.id)), class_="reference")
    return _answer_frame(join([body, reference]), view.finished_at or view.created_at)


def render_toolbar(view: JobView, verdict: str | None) -> Markup | None:
    """Return the thumbs (with the one given pressed), copy and retry; None while the job runs."""
    if not view.status.is_answered:
        return None
    thumbs: list[Markup] = []
    if view.status in _GOOD:
        thumbs = [_thumb("up", "Good answer", verdict), _thumb("down", "Something is wrong with it", verdict)]
    if view.status not in _GOOD:
        again = element("button", icon("retry"), "Ask again", type="button", class_="quiet", data_act="retry")
        return element("div", again, class_="toolbar")
    copy = tool("copy", "Copy the answer", "copy-answer") if view.result else None
    said = {"up": "Thank you.", "down": "Noted, thank you."}.get(verdict or "", "")
    words = element("span", said, class_="thanks") if said else None
    return element("div", thumbs, copy, tool("retry", "Ask again", "retry"), words, class_="toolbar")


def render_receipt_of(view: JobView) -> Markup | None:
    """Return the receipt of a finished job that has one."""
    return render_receipt(view.id, view.result, view.steps) if view.result else None


def avatar(person: Person) -> Markup:
    """Return the person's initials in a circle; the name beside it carries the words."""
    words = [word for word in (person.name or person.id).replace(".", " ").split() if word]
    initials = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
    tint = sum(map(ord, person.id)) % 6
    return element("span", initials, class_=f"avatar tint-{tint}", aria_hidden="true")


def progress_words(view: JobView) -> str:
    """Return where a running job stands, in a line: what the last step says, or its place in the queue."""
    if view.status is JobStatus.QUEUED:
        ahead = view.position or 0
        return "Waiting for a worker, next in line" if ahead == 0 else f"Queued at place {ahead + 1}"
    return _sentence(view.steps[-1].text) if view.steps else "Started"


def announcement(view: JobView) -> str:
    """Return what a screen reader hears of a job: the step, or that the answer is there."""
    if not view.status.is_answered:
        return progress_words(view)
    if view.status is JobStatus.CANCELLED:
        return "Stopped."
    if view.status is JobStatus.FAILED:
        return f"It failed. {_text_of(view.reply) or view.error_reply or ''}"
    sources = len({c.document_id for claim in view.result.claims for c in claim.citations}) if view.result else 0
    from_where = f" from {sources} document{'s' if sources != 1 else ''}" if sources else ""
    return f"The answer is there{from_where}. {_text_of(view.reply)}"


def _text_of(reply: Reply | None) -> str:
    return reply.text if reply else ""


def _steps(view: JobView) -> Markup:
    done = [] if view.status is JobStatus.QUEUED else view.steps[:-1]
    items = [element("li", icon("check"), element("span", _sentence(step.text)), class_="done") for step in done]
    now = element("li", element("span", class_="spinner", aria_hidden="true"), progress_words(view), class_="now")
    return element("ol", items, now, class_="steps", aria_label="Progress")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _answer_frame(body: Markup, at: datetime) -> Markup:
    logo = element("span", LOGO, class_="avatar steward", aria_hidden="true")
    return element(
        "div", logo, element("div", _head("Steward", at), body, class_="message-body"), class_="message answered"
    )


def _head(name: str, at: datetime) -> Markup:
    time = element("time", f"{at:%Y-%m-%d %H:%M} UTC", datetime=at.isoformat(), data_local=True)
    return element("p", element("strong", name), time, class_="message-head")


def _notice(level: str, text: str) -> Markup:
    return element(
        "p", icon("warning" if level == "error" else "info"), element("span", text), class_=f"notice {level}"
    )


def _attached(item: Attachment) -> Markup:
    return element(
        "span", icon("file"), element("span", item.name), element("small", size_words(item.size_bytes)), class_="chip"
    )


def _thumb(verdict: str, label: str, given: str | None) -> Markup:
    return tool(verdict, label, f"thumb-{verdict}", aria_pressed="true" if given == verdict else "false")


def kind_title(kind: str) -> str:
    """Return the job kind's title for people; an unknown kind by its own name."""
    return JOB_KINDS[kind].title if kind in JOB_KINDS else kind
