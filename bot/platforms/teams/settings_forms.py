"""Settings in Teams: a channel's or group chat's where the bot is mentioned, one's own in the chat with the bot.

Rights are looked at when somebody asks, when they open the form and when they save it: everybody in a channel sees
the button, and an owner may have been replaced in between. Teams does not tell bots who owns a team; owners are those
that the settings name, and administrators those of the company's directory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from assistant.errors import NotPermitted, RequestInvalid
from assistant.mentions import Platform
from assistant.preferences import CHANNEL_FIELDS, ChannelSettings
from assistant.storage.document_reader import DocumentReader
from assistant.storage.people_store import PeopleStore
from assistant.storage.preference_store import PreferenceStore
from bot.platforms.teams import settings_cards
from bot.platforms.teams.parse import conversation_of, tenant_of
from bot.platforms.teams.people import TeamsDirectory
from bot.platforms.teams.wire import TeamsActivity

log = structlog.get_logger()

SETTINGS_WORDS = frozenset({"settings", "einstellungen", "paramètres", "ajustes"})
SHOWN_CHANGES = 3
Json = dict[str, Any]


class SettingsForms:
    """Answers the word "settings", and acts on the forms' buttons."""

    def __init__(
        self,
        preferences: PreferenceStore,
        documents: DocumentReader,
        people: PeopleStore,
        directory: TeamsDirectory,
    ) -> None:
        self._preferences = preferences
        self._documents = documents
        self._people = people
        self._directory = directory

    async def answer(self, activity: TeamsActivity) -> Json:
        """Return the message for somebody who wrote "settings".

        Raises:
            NotPermitted: they may not change those of this channel.
        """
        if activity.kind == "personal":
            return {"type": "message", "summary": "Settings", "attachments": [await self._own_form(activity)]}
        await self._editable(activity)
        return settings_cards.invitation()

    async def press(self, activity: TeamsActivity, name: str, data: Mapping[str, Any]) -> str | Json:
        """Return the form, or say that what it brought is kept.

        Raises:
            NotPermitted: not theirs to change. RequestInvalid: a value is not offered, or it is another chat's form.
        """
        is_own = activity.kind == "personal"
        if name == settings_cards.OPEN:
            content: Json = (await (self._own_form if is_own else self._channel_form)(activity))["content"]
            return content
        if is_own != (name == settings_cards.PERSON_SAVED):
            raise RequestInvalid("settings sent elsewhere", reply="That form belongs to another conversation.")
        return await (self._save_own if is_own else self._save_channel)(activity, data)

    # -------------------------------------------------------------- a channel
    async def _channel_form(self, activity: TeamsActivity) -> Json:
        settings, _ = await self._editable(activity)
        spaces = await asyncio.to_thread(self._documents.spaces)
        place = conversation_of(activity)
        changes = await asyncio.to_thread(
            self._preferences.channel_changes, Platform.TEAMS, place.tenant, place.channel, SHOWN_CHANGES
        )
        named = {*settings.owners, *(change.changed_by for change in changes)}
        names = await asyncio.to_thread(self._names, place.tenant, named)
        return settings_cards.channel_card(settings, spaces=spaces, names=names, changes=changes)

    async def _save_channel(self, activity: TeamsActivity, data: Mapping[str, Any]) -> str:
        before, editor_id = await self._editable(activity)
        spaces = await asyncio.to_thread(self._documents.spaces)
        after = settings_cards.read_channel(data, before, spaces=spaces)
        place = conversation_of(activity)
        await asyncio.to_thread(
            lambda: self._preferences.save_channel(Platform.TEAMS, place.tenant, place.channel, after, by=editor_id)
        )
        changed = [words for name, words in CHANNEL_FIELDS.items() if getattr(after, name) != getattr(before, name)]
        log.info("channel.set", channel=place.channel)
        return f"Saved. Changed here: {', '.join(changed)}." if changed else "Nothing changed."

    async def _editable(self, activity: TeamsActivity) -> tuple[ChannelSettings, str]:
        """Return the settings of the channel, and the id of who may change them: who sent the activity."""
        place = conversation_of(activity)
        settings = await asyncio.to_thread(self._preferences.channel, Platform.TEAMS, place.tenant, place.channel)
        known = await self._directory.known(activity)
        may = known.person.id in settings.owners or known.person.role == "admin"
        if known.is_outsider or not may:
            raise NotPermitted("channel settings", reply="Only the channel's owners and administrators may do that.")
        return settings, known.person.id

    def _names(self, tenant: str, ids: Collection[str]) -> dict[str, str]:
        people = {person_id: self._people.get(tenant, person_id) for person_id in ids}
        return {person_id: (person.name if person else None) or person_id for person_id, person in people.items()}

    # -------------------------------------------------------------- one's own
    async def _own_form(self, activity: TeamsActivity) -> Json:
        person_id = (await self._directory.known(activity)).person.id
        settings = await asyncio.to_thread(self._preferences.person, tenant_of(activity), person_id)
        return settings_cards.person_card(settings)

    async def _save_own(self, activity: TeamsActivity, data: Mapping[str, Any]) -> str:
        tenant, person_id = tenant_of(activity), (await self._directory.known(activity)).person.id
        before = await asyncio.to_thread(self._preferences.person, tenant, person_id)
        after = settings_cards.read_person(data, before, now=datetime.now(UTC))
        await asyncio.to_thread(self._preferences.save_person, tenant, person_id, after)
        return "Your settings are saved. They hold wherever your account is known, on the web page too."
