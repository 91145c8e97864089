"""A person's own page: how they want to be answered, what is kept about them as a file, and forgetting it.

The settings are the same as in Slack's Home tab; each line says where it counts.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import ValidationError

from assistant.errors import RequestInvalid
from assistant.manner import LANGUAGES, TONES
from assistant.mentions import LOCAL_TENANT, Person
from assistant.preferences import MAX_SIGNATURE_CHARS, PersonSettings
from bot.platforms.web import my_mail
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.markup import Child, element
from bot.platforms.web.plain_page import plain_page
from bot.platforms.web.session import SignIn

log = structlog.get_logger()

ADDRESS: Final = "/settings"
AS_ASKED: Final = ""  # the choice that leaves the language to the question


def build_routes(deps: WebDependencies, sign_in: SignIn) -> APIRouter:
    """Return the page's routes; each of them is about who is signed in, and nobody else."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    async def show(request: Request, saved: bool = False) -> Response:
        person = await asyncio.to_thread(sign_in.person, request)
        if person is None:
            return RedirectResponse(f"/sign-in?next={ADDRESS}", status_code=303)
        settings = await asyncio.to_thread(deps.preferences.person, LOCAL_TENANT, person.id)
        return HTMLResponse(settings_page(person, settings, saved=saved))

    @router.post(ADDRESS)
    async def save(
        request: Request,
        language: Annotated[str, Form()] = AS_ASKED,
        tone: Annotated[str, Form()] = "neutral",
        signature: Annotated[str, Form()] = "",
        private_answers: Annotated[bool, Form()] = False,
        tell_when_done: Annotated[bool, Form()] = False,
    ) -> Response:
        person = await sign_in.required(request)
        values = {
            "language": language or None,
            "tone": tone,
            "signature": " ".join(signature.split()),
            "private_answers": private_answers,
            "tell_when_done": tell_when_done,
        }
        try:
            settings = PersonSettings.model_validate(values)
        except ValidationError as error:
            raise RequestInvalid(
                f"settings with {error.error_count()} mistakes", reply="That can't be kept: a value is not offered."
            ) from error
        await asyncio.to_thread(deps.preferences.save_person, LOCAL_TENANT, person.id, settings)
        return RedirectResponse(f"{ADDRESS}?saved=true", status_code=303)

    @router.get(f"{ADDRESS}/my-data")
    async def export(request: Request) -> Response:
        person = await sign_in.required(request)
        kept = await asyncio.to_thread(deps.person_data.export, LOCAL_TENANT, person.id)
        headers = {"Content-Disposition": 'attachment; filename="steward-export.json"', "Cache-Control": "no-store"}
        content = json.dumps(kept, ensure_ascii=False, indent=1)
        return Response(content, media_type="application/json", headers=headers)

    @router.post(f"{ADDRESS}/forget")
    async def forget(request: Request, sure: Annotated[bool, Form()] = False) -> Response:
        person = await sign_in.required(request)
        if not sure:
            raise RequestInvalid("forget without a tick", reply="Tick the box first: forgetting can't be undone.")
        count = await asyncio.to_thread(deps.person_data.forget, LOCAL_TENANT, person.id)
        log.info("person.forgotten", questions=count)
        return HTMLResponse(forgotten_page(count))

    return router


def settings_page(person: Person, settings: PersonSettings, *, saved: bool) -> str:
    """Return the page, filled in with what holds now."""
    form = element(
        "form",
        _select(
            "language",
            "Language of answers to you alone",
            {AS_ASKED: "As the question", **LANGUAGES},
            settings.language or AS_ASKED,
        ),
        _select("tone", "Tone of answers to you alone", TONES, settings.tone),
        element(
            "p",
            "Language and tone count where a language model writes. Quotes stay as the documents have them.",
        ),
        _line("signature", "Name under e-mail drafts (empty: your name)", settings.signature),
        _box(
            "private_answers", "In Slack: answer me privately, also when I ask in a channel", settings.private_answers
        ),
        _box(
            "tell_when_done",
            "In Slack: tell me when work that took longer than a minute is done",
            settings.tell_when_done,
        ),
        element("p", element("button", "Save", type="submit", class_="primary")),
        method="post",
        action=ADDRESS,
        class_="settings",
    )
    mail = element("p", element("a", "Your mailbox: connect it, or forget it", href=my_mail.ADDRESS))
    data = element(
        "section",
        element("h2", "Your data"),
        element("p", "Your questions on all platforms, my answers with their receipts, your feedback and settings."),
        element("p", element("a", "Download all of it", href=f"{ADDRESS}/my-data", class_="button", download=True)),
        element(
            "form",
            _box("sure", "Forget me: delete all of it, here, in Slack and in Teams. It can't be undone.", False),
            element("p", element("button", "Forget me", type="submit", class_="danger")),
            method="post",
            action=f"{ADDRESS}/forget",
            class_="settings",
        ),
    )
    note = element("p", "Saved.", role="status") if saved else None
    back = element("p", element("a", "Back to your conversations", href="/"))
    return plain_page("Your settings", element("p", person.name or person.id), note, form, mail, data, back)


def forgotten_page(count: int) -> str:
    """Return what is said once nothing is kept any more."""
    words = f"{count} question{'' if count == 1 else 's'} with everything about them, and your settings, are deleted."
    back = element("p", element("a", "Begin anew", href="/", class_="button"))
    return plain_page("Forgotten", element("p", words), back)


def _select(name: str, label: str, options: Mapping[str, str], chosen: str) -> Markup:
    listed = [element("option", words, value=value, selected=value == chosen) for value, words in options.items()]
    return _field(label, element("select", listed, name=name))


def _line(name: str, label: str, value: str) -> Markup:
    return _field(
        label,
        element("input", type="text", name=name, value=value, maxlength=MAX_SIGNATURE_CHARS, autocomplete="name"),
    )


def _box(name: str, label: str, ticked: bool) -> Markup:
    box = element("input", type="checkbox", name=name, value="true", checked=ticked)
    return element("label", box, element("span", label), class_="tick")


def _field(label: str, control: Child) -> Markup:
    return element("label", element("span", label), control, class_="field")
