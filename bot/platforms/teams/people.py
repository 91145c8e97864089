"""Who asks, and who reads along: Teams' people against the company's directory.

A Teams account is known by its directory id; its groups and role come from our directory, by that id or by the
e-mail that the conversation's roster gives. Guests and people of other tenants are outsiders: with one in the
conversation, only public documents may be quoted. What the roster could not tell in time counts as "with
outsiders": an answer from fewer documents can be asked again, a leaked one can't be taken back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError

from assistant.errors import StewardError
from assistant.mentions import LOCAL_TENANT, Audience, Person
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.time_zones import zone_of_profile
from bot.platforms.teams.client import ConnectorClient
from bot.platforms.teams.parse import person_id_of, reference_of, tenant_of, zone_of
from bot.platforms.teams.wire import Account, TeamsActivity, text_at

log = structlog.get_logger()

KEPT_SECONDS = 600.0  # a person's groups, and who is in a conversation, are looked up again after this
KEPT_AT_MOST = 20_000
PATIENCE_SECONDS = 4.0  # of the 15 s after which Teams sends an activity again
MEMBERS_AT_MOST = 1_000  # a larger conversation has guests, for all we know
COMPARED_AT_MOST = 50  # up to so many people, what all of them may read is found out
OUTSIDE_ROLES = ("guest", "anonymous")


@dataclass(frozen=True, slots=True)
class Known:
    """A Teams account: the person of the directory they are, and whether they belong to the company."""

    person: Person
    is_outsider: bool


@dataclass(frozen=True, slots=True)
class Readers:
    """Who will read an answer, and what all of them may read."""

    audience: Audience
    groups: tuple[str, ...] = ()


class TeamsDirectory:
    """Looks people and conversations up, and remembers them for a while."""

    def __init__(
        self,
        client: ConnectorClient,
        people: PeopleStore,
        *,
        is_local: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._people = people
        self._is_local = is_local
        self._clock = clock
        self._persons: dict[tuple[str, str], tuple[float, Known]] = {}
        self._readers: dict[str, tuple[float, Readers]] = {}

    async def known(self, activity: TeamsActivity) -> Known:
        """Return who sent the activity.

        When the roster can't say in time: as the directory had them last, else an outsider without groups.

        Raises:
            RequestInvalid: the activity names no sender.
            DependencyUnavailable: the database can't be read.
        """
        key = (tenant_of(activity), person_id_of(activity))
        kept = self._persons.get(key)
        if kept and self._clock() - kept[0] < KEPT_SECONDS:
            return kept[1]
        found = await self._look_up(activity, *key)
        if found is None:
            return Known(Person(id=key[1], name=_name(activity.sender)), is_outsider=not self._is_local)
        _keep(self._persons, key, (self._clock(), found))
        return found

    async def readers(self, activity: TeamsActivity, asker: Known) -> Readers:
        """Return who will read the answer to this activity."""
        if asker.is_outsider:
            return Readers(Audience.OUTSIDERS)
        if activity.kind == "personal":
            return Readers(Audience.ASKER)
        if text_at(activity.channel_data, "channel", "type") == "shared":
            return Readers(Audience.OUTSIDERS)
        conversation = activity.conversation.id.partition(";")[0]
        kept = self._readers.get(conversation)
        if kept and self._clock() - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._look_at_roster(activity)
        except (TimeoutError, StewardError) as error:
            log.warning("teams.roster_unknown", error=type(error).__name__)
            return Readers(Audience.CHANNEL) if self._is_local else Readers(Audience.OUTSIDERS)
        _keep(self._readers, conversation, (self._clock(), found))
        return found

    async def zone(self, activity: TeamsActivity) -> tzinfo:
        """Return what the sender's clock shows: as their client tells, else as the directory does, else UTC."""
        if told := zone_of(activity):
            return told
        profile = await asyncio.to_thread(self._people.profile, tenant_of(activity), person_id_of(activity))
        return zone_of_profile(profile.profile if profile else {})

    def membership_changed(self, conversation_id: str) -> None:
        """Forget who is in the conversation."""
        self._readers.pop(conversation_id.partition(";")[0], None)

    # -------------------------------------------------------------- asking
    async def _look_up(self, activity: TeamsActivity, tenant: str, person_id: str) -> Known | None:
        written = await asyncio.to_thread(self._people.profile, tenant, person_id)
        if written is not None and "teams" not in written.profile:  # the directory itself speaks of this id
            return Known(written.person, is_outsider=False)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                said = await self._client.member(reference_of(activity).place, activity.sender.id)
            account = Account.model_validate(said)
        except (TimeoutError, StewardError, ValidationError) as error:
            log.warning("teams.person_unknown", error=type(error).__name__)
            return Known(written.person, is_outsider=False) if written is not None else None
        is_outsider = is_outside(account, tenant)
        zone = zone_of(activity)
        told = zone.key if isinstance(zone, ZoneInfo) else ""  # an offset alone is another one in half a year
        person = await asyncio.to_thread(self._match, tenant, person_id, account, is_outsider, told)
        return Known(person, is_outsider)

    def _match(self, tenant: str, person_id: str, account: Account, is_outsider: bool, zone: str) -> Person:
        """Find the directory's person of this address, and write them down under their Teams id for intake."""
        email = None if is_outsider else (account.email or account.user_principal_name)
        found = None
        if email:
            found = self._people.by_email(tenant, email) or self._people.by_email(LOCAL_TENANT, email)
        person = Person(
            id=person_id,
            name=(found.name if found else None) or _name(account),
            email=email,
            role=found.role if found else "employee",
            groups=found.groups if found else (),
        )
        if not is_outsider:
            profile: dict[str, Any] = {
                "teams": account.id,
                **({"directory_id": found.id} if found else {}),
                **({"time_zone": zone} if zone else {}),  # of "since yesterday"
            }
            written = PersonProfile(**{**person.model_dump(), "profile": profile})
            self._people.upsert_all(tenant, [written])
        return person

    async def _look_at_roster(self, activity: TeamsActivity) -> Readers:
        members = await self._client.members(reference_of(activity).place, at_most=MEMBERS_AT_MOST)
        accounts = [_account(member) for member in members]
        tenant = tenant_of(activity)
        if not accounts or len(accounts) >= MEMBERS_AT_MOST:
            return Readers(Audience.OUTSIDERS)
        if any(account is None or is_outside(account, tenant) for account in accounts):
            return Readers(Audience.OUTSIDERS)
        ids = [account.aad_object_id for account in accounts if account is not None]
        return Readers(Audience.CHANNEL, await asyncio.to_thread(self._common_groups, tenant, ids))

    def _common_groups(self, tenant: str, ids: list[str | None]) -> tuple[str, ...]:
        if not ids or len(ids) > COMPARED_AT_MOST:
            return ()
        common: set[str] | None = None
        for person_id in ids:
            person = self._people.get(tenant, person_id) if person_id else None
            if person is None:
                return ()
            common = set(person.groups) if common is None else common & set(person.groups)
        return tuple(sorted(common or ()))


def is_outside(account: Account, tenant: str) -> bool:
    """Return whether a roster's account is a guest, is anonymous, or belongs to another tenant."""
    if (account.user_role or "").lower() in OUTSIDE_ROLES:
        return True
    return bool(account.tenant_id) and account.tenant_id != tenant


def _account(member: dict[str, Any]) -> Account | None:
    try:
        account = Account.model_validate(member)
    except ValidationError:
        return None
    if account.aad_object_id is None and isinstance(member.get("objectId"), str):  # rosters call it so
        return account.model_copy(update={"aad_object_id": member["objectId"]})
    return account


def _name(account: Account) -> str | None:
    return account.name[:255] if account.name else None


def _keep(where: dict[Any, Any], key: Any, value: Any) -> None:
    if len(where) >= KEPT_AT_MOST:
        where.clear()
    where[key] = value
