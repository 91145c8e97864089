"""The library of minutes on the page: who finds what, by which words and filters, and what can be done with it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from assistant.job_kinds import MEETING_SUMMARY
from assistant.mentions import Audience, Person, Platform
from assistant.minutes.kept import MinutesChange, SpokenLine, numbered
from assistant.minutes.schema import ActionItem, Decision, Evidence, MeetingHeader, Minutes, OpenQuestion, SummaryLine
from assistant.replies import FileOffer, Reply
from assistant.settings import Settings
from assistant.words import content_stems
from tests.factories import make_mention, make_result
from tests.unit.bot.platforms.web.test_routes import ANN, BEN, HIDDEN, Web

SAID = "We drop the vendor Nordlicht in May, all agreed."


@pytest.fixture
def web(embedded_settings: Settings) -> Web:
    return Web(embedded_settings.model_copy(update={"steward_sign_in": "demo"}))


def vendor_meeting(title: str = "Vendor round", day: date | None = date(2026, 10, 5)) -> Minutes:
    proof = (Evidence(id="u1", quote=SAID, speaker="Ann Berg", start=65.0),)
    return Minutes(
        meeting=MeetingHeader(title=title, date=day, participants=("Ann Berg", "Ben Lind"), duration_s=600),
        summary=(SummaryLine(text="The hosting contract was discussed.", evidence=proof),),
        decisions=(Decision(text="Drop the vendor Nordlicht in May", status="agreed", evidence=proof),),
        action_items=(
            ActionItem(task="Write to Nordlicht", owner="Ben Lind", due="Friday", due_date=date(2026, 10, 9)),
            ActionItem(task="Find another host", owner="Ann Berg", is_done=True),
        ),
        open_questions=(OpenQuestion(text="Who pays the fee?", raised_by="Ben Lind"),),
    )


def keep(
    web: Web, minutes: Minutes, *, asker: Person = ANN, thread: str = "t1", said: str = SAID, **place: Any
) -> UUID:
    """Keep minutes as a job does that wrote them on the page."""
    where = {"platform": Platform.WEB, "tenant": "local", "channel": asker.id, "thread": thread, **place}
    mention = make_mention("minutes", asker=asker, kind="meeting_summary", **where)
    job_id = web.deps.jobs.accept(mention, MEETING_SUMMARY, Reply(text="…", final=False)).job_id
    job = web.deps.jobs.claim(("summary",), owner="w1")
    assert job is not None
    blob = web.deps.blobs.store(b"# Vendor round")
    offer = FileOffer(name="vendor-minutes.md", media_type="text/markdown", blob=blob, size_bytes=14)
    spoken = (SpokenLine(id="u1", speaker="Ann Berg", start=65.0, text=said, url="javascript:alert(1)"),)
    change = MinutesChange(
        minutes=numbered(minutes),
        document="round.vtt",
        terms=tuple(content_stems(f"{minutes.model_dump_json()} {said}")),
        spoken=spoken,
    )
    reply = Reply(text="Minutes", blocks=(offer,))
    assert web.deps.jobs.finish(job, make_result(reply=reply, minutes=change))
    return job_id


def shown(web: Web, person: Person, path: str, status: int = 200) -> str:
    response = web.as_person(person).get(path)
    assert response.status_code == status, response.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def test_an_empty_library_says_what_to_do(web: Web) -> None:
    assert "No minutes are kept for you yet" in shown(web, ANN, "/minutes")


def test_own_minutes_are_listed_and_nobody_else_s(web: Web) -> None:
    keep(web, vendor_meeting())

    assert "Vendor round 5 October 2026 · Ann Berg, Ben Lind · 1 decision, 2 tasks, 1 open question" in shown(
        web, ANN, "/minutes"
    )
    assert "Vendor round" not in shown(web, BEN, "/minutes")
    assert "Vendor round" not in shown(web, BEN, "/minutes?words=vendor")


def with_a_guess(day: date) -> Minutes:
    minutes = vendor_meeting("Casing round", day)
    guess = Decision(text="The Nordlicht casing will be grey", status="proposed", is_unsure=True)
    return minutes.model_copy(update={"decisions": (guess, *minutes.decisions)})


def test_a_guess_is_labelled_and_counted_apart(web: Web) -> None:
    minutes_id = keep(web, with_a_guess(date(2026, 10, 5)))
    listed, opened = shown(web, ANN, "/minutes"), shown(web, ANN, f"/minutes/{minutes_id}")

    assert "1 decision, 1 perhaps, 2 tasks, 1 open question" in listed
    assert "perhaps (unsure) The Nordlicht casing will be grey" in opened
    assert "“perhaps” marks a guess" in opened
    assert "little support" not in opened


def test_minutes_without_a_guess_count_and_explain_none(web: Web) -> None:
    minutes_id = keep(web, vendor_meeting())

    assert "perhaps" not in shown(web, ANN, "/minutes") + shown(web, ANN, f"/minutes/{minutes_id}")


def test_guesses_come_after_the_decisions_of_every_meeting(web: Web) -> None:
    keep(web, with_a_guess(date(2026, 11, 2)), thread="t1")
    keep(web, vendor_meeting("Older round", date(2026, 10, 5)), thread="t2")
    page = shown(web, ANN, "/minutes?words=decisions+about+Nordlicht")
    newer, older = page.index("Casing round"), page.index("Older round")

    assert newer < older
    assert page.index("Decision, agreed Drop the vendor") < page.index("Decision, perhaps (unsure) The Nordlicht")


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("words=When+did+we+decide+to+drop+vendor+Nordlicht%3F", "Drop the vendor Nordlicht", "Write to Nordlicht"),
        ("kind=tasks&person=Ben", "Write to Nordlicht", "Find another host"),
        ("kind=open_tasks", "Write to Nordlicht", "Find another host"),
        ("kind=questions", "Who pays the fee?", "Drop the vendor"),
        ("words=open+tasks+of+Ben", "Looked for: open tasks, of Ben", "Find another host"),
        ("words=Nordlicht&since=2026-10-06", "Nothing in the minutes you may see fits", "Drop the vendor"),
        ("until=2026-10-05", "Vendor round", "Nothing in the minutes"),
        ("words=giraffe", "Nothing in the minutes you may see fits", "Vendor round"),
    ],
)
def test_lines_are_found_by_words_kind_person_and_days(web: Web, query: str, there: str, gone: str) -> None:
    keep(web, vendor_meeting())
    page = shown(web, ANN, f"/minutes?{query}")

    assert there in page
    assert gone not in page


def test_what_was_only_said_leads_to_its_meeting_and_to_the_words(web: Web) -> None:
    minutes_id = keep(web, vendor_meeting(), said="The aquarium needs a new pump.")
    found = shown(web, ANN, "/minutes?words=aquarium+pump")
    opened = shown(web, ANN, f"/minutes/{minutes_id}?words=aquarium+pump")

    assert "In these meetings the words were said" in found
    assert "Said about your words The aquarium needs a new pump. Ann Berg, 1:05" in opened


def test_opened_minutes_have_each_line_s_evidence_and_no_foreign_links(web: Web) -> None:
    minutes_id = keep(web, vendor_meeting())
    page = shown(web, ANN, f"/minutes/{minutes_id}")

    assert f"Drop the vendor Nordlicht in May Evidence {SAID} Ann Berg, 1:05" in page
    assert "Write to Nordlicht (Ben Lind, due 2026-10-09)" in page
    assert "candidates until somebody confirms" in page
    assert "javascript:" not in web.as_person(ANN).get(f"/minutes/{minutes_id}").text


def test_text_of_meetings_is_never_markup(web: Web) -> None:
    minutes_id = keep(web, vendor_meeting(title="<script>alert(1)</script>"), said="<img src=x onerror=alert(1)>")
    pages = [web.as_person(ANN).get(path).text for path in ("/minutes", f"/minutes/{minutes_id}?words=img+src")]

    assert all("<script>alert" not in page and "<img src=x" not in page for page in pages)
    assert "&lt;script&gt;" in pages[0]


def test_files_are_for_who_may_read_the_minutes(web: Web) -> None:
    minutes_id = keep(web, vendor_meeting())
    address = re.search(
        r'href="(/minutes/[^"]+/files/[0-9a-f]+)"', web.as_person(ANN).get(f"/minutes/{minutes_id}").text
    )
    assert address is not None

    assert web.as_person(ANN).get(address[1]).content == b"# Vendor round"
    assert web.as_person(BEN).get(address[1]).status_code == 404
    assert web.as_person(ANN).get(f"/minutes/{minutes_id}/files/{'0' * 64}").status_code == 404


def test_other_people_s_minutes_are_as_good_as_not_there(web: Web) -> None:
    minutes_id = keep(web, vendor_meeting())

    assert web.as_person(BEN).get(f"/minutes/{minutes_id}").status_code == 404
    assert (
        web.as_person(BEN).post(f"/minutes/{minutes_id}/forget", data={"revision": 1, "sure": "true"}).status_code
        == 404
    )
    assert web.deps.library.open(minutes_id, _reader(web, ANN), words="", is_admin=False).may_forget


def test_forgetting_takes_a_tick_and_is_final(web: Web) -> None:
    minutes_id = keep(web, vendor_meeting())
    client = web.as_person(ANN)
    unsure = client.post(f"/minutes/{minutes_id}/forget", data={"revision": 1})
    before = client.get(f"/minutes/{minutes_id}").status_code
    done = client.post(f"/minutes/{minutes_id}/forget", data={"revision": 1, "sure": "true"})

    assert (unsure.status_code, before, done.status_code) == (400, 200, 200)
    assert client.get(f"/minutes/{minutes_id}").status_code == 404
    assert "No minutes are kept" in shown(web, ANN, "/minutes")


def test_a_reader_of_all_may_read_and_may_not_forget(embedded_settings: Settings) -> None:
    web = Web(embedded_settings.model_copy(update={"steward_sign_in": "demo", "minutes_readers": "ben"}))
    minutes_id = keep(web, vendor_meeting())
    page = shown(web, BEN, f"/minutes/{minutes_id}")
    refused = web.as_person(BEN).post(f"/minutes/{minutes_id}/forget", data={"revision": 1, "sure": "true"})

    assert "Drop the vendor" in page
    assert "can't be undone" not in page
    assert refused.status_code == 403


def test_channels_of_other_platforms_are_not_shown_to_who_did_not_ask(web: Web) -> None:
    keep(
        web,
        vendor_meeting(),
        asker=BEN,
        platform=Platform.SLACK,
        tenant="T1",
        channel="C1",
        audience=Audience.CHANNEL,
    )

    assert "Vendor round" not in shown(web, ANN, "/minutes")
    assert "which channels you are in" in shown(web, ANN, "/minutes")


def test_the_list_goes_on_page_by_page(web: Web) -> None:
    for number in range(23):
        day = date(2026, 1, 1) + timedelta(days=number)
        keep(web, vendor_meeting(f"Round {number:02}", day), thread=f"t{number}")
    first, second = shown(web, ANN, "/minutes"), shown(web, ANN, "/minutes?page=2")
    by_words = shown(web, ANN, "/minutes?words=Nordlicht&page=2")

    assert ("Round 22" in first, "Round 03" in first, "Round 02" in first) == (True, True, False)
    assert ("Round 02" in second, "Round 00" in second, "Next page" in second) == (True, True, False)
    assert "Page before Page 2" in by_words
    assert "This page is empty" in shown(web, ANN, "/minutes?page=3")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=soon", "Write days as year, month and day"),
        ("since=2026-10-05&until=2026-10-01", "The first day comes after the last one"),
        ("kind=secrets", "I don&#39;t know that kind of line"),
        ("page=0", "There is no such page"),
        ("page=99999999999999999999", "There is no such page"),
    ],
)
def test_what_cannot_be_looked_for_is_told_beside_the_form(web: Web, query: str, words: str) -> None:
    assert words in shown(web, ANN, f"/minutes?{query}", status=400)


@pytest.mark.parametrize("path", ["/minutes", "/minutes/00000000-0000-4000-8000-000000000000"])
def test_who_is_not_signed_in_is_asked_to(web: Web, path: str) -> None:
    response = web.client.get(path)

    assert (response.status_code, response.headers["location"]) == (303, f"/sign-in?next={path}")


def test_administrators_forget_only_what_they_may_read(web: Web) -> None:
    minutes_id = keep(web, vendor_meeting())

    assert web.as_person(HIDDEN).get(f"/minutes/{minutes_id}").status_code == 404


def _reader(web: Web, person: Person) -> Any:
    return web.deps.minutes.reader(
        make_mention("-", asker=person, platform=Platform.WEB, tenant="local", channel=person.id)
    )
