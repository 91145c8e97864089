"""The company's people: who they are on a platform, what they may run and read. The directory fills it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from assistant.frozen import Frozen
from assistant.mentions import Person
from assistant.storage.database import reading, writing
from assistant.storage.statements import Statement, json_of


class PersonProfile(Frozen):
    """A person with what the directory says beside groups; `sign_in`: offered on the demo's sign-in page."""

    person: Person
    title: str | None = None
    team: str | None = None
    office: str | None = None
    sign_in: bool = False


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
        return _profile(row) if row else None

    def by_email(self, tenant: str, email: str) -> Person | None:
        """Return the person of this address; case does not matter."""
        with reading(self._engine) as connection:
            row = _BY_EMAIL(connection, tenant=tenant, email=email.strip().lower()).mappings().first()
        return _profile(row).person if row else None

    def everyone(self, tenant: str) -> list[PersonProfile]:
        """Return all people of the tenant, by name."""
        with reading(self._engine) as connection:
            return [_profile(row) for row in _ALL(connection, tenant=tenant).mappings()]

    def sign_in_people(self, tenant: str) -> list[PersonProfile]:
        """Return those the demo's sign-in page offers, by name."""
        return [profile for profile in self.everyone(tenant) if profile.sign_in]

    def upsert_all(self, tenant: str, people: Iterable[PersonProfile]) -> None:
        """Write these people; those not named stay as they are."""
        with writing(self._engine) as connection:
            _PUT.many(connection, [_row(tenant, profile) for profile in people])


def _row(tenant: str, profile: PersonProfile) -> dict[str, Any]:
    person = profile.person
    return {
        "tenant": tenant,
        "person_id": person.id,
        "name": person.name or person.id,
        "email": person.email.strip().lower() if person.email else None,
        "role": person.role,
        "groups": json_of(person.groups),
        "profile": json_of(profile.model_dump(exclude={"person"})),
    }


class _Rest(Frozen):
    title: str | None = None
    team: str | None = None
    office: str | None = None
    sign_in: bool = False


class _Groups(Frozen):
    groups: tuple[str, ...] = Field(default=())


def _profile(row: sa.RowMapping) -> PersonProfile:
    groups = _Groups.model_validate_json(f'{{"groups": {row["groups"]}}}').groups
    person = Person(id=row["id"], name=row["name"], email=row["email"], role=row["role"], groups=groups)
    return PersonProfile(person=person, **_Rest.model_validate_json(row["profile"]).model_dump())
