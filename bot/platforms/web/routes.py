"""The page's plain HTTP routes: signing in and out, files up and down, the style sheet.

Unsafe methods are guarded against other sites in guard.py; here every route asks who it is, and what is theirs.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final
from urllib.parse import quote, unquote, urlsplit
from uuid import UUID

import structlog
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from assistant.errors import NothingFound, NotPermitted, RequestInvalid, StewardError
from assistant.mail.eml import MEDIA_TYPE
from assistant.mentions import LOCAL_TENANT, Attachment, Person
from bot.platforms.web import plain_page
from bot.platforms.web.dependencies import WebDependencies
from bot.platforms.web.render import files_of, size_words
from bot.platforms.web.session import SESSION_COOKIE, SESSION_SECONDS, SignIn
from bot.platforms.web.uploads import UploadTokens

log = structlog.get_logger()

MAX_NAME_CHARS: Final = 200
_HTTP_STATUS: Final[dict[type[StewardError], int]] = {RequestInvalid: 400, NotPermitted: 403, NothingFound: 404}


def build_routes(deps: WebDependencies, sign_in: SignIn, uploads: UploadTokens) -> APIRouter:
    """Return the routes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    async def choose_person(request: Request, next: str = "/") -> Response:
        if sign_in.way == "off":
            return HTMLResponse(plain_page.sign_in_off_page(), status_code=503)
        if sign_in.way == "header":
            return HTMLResponse(plain_page.not_signed_in_page(), status_code=403)
        people = await asyncio.to_thread(deps.people.sign_in_people, LOCAL_TENANT)
        return HTMLResponse(plain_page.sign_in_page(people, _own_path(next)))

    @router.post("/sign-in")
    async def sign_in_as(
        request: Request,
        person: Annotated[str, Form()],
        next: Annotated[str, Form()] = "/",
    ) -> Response:
        if sign_in.way != "demo":
            raise NotPermitted("sign-in by choice outside the demo")
        offered = await asyncio.to_thread(deps.people.sign_in_people, LOCAL_TENANT)
        chosen = next_person(offered_id=person, people=[profile.person for profile in offered])
        response = RedirectResponse(_own_path(next), status_code=303)
        response.set_cookie(
            SESSION_COOKIE,
            sign_in.cookie_for(chosen),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        sign_in.end(request)
        response = RedirectResponse("/sign-in", status_code=303)
        response.delete_cookie(SESSION_COOKIE)
        return response

    @router.post("/uploads")
    async def upload(request: Request) -> Response:
        person = await sign_in.required(request)
        name = unquote(request.headers.get("x-file-name", "")).replace("\\", "/").rpartition("/")[2][:MAX_NAME_CHARS]
        data = await _read_limited(request, name or "file", deps.settings.max_upload_bytes)
        sha256 = await asyncio.to_thread(deps.blobs.store, data)
        media_type = request.headers.get("content-type", "application/octet-stream").split(";")[0].strip()
        attachment = Attachment(
            name=name or "file", media_type=media_type, size_bytes=len(data), location=f"blob:{sha256}"
        )
        return JSONResponse({"token": uploads.token(person, attachment), "size": size_words(len(data))})

    @router.get("/files/{job_id}/{sha256}")
    async def download(request: Request, job_id: UUID, sha256: str) -> Response:
        person = await sign_in.required(request)
        view = await asyncio.to_thread(deps.jobs.view, job_id)
        if view.asker_id != person.id and person.role != "admin":
            raise NothingFound(f"job {job_id} is another person's")
        offered = files_of(view.reply).get(sha256) if view.reply else None
        if offered is None:
            raise NothingFound(f"job {job_id} offers no file {sha256[:16]}", reply="That file isn't kept any more.")
        data = await asyncio.to_thread(deps.blobs.load, sha256)
        # Always as a download of no type a browser would run: what is inside was made from other people's text.
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(offered.name)}"}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @router.get("/drafts/{draft_id}.eml")
    async def download_draft(request: Request, draft_id: str) -> Response:
        person = await sign_in.required(request)
        file = await asyncio.to_thread(deps.drafts.eml, draft_id, tenant=LOCAL_TENANT, person_id=person.id)
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}"}
        return Response(file.data, media_type=MEDIA_TYPE, headers=headers)

    return router


def next_person(*, offered_id: str, people: list[Person]) -> Person:
    """Return the person of that id among those that are offered.

    Raises:
        NothingFound: nobody offered has this id.
    """
    for person in people:
        if person.id == offered_id:
            return person
    raise NothingFound(f"sign-in as {offered_id!r}, who is not offered", reply="That person isn't in the demo.")


async def answer_error(request: Request, error: Exception) -> Response:
    """Return a StewardError of a web route as a page (to browsers' navigation) or as JSON (to scripts)."""
    assert isinstance(error, StewardError)
    status = next((code for kind, code in _HTTP_STATUS.items() if isinstance(error, kind)), 503)
    log.warning("web.request_refused", path=request.url.path, code=error.code, error=str(error))
    if "text/html" in request.headers.get("accept", ""):
        page = plain_page.trouble_page(error.reply)
        return HTMLResponse(page, status_code=status)
    return JSONResponse({"error": error.reply, "code": error.code}, status_code=status)


def _own_path(address: str) -> str:
    """Return the path of an address of ours; anything that leads elsewhere becomes the start page."""
    parts = urlsplit(address)
    is_own = (
        not parts.scheme and not parts.netloc and address.startswith("/") and not address.startswith(("//", "/\\"))
    )
    return address if is_own and address.isprintable() else "/"


async def _read_limited(request: Request, name: str, limit_bytes: int) -> bytes:
    """Read the body, and stop as soon as it is too long.

    Raises:
        RequestInvalid: the file is empty or larger than allowed.
    """
    too_large = RequestInvalid(
        f"upload over {limit_bytes} bytes",
        reply=f"{name} is too large: I take files up to {size_words(limit_bytes)}.",
    )
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit_bytes:
        raise too_large
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > limit_bytes:
            raise too_large
    if not data:
        raise RequestInvalid("empty upload", reply=f"{name} is empty, so there is nothing for me to read.")
    return bytes(data)
