"""The company's people: who they are on a platform, what they may run and read. The directory fills it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from pydantic import Field, TypeAdapter

from assistant.frozen import Frozen
from assistant.mentions import Person
from assistant.storage.database import reading, writing
from assistant.storage.statements import Statement, json_of


class PersonProfile(Frozen):
    """A person as the directory knows them; `profile` holds what else it says: title, team, office, sign_in."""

    id: str = Field(min_length=1, max_length=255)
    name: str | None = None
    email: str | None = None
    role: str = "employee"
    groups: tuple[str, ...] = ()
    profile: dict[str, Any] = Field(default_factory=dict)

    @property
    def person(self) -> Person:
        """Who asks, without the rest."""
        return Person(id=self.id, name=self.name, email=self.email, role=self.role, groups=self.groups)

    @property
    def title(self) -> str | None:
        """Their job's title."""
        return self._said("title")

    @property
    def team(self) -> str | None:
        """The team they are in."""
        return self._said("team")

    @property
    def office(self) -> str | None:
        """Where they work."""
        return self._said("office")

    @property
    def sign_in(self) -> bool:
        """Whether the demo's sign-in page offers them."""
        return self.profile.get("sign_in") is True

    def _said(self, name: str) -> str | None:
        value = self.profile.get(name)
        return None if value is None else str(value)


_GROUPS = TypeAdapter(tuple[str, ...])
_REST: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_COLUMNS = "id, name, email, role, @text(groups) AS groups, @text(profile) AS profile"
_GET = Statement(f"SELECT {_COLUMNS} FROM people WHERE tenant = :tenant AND id = :person_id")  # noqa: S608
_BY_EMAIL = Statement(
    f"SELECT {_COLUMNS} FROM people WHERE tenant = :tenant AND email = :email ORDER BY id LIMIT 1"  # noqa: S608
)
_ALL = Statement(f"SELECT {_COLUMNS} FROM people WHERE tenant = :tenant ORDER BY name, id")  # noqa: S608
_PUT = Statement(
    """
    INSERT INTO people (tenant, id, name, email, role, groups, profile, updated_at)
    VALUES (:tenant, :person_id, :name, :email, :role, @json(:groups), @json(:profile), @now)
    ON CONFLICT (tenant, id) DO UPDATE
    SET name = excluded.name, email = excluded.email, role = excluded.role, groups = excluded.groups,
        profile = excluded.profile, updated_at = excluded.updated_at
    """
)


class PeopleStore:
    """Who is who in a tenant."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, tenant: str, person_id: str) -> Person | None:
        """Return the person of this platform id, if the directory knows them."""
        profile = self.profile(tenant, person_id)
        return profile.person if profile else None

    def profile(self, tenant: str, person_id: str) -> PersonProfile | None:
        """Return the person with title, team and office."""
        with reading(self._engine) as connection:
            row = _GET(connection, tenant=tenant, person_id=person_id).mappings().first()
        return profile_of(row) if row else None

    def by_email(self, tenant: str, email: str) -> Person | None:
        """Return the person of this address; case does not matter."""
        with reading(self._engine) as connection:
            row = _BY_EMAIL(connection, tenant=tenant, email=email.strip().lower()).mappings().first()
        return profile_of(row).person if row else None

    def find(self, tenant: str, wanted: str) -> list[Person]:
        """Return who is meant by an id, an address or a name, case aside: the one of that id, else all that fit."""
        by_id = self.get(tenant, wanted)
        if by_id:
            return [by_id]
        asked = wanted.strip().lower()
        return [one.person for one in self.everybody(tenant) if asked in _names_of(one)]

    def everybody(self, tenant: str) -> list[PersonProfile]:
        """Return all people of the tenant, by name."""
        with reading(self._engine) as connection:
            return [profile_of(row) for row in _ALL(connection, tenant=tenant).mappings()]

    def sign_in_people(self, tenant: str) -> list[PersonProfile]:
        """Return those the demo's sign-in page offers, by name."""
        return [profile for profile in self.everybody(tenant) if profile.sign_in]

    def upsert_all(self, tenant: str, people: Iterable[PersonProfile]) -> None:
        """Write these people; those not named stay as they are."""
        with writing(self._engine) as connection:
            _PUT.many(connection, [_row(tenant, profile) for profile in people])


def _names_of(profile: PersonProfile) -> set[str]:
    names = {profile.id, profile.email or "", profile.name or "", (profile.name or "").split(" ")[0]}
    return {name.lower() for name in names if name}


def _row(tenant: str, profile: PersonProfile) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "person_id": profile.id,
        "name": profile.name or profile.id,
        "email": profile.email.strip().lower() if profile.email else None,
        "role": profile.role,
        "groups": json_of(profile.groups),
        "profile": json_of(profile.profile),
    }


def profile_of(row: sa.RowMapping) -> PersonProfile:
    """Return the person of a row with this table's columns, JSON as text."""
    return PersonProfile(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        role=row["role"],
        groups=_GROUPS.validate_json(row["groups"]),
        profile=_REST.validate_json(row["profile"]),
    )
