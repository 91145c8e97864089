"""Throttling, ended tokens and lost answers at services behind HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.errors import RateLimited
from assistant.mail.gmail import GmailSender
from assistant.mail.graph import IMMUTABLE_IDS, GraphDrafts, GraphSender
from assistant.mail.graph_search import GraphSearch
from assistant.mail.mail_api import MailApi
from assistant.mail.port import MailQuery, SendOutcome
from tests.contract.mail_harness import api_of, approved, revised, saved
from tests.peers.mail_services import Fault, GmailService, GraphService, parsed, serving


@pytest.fixture
def graph() -> Iterator[GraphService]:
    with serving(GraphService()) as service:
        yield service


def sender(service: GraphService, waits: list[float] | None = None) -> GraphSender:
    return GraphSender(api_of(f"{service.url}/v1.0", waits=waits, headers=IMMUTABLE_IDS))


def sent(service: GraphService) -> int:
    return sum(not one["isDraft"] for one in service.messages.values())


def test_a_throttled_call_waits_as_long_as_it_is_told_and_sends_once(graph: GraphService) -> None:
    graph.fault, graph.fault_on, graph.times = "throttled", "/send", 2
    waits: list[float] = []

    sending = sender(graph, waits).send(approved())

    assert sending.outcome is SendOutcome.SENT
    assert waits == [3.0, 3.0]
    assert sent(graph) == 1


def test_a_wait_that_is_too_long_is_told_instead_of_waited_for(graph: GraphService) -> None:
    graph.fault = "throttled_for_long"
    waits: list[float] = []

    with pytest.raises(RateLimited):
        GraphDrafts(api_of(f"{graph.url}/v1.0", waits=waits, headers=IMMUTABLE_IDS)).save(saved())

    assert waits == []
    assert sender(graph, waits).send(approved()).outcome is SendOutcome.NOT_SENT


@pytest.mark.parametrize(
    ("fault", "outcome", "mails"),
    [
        ("breaks_after", SendOutcome.SENT, 1),
        ("error_after", SendOutcome.SENT, 1),
        ("breaks_before", SendOutcome.UNKNOWN, 0),
        ("refused", SendOutcome.NOT_SENT, 0),
    ],
)
def test_the_id_of_a_message_tells_whether_a_lost_answer_was_a_yes(
    graph: GraphService, fault: Fault, outcome: SendOutcome, mails: int
) -> None:
    graph.fault, graph.fault_on = fault, "/send"

    sending = sender(graph).send(approved())

    assert sending.outcome is outcome
    assert sent(graph) == mails
    assert sum(call.path.endswith("/send") for call in graph.calls) == 1


def test_a_refused_sending_leaves_no_second_draft_behind(graph: GraphService) -> None:
    graph.fault, graph.fault_on = "refused", "/send"

    sender(graph).send(approved())

    assert graph.messages == {}


def test_an_ended_token_is_renewed_once_and_the_call_repeated(graph: GraphService) -> None:
    asked: list[bool] = []

    def token(*, refused: bool = False) -> str:
        asked.append(refused)
        return "good" if refused else "ended"

    remote_id = GraphDrafts(MailApi(f"{graph.url}/v1.0", token, headers=IMMUTABLE_IDS)).save(saved())

    assert remote_id in graph.messages
    assert asked == [False, True, False, True]  # once a call: looking for an earlier copy, and saving


def test_an_edit_patches_the_message_that_the_asker_has_open(graph: GraphService) -> None:
    drafts = GraphDrafts(api_of(f"{graph.url}/v1.0", headers=IMMUTABLE_IDS))
    remote_id = drafts.save(saved())

    assert drafts.replace(remote_id, saved(revised("Neu."))) == remote_id
    assert graph.messages[remote_id]["headers"]["References"] == "<first@example.test>"


def test_a_draft_that_its_asker_sent_from_their_mail_program_is_not_touched(graph: GraphService) -> None:
    drafts = GraphDrafts(api_of(f"{graph.url}/v1.0", headers=IMMUTABLE_IDS))
    remote_id = drafts.save(saved())
    graph.messages[remote_id]["isDraft"] = False

    new_id = drafts.replace(remote_id, saved(revised("Neu.")))
    drafts.remove(remote_id)

    assert new_id != remote_id
    assert remote_id in graph.messages


def test_an_earlier_mail_is_found_by_sender_and_words_in_its_subject_or_else_its_text(graph: GraphService) -> None:
    for sender, subject, text in (
        ("Ana Silva <ana@loja.example>", "Invoice 7", "over the amount"),
        ("Ana Silva <ana@loja.example>", "Lunch", "the invoice is attached"),
        ("Bo <bo@firm.example>", "Invoice 8", "one more"),
    ):
        graph.receive(f"From: {sender}\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode())
    search = GraphSearch(api_of(f"{graph.url}/v1.0", headers=IMMUTABLE_IDS))

    def subjects(query: MailQuery) -> list[str]:
        return [str(parsed(data)["subject"]) for data in search.search(query)]

    assert subjects(MailQuery("Ana", ("invoice",))) == ["Invoice 7"]
    assert subjects(MailQuery("Ana Silva", ("amount",))) == ["Invoice 7"]  # not in a subject: in the text
    assert subjects(MailQuery("ana@loja.example")) == ["Invoice 7", "Lunch"]
    assert subjects(MailQuery('Cy" OR "Bo')) == []


def test_without_the_right_to_look_nobody_says_whether_a_mail_was_sent() -> None:
    with serving(GmailService(may_look=False)) as gmail:
        found = GmailSender(api_of(f"{gmail.url}/gmail/v1/users/me")).was_sent("<any@example.test>")

    assert found is None


def test_a_service_that_cannot_be_reached_has_clearly_not_sent() -> None:
    sending = GraphSender(api_of("http://127.0.0.1:9/v1.0", headers=IMMUTABLE_IDS)).send(approved())

    assert sending.outcome is SendOutcome.NOT_SENT
