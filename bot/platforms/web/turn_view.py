"""One turn on an open page: the live elements, and what replaces what as its job moves on."""

from __future__ import annotations

from uuid import UUID

from markupsafe import Markup
from nicegui import ui

from assistant.mentions import Person
from assistant.storage.job_views import JobView
from bot.platforms.web.turns import (
    render_answer_of,
    render_progress,
    render_question,
    render_receipt_of,
    render_toolbar,
)


def trusted_html(markup: Markup | None, *, tag: str = "div") -> ui.html:
    """Return an element that holds our own markup as it is: everything in a Markup is escaped already."""
    return ui.html(str(markup or ""), sanitize=False, tag=tag)


class TurnView:
    """A question with its answer, inside the element that is open when it is made."""

    def __init__(self, view: JobView, asker: Person, *, verdict: str | None) -> None:
        self.view = view
        self.verdict = verdict
        with ui.element("article").classes("turn").props(f'data-job="{view.id}" aria-label="Question and answer"'):
            trusted_html(render_question(view, asker))
            self._answer = trusted_html(None).classes("answer")
            self._toolbar = trusted_html(None).classes("under-answer")
            self._receipt = trusted_html(None).classes("under-answer")
        self.show(view)

    @property
    def job_id(self) -> UUID:
        """The job this turn shows."""
        return self.view.id

    def show(self, view: JobView) -> None:
        """Show the job as it stands now."""
        self.view = view
        answer = render_answer_of(view) if view.status.is_answered else render_progress(view)
        self._answer.set_content(str(answer))
        self._receipt.set_content(str(render_receipt_of(view) or ""))
        self._show_toolbar()

    def show_verdict(self, verdict: str) -> None:
        """Show which thumb was given."""
        self.verdict = verdict
        self._show_toolbar()

    def _show_toolbar(self) -> None:
        self._toolbar.set_content(str(render_toolbar(self.view, self.verdict) or ""))
