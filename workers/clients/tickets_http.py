"""Ticket systems over HTTP: any JSON API by field mapping, Jira Cloud, and GitHub issues.

Once a key: the JSON API gets it as Idempotency-Key, and is asked for it (GET ?key=…) before a second try; Jira and
GitHub have no such header, so a label (Jira) or a line of the text (GitHub) carries it and is searched for.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import httpx

from assistant.errors import DependencyUnavailable, NotPermitted, RateLimited, RequestInvalid, SettingsInvalid
from assistant.settings import Settings
from workers.clients.tickets import MadeTicket, NewTicket, TicketSystem

Json = dict[str, Any]
MAX_TITLE_CHARS = 240  # Jira's summary takes 255
DETAIL_CHARS = 200
GITHUB_PAGE, GITHUB_PAGES = 100, 5  # issues looked through for a key, the newest first


def open_tickets(settings: Settings, transport: httpx.BaseTransport | None = None) -> TicketSystem | None:
    """Return the ticket system that the settings name, None without TICKETS_URL.

    Raises:
        SettingsInvalid: Jira or GitHub without a project, or a mapping that can't be read.
    """
    if not settings.tickets_url:
        return None
    if settings.tickets_kind != "json" and not settings.tickets_project:
        raise SettingsInvalid(f"TICKETS_KIND is {settings.tickets_kind} and TICKETS_PROJECT is empty. Name it.")
    adapters: dict[str, type[_HttpTickets]] = {"json": JsonTickets, "jira": JiraTickets, "github": GitHubTickets}
    return adapters[settings.tickets_kind](settings, transport)


def fields_of(text: str) -> dict[str, str]:
    """Return the pairs of "ours=theirs, ours=theirs".

    Raises:
        SettingsInvalid: a part is no pair.
    """
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not ours.strip() or not theirs.strip() for ours, _, theirs in pairs):
        raise SettingsInvalid("TICKETS_FIELDS is to hold pairs like title=summary, due=dueDate.")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


class _HttpTickets(ABC):
    """What the three have in common: one client, and what answers mean."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None) -> None:
        token = settings.tickets_token.get_secret_value() if settings.tickets_token else ""
        self._url = (settings.tickets_url or "").rstrip("/")
        self._project = settings.tickets_project
        self._fields = fields_of(settings.tickets_fields)
        self._client = httpx.Client(
            headers={"Accept": "application/json", **self._authorization(token, settings.tickets_user)},
            timeout=settings.tickets_timeout_seconds,
            transport=transport,
        )

    def _authorization(self, token: str, user: str | None) -> dict[str, str]:
        del user
        return {"Authorization": f"Bearer {token}"} if token else {}

    @abstractmethod
    def find(self, key: str) -> MadeTicket | None:
        """Return the ticket that carries the key."""

    @abstractmethod
    def make(self, ticket: NewTicket) -> MadeTicket:
        """Make the ticket."""

    def _call(self, method: str, url: str, **more: Any) -> Any:
        """Return the answer's JSON.

        Raises:
            As TicketSystem says.
        """
        try:
            answer = self._client.request(method, url, **more)
        except httpx.HTTPError as error:
            raise DependencyUnavailable(
                f"ticket system: {type(error).__name__} at {method}", reply="The ticket system doesn't answer."
            ) from error
        if answer.status_code in (401, 403):
            raise NotPermitted(
                f"ticket system answered {answer.status_code}", reply="The ticket system doesn't accept my token."
            )
        if answer.status_code == 429:
            wait = answer.headers.get("retry-after", "")
            raise RateLimited(
                "ticket system answered 429",
                reply="The ticket system asks me to slow down.",
                retry_after_seconds=float(wait) if wait.isdigit() else None,
            )
        if answer.status_code >= 500:
            raise DependencyUnavailable(
                f"ticket system answered {answer.status_code}", reply="The ticket system has a problem of its own."
            )
        if answer.status_code >= 400:
            raise RequestInvalid(
                f"ticket system answered {answer.status_code}",
                reply=f"The ticket system refused it: {_why(answer)}",
            )
        try:
            return answer.json()
        except ValueError as error:
            raise DependencyUnavailable(
                "ticket system: the answer is no JSON", reply="I don't understand the ticket system's answer."
            ) from error


class JsonTickets(_HttpTickets):
    """Any API that takes a JSON object and answers with one, under our names of fields or those of TICKETS_FIELDS."""

    def find(self, key: str) -> MadeTicket | None:
        """Ask for tickets with the key; the answer is a list, or an object with `items`."""
        found = self._call("GET", self._url, params={self._theirs("key"): key})
        listed = found.get("items", ()) if isinstance(found, dict) else found
        mine = [one for one in listed if isinstance(one, dict) and one.get(self._theirs("key")) == key]
        return self._named(mine[0]) if mine else None

    def make(self, ticket: NewTicket) -> MadeTicket:
        """Post the ticket with its key as Idempotency-Key."""
        values = {
            "key": ticket.key,
            "title": ticket.title[:MAX_TITLE_CHARS],
            "body": ticket.body,
            "owner": ticket.owner_email or ticket.owner,
            "due": ticket.due.isoformat() if ticket.due else None,
            "labels": list(ticket.labels),
            "project": self._project or None,
        }
        sent = {self._theirs(name): value for name, value in values.items() if value is not None}
        return self._named(self._call("POST", self._url, json=sent, headers={"Idempotency-Key": ticket.key}))

    def _theirs(self, ours: str) -> str:
        return self._fields.get(ours, ours)

    def _named(self, answer: Mapping[str, Any]) -> MadeTicket:
        name = answer.get(self._fields.get("name", "name")) or answer.get("id")
        return _made(name, answer.get(self._fields.get("url", "url")))


class JiraTickets(_HttpTickets):
    """Jira Cloud, REST API 3. The key is a label; Jira's labels hold no blanks, and ours has none."""

    def _authorization(self, token: str, user: str | None) -> dict[str, str]:
        if not user:
            return super()._authorization(token, user)
        return {"Authorization": f"Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"}

    def find(self, key: str) -> MadeTicket | None:
        """Search the project for the key's label."""
        query = f'project = "{self._project}" AND labels = "{key}"'
        body = {"jql": query, "maxResults": 1, "fields": ["summary"]}
        found = self._call("POST", f"{self._url}/rest/api/3/search/jql", json=body).get("issues") or []
        return self._named(found[0]) if found else None

    def make(self, ticket: NewTicket) -> MadeTicket:
        """Create the issue, unless one has the key."""
        if (found := self.find(ticket.key)) is not None:
            return found
        more = dict(self._fields)
        fields: Json = {
            "project": {"key": self._project},
            "issuetype": {"name": more.pop("issuetype", "Task")},
            "summary": " ".join(ticket.title.split())[:MAX_TITLE_CHARS],
            "description": _document(ticket.body),
            "labels": [*ticket.labels, ticket.key],
            **more,
        }
        if ticket.due:
            fields["duedate"] = ticket.due.isoformat()
        if ticket.owner_email and (account := self._account(ticket.owner_email)):
            fields["assignee"] = {"id": account}
        return self._named(self._call("POST", f"{self._url}/rest/api/3/issue", json={"fields": fields}))

    def _account(self, email: str) -> str | None:
        """Return the account of the address, if exactly one has it; nobody is assigned on a guess."""
        found = self._call("GET", f"{self._url}/rest/api/3/user/search", params={"query": email})
        exact = [one for one in found if str(one.get("emailAddress", "")).lower() == email.lower()]
        return str(exact[0]["accountId"]) if len(exact) == 1 else None

    def _named(self, answer: Mapping[str, Any]) -> MadeTicket:
        return _made(answer.get("key"), f"{self._url}/browse/{answer.get('key')}")


class GitHubTickets(_HttpTickets):
    """GitHub issues. Owner and due day stand in the text: an issue's assignees are accounts, which are not known."""

    def find(self, key: str) -> MadeTicket | None:
        """Look for the key among the repository's issues that carry our label; search would lag behind by minutes."""
        url: str | None = f"{self._url}/repos/{self._project}/issues"
        for page in range(1, 6):
            found = self._call(
                "GET", url or "", params={"labels": "steward", "state": "all", "per_page": 100, "page": page}
            )
            for issue in found:
                if key in str(issue.get("body") or ""):
                    return self._named(issue)
            if len(found) < 100:
                return None
        return None

    def make(self, ticket: NewTicket) -> MadeTicket:
        """Open the issue, unless one has the key."""
        if (found := self.find(ticket.key)) is not None:
            return found
        facts = [f"Owner: {ticket.owner}" if ticket.owner else "", f"Due: {ticket.due}" if ticket.due else ""]
        body = "\n".join([*filter(None, facts), ticket.body, "", f"<!-- {ticket.key} -->"])
        title = " ".join(ticket.title.split())[:MAX_TITLE_CHARS]
        sent = {"title": title, "body": body, "labels": list(ticket.labels)}
        return self._named(self._call("POST", f"{self._url}/repos/{self._project}/issues", json=sent))

    def _named(self, answer: Mapping[str, Any]) -> MadeTicket:
        return _made(f"#{answer['number']}" if "number" in answer else None, answer.get("html_url"))


def _made(name: object, url: object) -> MadeTicket:
    if not name:
        raise DependencyUnavailable(
            "ticket system: no name in its answer", reply="I don't understand the ticket system's answer."
        )
    link = str(url) if isinstance(url, str) and url.startswith(("https://", "http://")) else None
    return MadeTicket(name=str(name), url=link)


def _document(text: str) -> Json:
    """Return plain text as Atlassian's document format: a paragraph a line."""
    lines = [line for line in text.splitlines() if line.strip()] or ["-"]
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines]
    return {"type": "doc", "version": 1, "content": paragraphs}


def _why(answer: httpx.Response) -> str:
    """Return the refusal in a line: Jira's errorMessages and errors, GitHub's message, or the status."""
    try:
        said = answer.json()
    except ValueError:
        return f"status {answer.status_code}."
    if not isinstance(said, dict):
        return f"status {answer.status_code}."
    errors = said.get("errors")
    parts = [*(said.get("errorMessages") or ()), *(errors.values() if isinstance(errors, dict) else ())]
    text = "; ".join(str(part) for part in parts) or str(said.get("message") or said.get("error") or "")
    return (" ".join(text.split()) or f"status {answer.status_code}")[:DETAIL_CHARS]
