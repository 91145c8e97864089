"""Who asks, and who reads along: Slack's people against the company's directory.

A Slack user becomes a person of the directory by e-mail; their groups and role come from there, never from Slack.
Guests and people of other companies are outsiders: in any conversation with one, only public documents may be
quoted. What Slack could not tell in time counts as "with outsiders": an answer from fewer documents can be asked
again, a leaked one can't be taken back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from typing import Any, Generic, TypeVar

import structlog

from assistant.errors import RequestInvalid, StewardError
from assistant.mentions import LOCAL_TENANT, Audience, Person, Platform
from assistant.preferences import ChannelSettings
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.preference_store import PreferenceStore
from bot.platforms.slack.client import SlackApi, call
from bot.platforms.slack.installations import Installations
from bot.platforms.slack.parse import Message, Workspace

log = structlog.get_logger()

KEPT_SECONDS = 600.0  # a person's groups, and who is a guest, are looked up again after this
PATIENCE_SECONDS = 1.2  # of the 3 s that Slack waits for the acknowledgement
GUEST_PAGES = 50  # users.list, 200 people a page
MEMBER_PAGES = 5  # conversations.members, 1,000 people a page; a larger channel has guests for all we know

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """A Slack user: the person of the directory they are, and whether they belong to the company."""

    person: Person
    is_outsider: bool
    is_admin: bool = False  # of the Slack workspace: may set channels up, and nothing else
    utc_offset_seconds: int = 0  # where they say they are

    @property
    def zone(self) -> tzinfo:
        """What their clock shows, just now."""
        return timezone(timedelta(seconds=self.utc_offset_seconds))


@dataclass(frozen=True, slots=True)
class Readers:
    """Who will read an answer, and what all of them may read."""

    audience: Audience
    groups: tuple[str, ...] = ()
    settings: ChannelSettings | None = None  # None: not a channel


class Kept(Generic[T]):
    """Values that are looked up again when they are old. Askers of the same value wait for one look-up."""

    def __init__(self, seconds: float = KEPT_SECONDS, most: int = 20_000) -> None:
        self._seconds = seconds
        self._most = most
        self._values: dict[Any, tuple[float, asyncio.Task[T]]] = {}

    async def get(self, key: Any, look_up: Callable[[], Awaitable[T]]) -> T:
        """Return the value, looked up at most once at a time; a failed look-up is not kept."""
        at, task = self._values.get(key, (0.0, None))
        if task is None or time.monotonic() - at > self._seconds or _has_failed(task):
            if len(self._values) >= self._most:
                self._values.clear()
            task = asyncio.ensure_future(_awaited(look_up))
            task.add_done_callback(_has_failed)  # a failure that nobody waits for any more is no news
            self._values[key] = (time.monotonic(), task)
        return await asyncio.shield(task)

    def forget(self, key: Any) -> None:
        """Look this value up again."""
        self._values.pop(key, None)


async def _awaited(look_up: Callable[[], Awaitable[T]]) -> T:
    return await look_up()


def _has_failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


class SlackDirectory:
    """Looks people and channels up, and remembers them for a while."""

    def __init__(
        self, api: SlackApi, installations: Installations, people: PeopleStore, preferences: PreferenceStore
    ) -> None:
        self._api = api
        self._installations = installations
        self._people = people
        self._preferences = preferences
        self._persons: Kept[Known] = Kept()
        self._guests: Kept[frozenset[str]] = Kept(3_600)
        self._channels: Kept[bool] = Kept()

    async def known(self, workspace: Workspace, user_id: str) -> Known:
        """Return who a Slack user is.

        When Slack can't say in time: as the directory had them last, else an outsider without groups.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._persons.get(
                    (workspace.team, user_id), lambda: self._look_up_person(workspace, user_id)
                )
        except (TimeoutError, StewardError) as error:
            log.warning("slack.person_unknown", team=workspace.team, error=type(error).__name__)
            last = await asyncio.to_thread(self._people.profile, workspace.team, user_id)
            if last is not None and "directory_id" in last.profile:
                return Known(last.person, is_outsider=False)
            return Known(Person(id=user_id), is_outsider=True)

    async def audience(self, workspace: Workspace, message: Message, asker: Known, *, is_shared: bool) -> Audience:
        """Return who will read the answer to this message, where it is asked."""
        if asker.is_outsider:
            return Audience.OUTSIDERS
        if message.is_direct:
            return Audience.ASKER
        if is_shared or await self._has_outsiders(workspace, message.channel):
            return Audience.OUTSIDERS
        return Audience.CHANNEL

    async def readers(self, workspace: Workspace, message: Message, asker: Known) -> Readers:
        """Return who will read the answer to this message, and what its channel's settings let them."""
        audience = await self.audience(workspace, message, asker, is_shared=False)
        if asker.is_outsider or message.is_direct:
            return Readers(audience)
        look = self._preferences.channel
        settings = await asyncio.to_thread(look, Platform.SLACK, workspace.team, message.channel)
        return Readers(audience, settings.groups if audience is Audience.CHANNEL else (), settings)

    async def is_member(self, workspace: Workspace, channel: str, user_id: str) -> bool:
        """Return whether the user is in the channel; False as well where Slack would not say, or it is too large."""
        try:
            async for members in self._members(workspace, channel):
                if user_id in members:
                    return True
        except StewardError as error:
            log.warning("slack.members_unknown", team=workspace.team, channel=channel, error=type(error).__name__)
        return False

    def membership_changed(self, workspace: Workspace, channel: str) -> None:
        """Forget who is in the channel."""
        self._channels.forget((workspace.team, channel))

    def person_changed(self, workspace: Workspace, user_id: str) -> None:
        """Forget what is known of this person, and who is a guest."""
        self._persons.forget((workspace.team, user_id))
        self._guests.forget(workspace.team)

    # -------------------------------------------------------------- asking Slack
    async def _look_up_person(self, workspace: Workspace, user_id: str) -> Known:
        bot = await self._installations.bot(workspace)
        said = await call(self._api.reading(bot.token).users_info(user=user_id))
        user = said.get("user") or {}
        profile = user.get("profile") or {}
        name = str(profile.get("display_name") or profile.get("real_name") or user.get("name") or "") or None
        email = str(profile.get("email") or "") or None
        is_outsider = is_outside(user, workspace)
        zone = str(user.get("tz") or "")
        person = await asyncio.to_thread(self._match, workspace, user_id, name, None if is_outsider else email, zone)
        is_admin = bool(user.get("is_admin") or user.get("is_owner"))
        return Known(person, is_outsider, is_admin=is_admin, utc_offset_seconds=int(user.get("tz_offset") or 0))

    def _match(self, workspace: Workspace, user_id: str, name: str | None, email: str | None, zone: str) -> Person:
        """Find the directory's person of this address, and write them down under their Slack id for intake."""
        found = self._people.by_email(LOCAL_TENANT, email) if email else None
        profile = PersonProfile(
            id=user_id,
            name=(found.name if found else None) or name,
            email=email,
            role=found.role if found else "employee",
            groups=found.groups if found else (),
            profile={
                **({"directory_id": found.id} if found else {}),
                **({"time_zone": zone} if zone else {}),  # of "since 10:00"
            },
        )
        self._people.upsert_all(workspace.team, [profile])
        return profile.person

    async def _has_outsiders(self, workspace: Workspace, channel: str) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._channels.get(
                    (workspace.team, channel), lambda: self._look_up_channel(workspace, channel)
                )
        except (TimeoutError, StewardError) as error:
            log.warning("slack.channel_unknown", team=workspace.team, channel=channel, error=type(error).__name__)
            return True

    async def _look_up_channel(self, workspace: Workspace, channel: str) -> bool:
        bot = await self._installations.bot(workspace)
        client = self._api.reading(bot.token)
        said = await call(client.conversations_info(channel=channel))
        facts = said.get("channel") or {}
        if any(facts.get(name) for name in ("is_ext_shared", "is_pending_ext_shared")):
            return True
        guests = await self._guests.get(workspace.team, lambda: self._look_up_guests(workspace))
        if not guests:
            return False
        try:
            async for members in self._members(workspace, channel):
                if guests.intersection(members):
                    return True
        except RequestInvalid:  # too large to look through: it has guests for all we know
            return True
        return False

    async def _members(self, workspace: Workspace, channel: str) -> AsyncIterator[list[str]]:
        """Yield the channel's members page by page.

        Raises:
            RequestInvalid: it is larger than we read; whoever asks must assume the worst.
        """
        bot = await self._installations.bot(workspace)
        client = self._api.reading(bot.token)
        cursor = ""
        for _ in range(MEMBER_PAGES):
            page = await call(client.conversations_members(channel=channel, limit=1_000, cursor=cursor or None))
            yield page.get("members") or []
            cursor = _next(page)
            if not cursor:
                return
        raise RequestInvalid(f"channel {channel} has more members than are read")

    async def _look_up_guests(self, workspace: Workspace) -> frozenset[str]:
        bot = await self._installations.bot(workspace)
        client = self._api.reading(bot.token)
        found: set[str] = set()
        cursor = ""
        for _ in range(GUEST_PAGES):
            page = await call(client.users_list(limit=200, cursor=cursor or None, team_id=bot.team_id))
            members = page.get("members") or ()
            found.update(str(user.get("id")) for user in members if is_outside(user, workspace))
            cursor = _next(page)
            if not cursor:
                break
        return frozenset(found)


def is_outside(user: dict[str, Any], workspace: Workspace) -> bool:
    """Return whether a user object is a guest's, or one of another company's; bots read nothing."""
    if user.get("is_restricted") or user.get("is_ultra_restricted") or user.get("is_stranger"):
        return True
    team, enterprise = user.get("team_id"), (user.get("enterprise_user") or {}).get("enterprise_id")
    if not team or team in (workspace.team, workspace.enterprise):
        return False
    return not (workspace.enterprise and enterprise == workspace.enterprise)


def _next(page: dict[str, Any]) -> str:
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")
