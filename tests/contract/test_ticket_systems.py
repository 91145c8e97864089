"""One suite for every ticket system: made once a key, found by it, and every refusal told in words.

The stand-ins are as strict as the services: unknown fields, missing ones and wrong tokens are refused as there.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import pytest

from assistant.errors import DependencyUnavailable, NotPermitted, RateLimited, RequestInvalid, SettingsInvalid
from assistant.settings import load_settings
from workers.clients.tickets import NewTicket, TicketsTwin, TicketSystem
from workers.clients.tickets_http import open_tickets

Json = dict[str, Any]
KEY = "steward-0a1b-a1"
TICKET = NewTicket(
    key=KEY,
    title="Send the access forms",
    body="From the minutes of Budget round.\n1:10 Ben: “I will send them.”",
    owner="Ben Okafor",
    owner_email="ben@firm.example",
    due=date(2026, 3, 6),
)
SETTINGS = {
    "json": {
        "TICKETS_URL": "https://tickets.example/api/tickets",
        "TICKETS_FIELDS": "title=summary, due=dueDate, key=externalId, name=number, url=link",
    },
    "jira": {
        "TICKETS_URL": "https://acme.atlassian.example",
        "TICKETS_USER": "bot@acme.example",
        "TICKETS_PROJECT": "OPS",
    },
    "github": {"TICKETS_URL": "https://api.github.example", "TICKETS_PROJECT": "acme/tasks"},
}


@dataclass
class StandIn:
    """A service with one token; `status` makes it answer that instead of working."""

    status: int = 0
    made: list[Json] = field(default_factory=list)
    drops_answer: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.status:
            return httpx.Response(self.status, json=self.refusal(), headers={"Retry-After": "7"})
        if request.headers.get("authorization") != self.authorization():
            return httpx.Response(401, json={"message": "Bad credentials"})
        answer = self.answer(request, json.loads(request.content or b"null"))
        if self.drops_answer and answer.status_code == 201:
            raise httpx.ReadTimeout("the answer is lost", request=request)
        return answer

    def authorization(self) -> str:
        return "Bearer t0k"

    def refusal(self) -> Json:
        return {"message": "Validation Failed: no such label"}

    def answer(self, request: httpx.Request, body: Any) -> httpx.Response:
        raise NotImplementedError


class JsonStandIn(StandIn):
    """Keeps one ticket an Idempotency-Key, and knows its own names of fields alone."""

    def answer(self, request: httpx.Request, body: Any) -> httpx.Response:
        if request.method == "GET":
            key = request.url.params["externalId"]
            return httpx.Response(200, json={"items": [one for one in self.made if one["externalId"] == key]})
        assert set(body) <= {"externalId", "summary", "body", "owner", "dueDate", "labels", "project"}
        assert request.headers["idempotency-key"] == body["externalId"]
        known = [one for one in self.made if one["externalId"] == body["externalId"]]
        if not known:
            number = f"T{len(self.made) + 1}"
            self.made.append({**body, "number": number, "link": f"https://tickets.example/{number}"})
        return httpx.Response(201, json=(known or self.made)[-1])


class JiraStandIn(StandIn):
    """Jira Cloud's REST API 3, as far as issues go."""

    def authorization(self) -> str:
        return f"Basic {base64.b64encode(b'bot@acme.example:t0k').decode()}"

    def refusal(self) -> Json:
        return {"errorMessages": [], "errors": {"labels": "Validation Failed: no such label"}}

    def answer(self, request: httpx.Request, body: Any) -> httpx.Response:
        match request.method, request.url.path:
            case "POST", "/rest/api/3/search/jql":
                found = re.fullmatch(r'project = "OPS" AND labels = "([\w-]+)"', body["jql"])
                assert found
                return httpx.Response(200, json={"issues": [one for one in self.made if found[1] in one["labels"]]})
            case "GET", "/rest/api/3/user/search":
                users = [{"accountId": "5b1", "emailAddress": "ben@firm.example"}, {"accountId": "5b2"}]
                return httpx.Response(200, json=users)
            case "POST", "/rest/api/3/issue":
                fields = body["fields"]
                known = {"project", "issuetype", "summary", "description", "labels", "duedate", "assignee"}
                if set(fields) - known or "\n" in fields["summary"] or any(" " in one for one in fields["labels"]):
                    return httpx.Response(400, json={"errors": {"summary": "The fields are wrong."}})
                assert fields["description"]["type"] == "doc"
                assert all(part["content"][0]["text"] for part in fields["description"]["content"])
                self.made.append({**fields, "key": f"OPS-{len(self.made) + 1}"})
                return httpx.Response(201, json={"id": "10000", "key": self.made[-1]["key"]})
        return httpx.Response(404, json={"errorMessages": ["no such resource"]})


class GitHubStandIn(StandIn):
    """GitHub's REST API for issues."""

    def answer(self, request: httpx.Request, body: Any) -> httpx.Response:
        if request.url.path != "/repos/acme/tasks/issues":
            return httpx.Response(404, json={"message": "Not Found"})
        if request.method == "GET":
            assert request.url.params["state"] == "all"
            return httpx.Response(200, json=self.made if request.url.params["page"] == "1" else [])
        assert set(body) == {"title", "body", "labels"}
        number = len(self.made) + 1
        self.made.append({**body, "number": number, "html_url": f"https://github.example/acme/tasks/issues/{number}"})
        return httpx.Response(201, json=self.made[-1])


STAND_INS: dict[str, type[StandIn]] = {"json": JsonStandIn, "jira": JiraStandIn, "github": GitHubStandIn}


def adapter(kind: str, stand_in: Callable[[httpx.Request], httpx.Response], *, token: str = "t0k") -> TicketSystem:
    settings = load_settings({"TICKETS_KIND": kind, "TICKETS_TOKEN": token, **SETTINGS[kind]})
    system = open_tickets(settings, httpx.MockTransport(stand_in))
    assert system is not None
    return system


@pytest.fixture(params=["twin", *sorted(STAND_INS)])
def system(request: pytest.FixtureRequest) -> TicketSystem:
    return TicketsTwin() if request.param == "twin" else adapter(request.param, STAND_INS[request.param]())


def test_made_twice_under_one_key_it_is_one_ticket(system: TicketSystem) -> None:
    first, second = system.make(TICKET), system.make(TICKET)

    assert first == second
    assert first.url is not None
    assert system.find(KEY) == first


def test_another_key_is_another_ticket(system: TicketSystem) -> None:
    first = system.make(TICKET)
    other = system.make(NewTicket(key="steward-0a1b-a2", title="Write the plan", body="…"))

    assert first.name != other.name


def test_what_was_never_made_is_not_found(system: TicketSystem) -> None:
    assert system.find("steward-0a1b-a9") is None


@pytest.mark.parametrize("kind", sorted(STAND_INS))
class TestOverHttp:
    def test_every_fact_of_the_item_arrives(self, kind: str) -> None:
        stand_in = STAND_INS[kind]()
        adapter(kind, stand_in).make(TICKET)
        sent = json.dumps(stand_in.made[0], ensure_ascii=False)

        owner = {"json": "ben@firm.example", "jira": '"id": "5b1"', "github": "Owner: Ben Okafor"}[kind]
        assert all(part in sent for part in ("Send the access forms", "2026-03-06", "I will send them", KEY, owner))

    def test_an_answer_that_is_lost_leaves_one_ticket(self, kind: str) -> None:
        stand_in = STAND_INS[kind](drops_answer=True)
        system = adapter(kind, stand_in)
        with pytest.raises(DependencyUnavailable):
            system.make(TICKET)
        stand_in.drops_answer = False
        found, again = system.find(KEY), system.make(TICKET)

        assert found == again
        assert len(stand_in.made) == 1

    def test_a_wrong_token_is_told(self, kind: str) -> None:
        with pytest.raises(NotPermitted, match="401"):
            adapter(kind, STAND_INS[kind](), token="other").make(TICKET)

    @pytest.mark.parametrize(
        ("status", "error"),
        [(422, RequestInvalid), (429, RateLimited), (500, DependencyUnavailable), (403, NotPermitted)],
    )
    def test_every_refusal_is_of_its_kind(self, kind: str, status: int, error: type[Exception]) -> None:
        with pytest.raises(error) as refused:
            adapter(kind, STAND_INS[kind](status=status)).make(TICKET)

        if isinstance(refused.value, RequestInvalid):
            assert "no such label" in refused.value.reply
        if isinstance(refused.value, RateLimited):
            assert refused.value.retry_after_seconds == 7.0

    def test_an_answer_that_is_no_json_is_not_taken_for_a_ticket(self, kind: str) -> None:
        with pytest.raises(DependencyUnavailable):
            adapter(kind, lambda request: httpx.Response(200, text="<html>sign in</html>")).make(TICKET)


def test_without_an_address_there_is_no_ticket_system() -> None:
    assert open_tickets(load_settings({})) is None


@pytest.mark.parametrize(
    "settings",
    [{"TICKETS_KIND": "jira", "TICKETS_URL": "https://a.example"}, {**SETTINGS["json"], "TICKETS_FIELDS": "title"}],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(SettingsInvalid):
        open_tickets(load_settings(settings))
