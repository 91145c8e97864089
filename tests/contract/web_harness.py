"""The web page, as the contract sees it: real pages of the real application, told what a browser would tell them."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
import sqlalchemy as sa
from bs4 import BeautifulSoup, Tag
from nicegui import Client, ui
from nicegui.events import GenericEventArguments
from nicegui.testing.general import nicegui_reset_globals

from assistant.mentions import LOCAL_TENANT
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from bot.main import make_app
from bot.platforms import PLATFORMS
from tests.contract.chat_harness import Shown, Where, Who

PATIENCE_SECONDS = 30.0
PEOPLE = {"ann": "ann", "bo": "bo"}
WEB = tuple(entry for entry in PLATFORMS if entry.name == "web")


class WebHarness:
    """Ann and Bo in one browser each. A "channel" is a second conversation: the page has nothing that others read."""

    name = "web"
    placeholder = "Waiting for a worker"
    splits_long_answers = False

    def __init__(self, browsers: dict[Who, httpx.AsyncClient], engine: sa.Engine, jobs: JobStore) -> None:
        self._browsers = browsers
        self._pages: dict[Where, Client] = {}
        self.engine, self.jobs = engine, jobs

    async def ask(self, text: str, *, where: Where = "private", event: str = "1", file: bytes | None = None) -> int:
        if where not in self._pages:
            self._pages[where] = await self._open("ann", "/")
        token = await self._upload(file) if file is not None else None
        draft = uuid5(NAMESPACE_URL, f"{where}/{event}").hex
        said = {"act": "send", "text": text, "kind": "", "draft": draft, "files": [token] if token else []}
        await _tell(self._pages[where], said)
        return 200

    async def edit(self, text: str, *, event: str = "1") -> int:
        """Ann does what stands in for an edit: she stops her question, and asks anew."""
        await self.press("stop", where="private")
        return await self.ask(text, event=f"{event}-anew")

    async def press(self, button: str, *, where: Where, by: Who = "ann") -> None:
        if button.startswith(("draft_", "minutes_", "watch", "stop_watch")):
            await self._press_action(button, where, by)
            return
        job = self._last_with(button, where)
        page = self._pages[where]
        if by != "ann":
            page = await self._open(by, f"/c/{self.jobs.view(job).conversation_id}")
        await _tell(page, {"act": button, "job": str(job)})

    async def _press_action(self, button: str, where: Where, by: Who) -> None:
        job, pressed = next(
            (job, found)
            for job, turn in reversed(self._turns(where).items())
            if isinstance(found := turn.find(attrs={"data-name": button}), Tag)
        )
        page = self._pages[where] if by == "ann" else await self._open(by, "/")
        value = str(pressed["data-value"])
        await _tell(page, {"act": "action", "job": str(job), "name": button, "value": value})

    async def judge(self, words: str, *, where: Where, by: Who = "ann") -> None:
        job = str(list(self._turns(where))[-1])
        await _tell(self._pages[where], {"act": "thumb-down", "job": job})
        await _tell(self._pages[where], {"act": "feedback", "job": job, "reason": "outdated", "text": words})

    async def settle(self) -> None:
        assert await self._until(self._is_up_to_date)

    async def progress(self, words: str, *, where: Where) -> bool:
        return await self._until(lambda: words.lower() in self.shown(where).text.lower())

    def shown(self, where: Where) -> Shown:
        turns = list(self._turns(where).values())
        answers = [_answer(turn).get_text("\n", strip=True) for turn in turns]
        buttons = [button for turn in turns for button in turn.find_all("button")]
        numbers = [button for button in buttons if button.get("data-act") == "cite"]
        return Shown(
            text="\n".join(answers),
            messages=len(list(filter(None, answers))),
            buttons=frozenset(str(button.get("data-name") or button.get("data-act")) for button in buttons),
            citations=frozenset(
                int(str(one["data-n"])) for one in numbers if f"Policy {one['data-n']}" in str(one["aria-label"])
            ),
            has_thumbs=any(button.get("data-act") == "thumb-down" for button in buttons),
        )

    # ------------------------------------------------------------------ inside
    async def _open(self, who: Who, path: str) -> Client:
        response = await self._browsers[who].get(path)
        found = re.search(r"'client_id': '([0-9a-f-]+)'", response.text)
        assert found, f"{path} answered {response.status_code}"
        return Client.instances[found.group(1)]

    async def _upload(self, data: bytes) -> str:
        headers = {"X-File-Name": quote("notes.vtt"), "Content-Type": "text/vtt"}
        response = await self._browsers["ann"].post("/uploads", content=data, headers=headers)
        return str(response.raise_for_status().json()["token"])

    def _turns(self, where: Where) -> dict[UUID, Tag]:
        """Return what stands on the page for each job, in the order of asking."""
        elements = list(self._pages[where].elements.values())
        return {UUID(str(one.props["data-job"])): _markup(one) for one in elements if "turn" in one.classes}

    def _last_with(self, button: str, where: Where) -> UUID:
        return [job for job, turn in self._turns(where).items() if turn.find(attrs={"data-act": button})][-1]

    def _is_up_to_date(self) -> bool:
        """Return whether every page shows an answer where the ledger has one, and nothing waits to be delivered."""
        with self.engine.connect() as connection:
            behind = connection.execute(sa.text("SELECT count(*) FROM outbox WHERE sent_revision < revision"))
            if behind.scalar_one():
                return False
        return all(
            (turn.find(attrs={"data-act": "stop"}) is None) == self.jobs.view(job).status.is_answered
            for where in self._pages
            for job, turn in self._turns(where).items()
        )

    async def _until(self, is_so: Callable[[], bool]) -> bool:
        for _ in range(int(PATIENCE_SECONDS / 0.02)):
            if is_so():
                return True
            await asyncio.sleep(0.02)
        return False


def _markup(element: ui.element) -> Tag:
    """Return the element's HTML, each of its parts in a div of the part's classes."""
    parts = [one for one in element if isinstance(one, ui.html)]
    inside = "".join(f'<div class="{" ".join(one.classes)}">{one.content}</div>' for one in parts)
    return BeautifulSoup(inside, "html.parser")


def _answer(turn: Tag) -> Tag:
    found = turn.select_one("div.answer")
    assert found is not None
    return found


async def _tell(page: Client, said: dict[str, Any]) -> None:
    """Hand the page an event as NiceGUI does when the browser sends one, and wait until it has been dealt with."""
    listeners = page.layout._event_listeners.values()
    [listener] = [one for one in listeners if one.type == "steward"]
    with page:
        await listener.handler(GenericEventArguments(sender=page.layout, client=page, args=said))  # type: ignore


@contextlib.asynccontextmanager
async def web(settings: Settings) -> AsyncIterator[WebHarness]:
    values = {"steward_data": settings.steward_data, "database_url": settings.database_url}
    connected = load_settings({}, **values, steward_sign_in="demo")
    engine = open_engine(connected.database)
    profiles = [
        PersonProfile(id=who, name=who.title(), groups=("staff",), profile={"sign_in": True})
        for who in PEOPLE.values()
    ]
    PeopleStore(engine).upsert_all(LOCAL_TENANT, profiles)
    with nicegui_reset_globals():
        app = make_app(connected, WEB)
        async with app.router.lifespan_context(app), contextlib.AsyncExitStack() as stack:
            browsers: dict[Who, httpx.AsyncClient] = {}
            for who, person in PEOPLE.items():
                transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))
                browser = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
                browsers[who] = await stack.enter_async_context(browser)
                await browser.post("/sign-in", data={"person": person}, headers={"Origin": "http://127.0.0.1"})
            yield WebHarness(browsers, engine, JobStore(engine, connected))
        Client.page_routes.clear()  # or NiceGUI forgets our modules together with our pages
    engine.dispose()
