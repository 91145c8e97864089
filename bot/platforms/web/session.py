"""Who is looking at the page: a signed cookie (demo) or a trusted proxy's header, and the person behind it.

The cookie names a person and nothing else; role and groups are read from the people's store at every page, so
a change there counts at once. Signing in itself happens in routes.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol
from uuid import uuid4

from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import Field, ValidationError
from starlette.requests import HTTPConnection

from assistant.errors import NotPermitted
from assistant.frozen import Frozen
from assistant.mentions import LOCAL_TENANT, Person
from assistant.secret_keys import derived_key, secret_keys
from assistant.settings import Settings

SESSION_COOKIE = "steward_session"
SESSION_SECONDS = 12 * 3600  # a working day


class People(Protocol):
    """What sessions need of assistant.storage.people_store.PeopleStore."""

    def get(self, tenant: str, person_id: str) -> Person | None:
        """Return the person, or None."""
        ...

    def by_email(self, tenant: str, email: str) -> Person | None:
        """Return the person with that address, or None."""
        ...


class _Session(Frozen):
    id: str = Field(min_length=1, max_length=64)
    person_id: str = Field(min_length=1, max_length=255)


class Signer:
    """Signs small texts so that they can travel through a browser and come back unchanged."""

    def __init__(self, keys: Sequence[str], purpose: str) -> None:
        oldest_first = [derived_key(key, purpose) for key in reversed(keys)]
        self._serializer = URLSafeTimedSerializer(oldest_first, salt=purpose)

    def sign(self, text: str) -> str:
        """Return the text with its signature and the time."""
        signed = self._serializer.dumps(text)
        return signed if isinstance(signed, str) else signed.decode("ascii")

    def verified(self, token: str, *, max_age_seconds: float) -> str | None:
        """Return the text that was signed; None when it was changed, is too old, or is nothing of ours."""
        try:
            text = self._serializer.loads(token, max_age=int(max_age_seconds))
        except BadData:
            return None
        return text if isinstance(text, str) else None


class SignIn:
    """Tells who makes a request, by the way of signing in that the settings name."""

    def __init__(self, settings: Settings, people: People) -> None:
        self.way = settings.steward_sign_in
        self._header = settings.steward_sign_in_header
        self._people = people
        self._signer = Signer(secret_keys(settings), "web session")
        self._ended: set[str] = set()  # sessions signed out here; elsewhere and after a restart they run out

    def cookie_for(self, person: Person) -> str:
        """Return the value of the session cookie for a person who has just signed in."""
        return self._signer.sign(_Session(id=uuid4().hex, person_id=person.id).model_dump_json())

    def end(self, connection: HTTPConnection) -> None:
        """Sign the request's session out: its cookie, also a copy of it, and its open pages count no more."""
        session = self._session(connection.cookies.get(SESSION_COOKIE, ""))
        if session is not None:
            self._ended.add(session.id)

    def person(self, connection: HTTPConnection) -> Person | None:
        """Return who makes the request, as the people's store knows them now; None: nobody is signed in.

        Blocking: call it in a thread.

        Raises:
            DependencyUnavailable: the database cannot be reached.
        """
        if self.way == "header":
            email = connection.headers.get(self._header, "").strip()
            return self._people.by_email(LOCAL_TENANT, email) if email else None
        if self.way == "demo":
            session = self._session(connection.cookies.get(SESSION_COOKIE, ""))
            return self._people.get(LOCAL_TENANT, session.person_id) if session else None
        return None

    async def required(self, connection: HTTPConnection) -> Person:
        """Return who makes the request.

        Raises:
            NotPermitted: nobody is signed in.
            DependencyUnavailable: as `person`.
        """
        person = await asyncio.to_thread(self.person, connection)
        if person is None:
            raise NotPermitted("no session", reply="You are not signed in any more. Sign in again.")
        return person

    def _session(self, cookie: str) -> _Session | None:
        text = self._signer.verified(cookie, max_age_seconds=SESSION_SECONDS) if cookie else None
        if text is None:
            return None
        try:
            session = _Session.model_validate_json(text)
        except ValidationError:
            return None
        return None if session.id in self._ended else session
