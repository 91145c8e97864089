"""The operations pages' addresses, who may see them, and how often they look again.

Everything shown is read through assistant/storage/quality_store.py; the HTML is made in figures.py and story.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from nicegui import ui

from assistant.errors import NothingFound, StewardError
from assistant.mentions import Person
from bot.admin import figures, story
from bot.admin.minutes_figures import render_corrections
from bot.platforms.web import plain_page
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.icons import LOGO, icon
from bot.platforms.web.markup import element, join
from bot.platforms.web.session import SignIn
from bot.platforms.web.turn_view import trusted_html
from bot.platforms.web.turns import avatar
from bot.platforms.web.visitors import open_shell, visitor_of

LOOK_AGAIN_SECONDS: Final = 5.0
LIST_LENGTH: Final = 200
WINDOWS_DAYS: Final = (1, 7)
CORRECTIONS_DAYS: Final = 90  # minutes are corrected days after they were written, and few
ONLY_ADMINISTRATORS: Final = "The operations pages are for administrators. Ask one of them if you need a figure."
_PLACES: Final = (
    ("/admin", "Overview"),
    ("/admin/jobs", "Jobs"),
    ("/admin/documents", "Documents"),
    ("/admin/queue", "Queue"),
    ("/admin/feedback", "Feedback"),
)

Section = Callable[[], Markup]  # reads the database and renders; called in a thread


def build(deps: WebDependencies) -> None:
    """Add the pages to NiceGUI's application; bot.platforms.web.build mounts it."""
    sign_in = SignIn(deps.settings, deps.people)
    quality = deps.quality

    @ui.page("/admin", title="Operations · Steward")
    async def overview(request: Request, days: int = 1) -> Response | None:
        window = days if days in WINDOWS_DAYS else WINDOWS_DAYS[0]

        def section() -> Markup:
            since = datetime.now(UTC) - timedelta(days=window)
            return figures.render_overview(quality.overview(since), window, WINDOWS_DAYS)

        return await show(request, "Overview", section, live=True)

    @ui.page("/admin/jobs", title="Jobs · Steward")
    async def jobs(request: Request, kind: str = "", state: str = "", words: str = "") -> Response | None:
        def section() -> Markup:
            lines = quality.jobs(limit=LIST_LENGTH, kind=kind or None, state=state or None, words=words or None)
            return figures.render_jobs(lines, kind=kind, state=state, words=words)

        return await show(request, "Jobs", section)

    @ui.page("/admin/jobs/{job_id}", title="Job · Steward")
    async def job(request: Request, job_id: UUID) -> Response | None:
        def section() -> Markup:
            return story.render_story(quality.job(job_id), quality.feedback_on(job_id))

        return await show(request, "Job", section)

    @ui.page("/admin/documents", title="Documents · Steward")
    async def documents(request: Request) -> Response | None:
        return await show(request, "Documents", lambda: figures.render_documents(quality.documents()))

    @ui.page("/admin/queue", title="Queue · Steward")
    async def queue(request: Request) -> Response | None:
        def section() -> Markup:
            now = datetime.now(UTC)
            return figures.render_queue(quality.queue(), quality.workers(now=now), now)

        return await show(request, "Queue", section, live=True)

    @ui.page("/admin/feedback", title="Feedback · Steward")
    async def feedback(request: Request, verdict: str = "") -> Response | None:
        def section() -> Markup:
            lines = quality.feedback(limit=LIST_LENGTH, verdict=verdict or None)
            since = datetime.now(UTC) - timedelta(days=CORRECTIONS_DAYS)
            corrected = render_corrections(deps.minutes_quality.corrections(since), CORRECTIONS_DAYS)
            return join([corrected, figures.render_feedback(lines, verdict)])

        return await show(request, "Feedback", section)

    async def show(request: Request, title: str, section: Section, *, live: bool = False) -> Response | None:
        """Show one section to an administrator; anyone else gets a page that says why not."""
        visitor = await visitor_of(request, deps, sign_in)
        if isinstance(visitor, Response):
            return visitor
        person, _ = visitor
        if person.role != "admin":
            page = plain_page.forbidden_page(person, ONLY_ADMINISTRATORS)
            return HTMLResponse(page, status_code=403)
        try:
            content = await asyncio.to_thread(section)
        except NothingFound as error:
            return HTMLResponse(plain_page.trouble_page(error.reply), status_code=404)
        except StewardError as error:
            return HTMLResponse(plain_page.trouble_page(error.reply), status_code=503)
        open_shell()
        _lay_out(person, title, content, section if live else None)
        return None


def _lay_out(person: Person, title: str, content: Markup, live: Section | None) -> None:
    trusted_html(element("a", "Skip to the figures", href="#figures", class_="skip"))
    with ui.element("div").classes("admin"):
        trusted_html(_head(person, title), tag="header").classes("admin-head")
        with ui.element("main").props('id="figures" tabindex="-1"'):
            trusted_html(element("h1", title))
            figures_html = trusted_html(content).classes("figures")
    if live is None:
        return

    async def look_again() -> None:
        try:
            figures_html.set_content(str(await asyncio.to_thread(live)))
        except StewardError as error:
            figures_html.set_content(str(element("p", error.reply, class_="notice error")))

    ui.timer(LOOK_AGAIN_SECONDS, look_again, immediate=False)


def _head(person: Person, title: str) -> Markup:
    brand = element(
        "a", LOGO, element("span", "Steward"), href="/", class_="brand", aria_label="Steward, conversations"
    )
    links = [
        element("a", name, href=address, aria_current="page" if name == title else None) for address, name in _PLACES
    ]
    theme = element(
        "button",
        icon("auto"),
        type="button",
        class_="tool",
        id="theme",
        data_act="theme",
        aria_label="Theme",
        title="Theme",
    )
    who = element("span", avatar(person), element("strong", person.name or person.id), class_="admin-person")
    return Markup("").join([brand, element("nav", links, aria_label="Operations"), theme, who])
