"""A person's mailbox on the web page: connect it, see what is connected, disconnect it.

Consent happens on the provider's own page. It is reached by a link and not by the form's answer, because the page's
policy lets forms go nowhere else.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from assistant.mail.accounts import TITLES, Channel
from assistant.mail_desk import CALLBACK, MailDesk
from assistant.mentions import LOCAL_TENANT, Person
from bot.platforms.web.markup import Child, element
from bot.platforms.web.plain_page import plain_page
from bot.platforms.web.session import SignIn

ADDRESS: Final = "/settings/mail"


def build_routes(desk: MailDesk, sign_in: SignIn) -> APIRouter:
    """Return the page's routes; each of them is about who is signed in, and nobody else."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    async def show(request: Request) -> Response:
        person = await asyncio.to_thread(sign_in.person, request)
        if person is None:
            return RedirectResponse(f"/sign-in?next={ADDRESS}", status_code=303)
        standing = await asyncio.to_thread(desk.standing, LOCAL_TENANT, person)
        return HTMLResponse(mail_page(person, desk.channels, standing))

    @router.post(ADDRESS)
    async def connect(
        request: Request, password: Annotated[str, Form()] = "", user: Annotated[str, Form()] = ""
    ) -> Response:
        person = await sign_in.required(request)
        await asyncio.to_thread(desk.connect_by_password, LOCAL_TENANT, person, password=password, user=user)
        return RedirectResponse(ADDRESS, status_code=303)

    @router.post(f"{ADDRESS}/consent")
    async def consent(request: Request, channel: Annotated[Channel, Form()]) -> Response:
        person = await sign_in.required(request)
        url = await asyncio.to_thread(desk.begin_consent, LOCAL_TENANT, person, channel)
        return HTMLResponse(consent_page(channel, url))

    @router.get(CALLBACK)
    async def callback(request: Request, state: str = "", code: str = "", error: str = "") -> Response:
        person = await sign_in.required(request)
        if error or not code:  # they said no, or their admin did
            return HTMLResponse(_nothing_connected())
        await asyncio.to_thread(desk.end_consent, LOCAL_TENANT, person, state=state, code=code)
        return RedirectResponse(ADDRESS, status_code=303)

    @router.post(f"{ADDRESS}/disconnect")
    async def disconnect(request: Request) -> Response:
        person = await sign_in.required(request)
        await asyncio.to_thread(desk.disconnect, LOCAL_TENANT, person)
        return RedirectResponse(ADDRESS, status_code=303)

    return router


def mail_page(person: Person, channels: dict[Channel, bool], standing: str | None) -> str:
    """Return the page: what is connected, or how it can be."""
    content: list[Child] = [element("p", person.name or person.id)]
    if standing:
        content += [
            element("p", f"Connected: {standing}.", role="status"),
            element(
                "p",
                "Steward saves a draft there when you press Save to Drafts, and looks for an e-mail when you ask "
                "for an answer to one that isn't in the conversation. Nothing else of it is read or kept.",
            ),
            _form(
                f"{ADDRESS}/disconnect", element("button", "Disconnect and forget", type="submit", class_="danger")
            ),
        ]
    elif not channels:
        content.append(element("p", "Mailboxes can't be connected here. Drafts can be downloaded as .eml."))
    for channel, by_consent in channels.items() if not standing else ():
        content.append(_by_consent(channel) if by_consent else _by_password(person))
    content.append(element("p", element("a", "Back to your settings", href="/settings")))
    return plain_page("Your mailbox", content)


def consent_page(channel: Channel, url: str) -> str:
    """Return the page with the link to the provider."""
    words = f"{TITLES[channel]} will ask you what Steward may do in your mailbox, and bring you back here."
    go = element("a", f"Go on to {TITLES[channel]}", href=url, class_="button", rel="noreferrer")
    return plain_page("Your mailbox", element("p", words), element("p", go), _back())


def _nothing_connected() -> str:
    return plain_page("Your mailbox", element("p", "Nothing was connected.", role="status"), _back())


def _by_consent(channel: Channel) -> Child:
    return _form(
        f"{ADDRESS}/consent",
        element("input", type="hidden", name="channel", value=channel),
        element("p", element("button", f"Connect {TITLES[channel]}", type="submit", class_="primary")),
    )


def _by_password(person: Person) -> Child:
    words = (
        f"Steward signs in as {person.email or 'nobody: the directory has no address of yours'}. The password is "
        "kept encrypted and used for your mailbox alone; an app password is better, where your server has them."
    )
    user = element("input", type="text", name="user", autocomplete="username", maxlength=255)
    password = element("input", type="password", name="password", autocomplete="current-password", required=True)
    return _form(
        ADDRESS,
        element("p", words),
        element("label", element("span", "Name for the log-in (empty: your address)"), user, class_="field"),
        element("label", element("span", "Password"), password, class_="field"),
        element("p", element("button", "Connect", type="submit", class_="primary")),
    )


def _form(action: str, *content: Child) -> Child:
    return element("form", *content, method="post", action=action, class_="settings")


def _back() -> Child:
    return element("p", element("a", "Back to your mailbox", href=ADDRESS))
