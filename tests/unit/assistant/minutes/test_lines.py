"""Which lines of kept minutes fit a wish, and in which order they are named."""

from __future__ import annotations

from uuid import UUID

import pytest

from assistant.mentions import Audience
from assistant.minutes.kept import KeptMinutes
from assistant.minutes.lines import LineWish, fitting_lines, text_of
from assistant.minutes.schema import ActionItem, Decision, Evidence, MeetingHeader, Minutes, OpenQuestion
from assistant.words import content_stems


def meeting(number: int, *decisions: Decision, tasks: tuple[ActionItem, ...] = ()) -> KeptMinutes:
    asked = OpenQuestion(text="Who pays for the casing?", raised_by="Ben Lind")
    minutes = Minutes(meeting=MeetingHeader(), decisions=decisions, action_items=tasks, open_questions=(asked,))
    return KeptMinutes(
        id=UUID(int=number), tenant="local", platform="web", channel="ann", asker_id="ann",
        audience=Audience.ASKER, document="a.txt", revision=1, minutes=minutes,
    )  # fmt: skip


def sure(text: str) -> Decision:
    return Decision(text=text, status="agreed", evidence=(Evidence(id="u1", quote=text, speaker="Ann Berg"),))


def guess(text: str) -> Decision:
    return sure(text).model_copy(update={"status": "proposed", "is_unsure": True})


def found(meetings: list[KeptMinutes], **wish: object) -> list[str]:
    return [text_of(one.entry) for one in fitting_lines(meetings, LineWish(**wish))]  # type: ignore[arg-type]


def test_guesses_come_last_however_well_they_fit() -> None:
    meetings = [meeting(1, guess("The grey casing of rubber")), meeting(2, sure("A casing of grey wood"))]
    stems = tuple(content_stems("grey rubber casing"))

    assert found(meetings, kind="decisions", stems=stems) == ["A casing of grey wood", "The grey casing of rubber"]


def test_without_words_the_order_of_the_meetings_stands_and_guesses_follow_in_it() -> None:
    meetings = [meeting(1, guess("One"), sure("Two")), meeting(2, sure("Three"), guess("Four"))]

    assert found(meetings, kind="decisions") == ["Two", "Three", "One", "Four"]


def test_more_of_the_words_come_first() -> None:
    meetings = [meeting(1, sure("Grey casing")), meeting(2, sure("Grey casing of rubber"))]

    assert found(meetings, kind="decisions", stems=tuple(content_stems("grey casing rubber")))[0].endswith("rubber")


@pytest.mark.parametrize(
    ("wish", "lines"),
    [
        ({"kind": "action_items", "person": "Ben"}, ["Order paint"]),
        ({"kind": "action_items", "is_open": True}, ["Order paint"]),
        ({"kind": "open_questions", "person": "Ben Lind"}, ["Who pays for the casing?"]),
        ({"person": "Ann"}, ["Grey casing", "Buy wood"]),
        ({"stems": ("giraf",)}, []),
    ],
)
def test_kind_person_and_what_is_done_choose(wish: dict[str, object], lines: list[str]) -> None:
    tasks = (ActionItem(task="Order paint", owner="Ben Lind"), ActionItem(task="Buy wood", owner="Ann", is_done=True))

    assert found([meeting(1, sure("Grey casing"), tasks=tasks)], **wish) == lines
