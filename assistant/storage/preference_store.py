"""Keeps what was set for channels and by people, and who changed a channel's settings when.

A person's settings are kept once for all the places where the directory knows them: under their directory id where
their platform account is matched to one, else under the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from assistant.mentions import LOCAL_TENANT, Person
from assistant.preferences import ChannelSettings, PersonSettings
from assistant.storage.database import reading, writing
from assistant.storage.people_store import profile_of
from assistant.storage.person_home import home_of
from assistant.storage.statements import Statement, json_of, json_text

_CHANNEL = Statement(
    """
    SELECT @text(settings) AS settings FROM channel_settings
    WHERE platform = :platform AND tenant = :tenant AND channel = :channel
    """
)
_PUT_CHANNEL = Statement(
    """
    INSERT INTO channel_settings (platform, tenant, channel, settings, updated_by, updated_at)
    VALUES (:platform, :tenant, :channel, @json(:settings), :changed_by, @now)
    ON CONFLICT (platform, tenant, channel) DO UPDATE
    SET settings = excluded.settings, updated_by = excluded.updated_by, updated_at = excluded.updated_at
    """
)
_PUT_CHANGE = Statement(
    """
    INSERT INTO channel_settings_changes (platform, tenant, channel, changed_by, changes, at)
    VALUES (:platform, :tenant, :channel, :changed_by, @json(:changes), @now)
    """
)
_CHANGES = Statement(
    """
    SELECT changed_by, @text(changes) AS changes, at FROM channel_settings_changes
    WHERE platform = :platform AND tenant = :tenant AND channel = :channel ORDER BY id DESC LIMIT :count
    """,
    returns="at",
)
# A person of the directory keeps one set of settings, under the directory's id, however many accounts they have.
_HOME = "nullif(@field(p.profile, directory_id), '')"
_SETTINGS_OF_PERSON = f"""
    LEFT JOIN person_settings s ON s.tenant = CASE WHEN {_HOME} IS NULL THEN :tenant ELSE :directory END
                               AND s.person_id = coalesce({_HOME}, :person_id)
"""
_ASKER = "LEFT JOIN people p ON p.tenant = :tenant AND p.id = :person_id"
_PERSON = Statement(
    f"SELECT @text(s.settings) AS settings FROM (SELECT 1) one {_ASKER} {_SETTINGS_OF_PERSON}"  # noqa: S608  as below
)
_FOR_MENTION = Statement(
    f"""
    SELECT @text(c.settings) AS of_channel, @text(s.settings) AS of_person,
           p.id, p.name, p.email, p.role, @text(p.groups) AS groups, @text(p.profile) AS profile
    FROM (SELECT 1) one
    LEFT JOIN channel_settings c ON c.platform = :platform AND c.tenant = :tenant AND c.channel = :channel
    {_ASKER} {_SETTINGS_OF_PERSON}
    """  # noqa: S608  the texts above, and nobody's input
)
_PUT_PERSON = Statement(
    """
    INSERT INTO person_settings (tenant, person_id, settings, updated_at)
    VALUES (:tenant, :person_id, @json(:settings), @now)
    ON CONFLICT (tenant, person_id) DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at
    """
)
_ANYTHING: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """One saving of a channel's settings: each changed field with its value before and after."""

    changed_by: str
    at: datetime
    changes: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for a question of one person in one channel, read in one look."""

    channel: ChannelSettings
    person: PersonSettings
    asker: Person | None  # as the directory knows them


class PreferenceStore:
    """Reads and writes both kinds of settings."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # -------------------------------------------------------------- channels
    def channel(self, platform: str, tenant: str, channel: str) -> ChannelSettings:
        """Return the channel's settings; the defaults when nobody changed them."""
        with reading(self._engine) as connection:
            return _channel(connection, {"platform": str(platform), "tenant": tenant, "channel": channel})

    def save_channel(self, platform: str, tenant: str, channel: str, settings: ChannelSettings, *, by: str) -> None:
        """Keep the channel's settings and, when something differs, who changed what."""
        place = {"platform": str(platform), "tenant": tenant, "channel": channel}
        with writing(self._engine) as connection:
            changes = _changes(_channel(connection, place), settings)
            _PUT_CHANNEL(connection, **place, settings=json_text(settings), changed_by=by)
            if changes:
                _PUT_CHANGE(connection, **place, changed_by=by, changes=json_of(changes))

    def channel_changes(self, platform: str, tenant: str, channel: str, limit: int = 20) -> list[SettingsChange]:
        """Return who changed the channel's settings, newest first."""
        with reading(self._engine) as connection:
            rows = _CHANGES(connection, platform=str(platform), tenant=tenant, channel=channel, count=limit).all()
        return [
            SettingsChange(
                row.changed_by, row.at, {k: (v[0], v[1]) for k, v in _ANYTHING.validate_json(row.changes).items()}
            )
            for row in rows
        ]

    # -------------------------------------------------------------- people
    def person(self, tenant: str, person_id: str) -> PersonSettings:
        """Return what this person set, here or on another platform; the defaults when nothing."""
        with reading(self._engine) as connection:
            kept = _PERSON(connection, tenant=tenant, person_id=person_id, directory=LOCAL_TENANT).scalar()
        return _person_settings(kept)

    def save_person(self, tenant: str, person_id: str, settings: PersonSettings) -> None:
        """Keep what this person wants, for all platforms where the directory knows them."""
        with writing(self._engine) as connection:
            home, own_id = home_of(connection, tenant, person_id)
            _PUT_PERSON(connection, tenant=home, person_id=own_id, settings=json_text(settings))

    # -------------------------------------------------------------- both
    def for_mention(self, platform: str, tenant: str, channel: str, asker_id: str) -> Standing:
        """Return what holds for a question: its channel's settings, its asker's, and who the directory says asks."""
        place = {"platform": str(platform), "tenant": tenant, "channel": channel}
        with reading(self._engine) as connection:
            row = _FOR_MENTION(connection, **place, person_id=asker_id, directory=LOCAL_TENANT).mappings().one()
        asker = profile_of(row).person if row["id"] is not None else None
        return Standing(_channel_settings(row["of_channel"]), _person_settings(row["of_person"]), asker)


def _channel(connection: sa.Connection, place: dict[str, str]) -> ChannelSettings:
    return _channel_settings(_CHANNEL(connection, **place).scalar())


def _channel_settings(kept: str | None) -> ChannelSettings:
    return ChannelSettings.model_validate_json(kept) if kept else ChannelSettings()


def _person_settings(kept: str | None) -> PersonSettings:
    return PersonSettings.model_validate_json(kept) if kept else PersonSettings()


def _changes(before: ChannelSettings, after: ChannelSettings) -> dict[str, tuple[Any, Any]]:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: (old[name], new[name]) for name in new if old[name] != new[name]}
