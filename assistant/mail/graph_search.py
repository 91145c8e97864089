"""Find earlier e-mails in a mailbox at Microsoft 365, by Microsoft Graph's own search (KQL)."""

from __future__ import annotations

import re

from assistant.mail.mail_api import MailApi
from assistant.mail.port import MailQuery

MOST_FOUND = 12
_WORD = re.compile(r"[\w@.+-]+")  # what needs no quoting inside the query


class GraphSearch:
    """Looks into one person's mailbox."""

    def __init__(self, api: MailApi) -> None:
        self._api = api

    def search(self, query: MailQuery) -> list[bytes]:
        """Return the messages of that sender with these words in the subject, else in the text; newest last."""
        for place in ("subject", "body") if query.words else ("subject",):
            if ids := self._ids(query, place):
                return [data for one in reversed(ids) if (data := self._whole(one)) is not None]
        return []

    def _ids(self, query: MailQuery, place: str) -> list[str]:
        """Return the ids, newest first: a search can't be combined with an order of ours."""
        terms = [f"from:{word}" for word in _WORD.findall(query.sender)]
        terms += [f"{place}:{word}" for given in query.words for word in _WORD.findall(given)]
        asked = {"$search": f'"{" AND ".join(terms)}"', "$select": "id,isDraft", "$top": str(MOST_FOUND)}
        response = self._api.safely("GET", "/me/messages", params=asked)
        return [str(one["id"]) for one in response.json()["value"] if not one.get("isDraft")] if response else []

    def _whole(self, remote_id: str) -> bytes | None:
        response = self._api.safely("GET", f"/me/messages/{remote_id}/$value")
        return response.content if response else None  # None: deleted a moment ago
