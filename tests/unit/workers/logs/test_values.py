"""Values that take over inside ordinary messages are found, told, and told from ids."""

from datetime import timedelta

import pytest

from tests.unit.workers.logs.log_writing import NOW, TEN, Line, as_upload, steady
from workers.logs import queries
from workers.logs.index import Window, build_index
from workers.logs.inspection import inspect
from workers.logs.reading import ReadingOptions
from workers.logs.values import ValueShift, shifts_between

HOUR = timedelta(hours=1)


def _reads(text: str, *, before: tuple[str, ...], after: tuple[str, ...]) -> list[Line]:
    """Return two hours of one message a ten seconds, whose value is one of `before`, from ten on of `after`."""
    lines: list[Line] = []
    for number in range(720):
        values = before if number < 360 else after
        said = text.format(n=number, value=values[number % len(values)])
        lines.append((TEN - HOUR + timedelta(seconds=10 * number), "store", "INFO", said))
    return lines


def _shifts(lines: list[Line]) -> list[ValueShift]:
    index = build_index([as_upload(steady() + lines)], ReadingOptions(now=NOW))
    return shifts_between(index, Window(TEN, TEN + HOUR), Window(TEN - HOUR, TEN))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("read {n} served replica={value}", "replica"),
        ('read {n} served "replica":"{value}"', "replica"),
        ("read {n} served by tenant {value}", "tenant"),
        ("read {n} answered status={value}", "status"),
    ],
)
def test_a_value_that_takes_over_is_found(text: str, name: str) -> None:
    (shift,) = _shifts(_reads(text, before=("201", "202", "204"), after=("204", "204", "404", "204", "204")))

    assert (shift.service, shift.name, shift.value) == ("store", name, "204")
    assert shift.share == pytest.approx(0.8)
    assert shift.share_before == pytest.approx(1 / 3)
    assert f"{name} is 204 in 80% of these lines, 33% before" == shift.said


def test_a_value_never_seen_before_names_the_usual_one() -> None:
    (shift,) = _shifts(_reads("worker {n} up version={value}", before=("2.9.1",), after=("2.3.0",)))

    assert shift.said == "version is 2.3.0 in 100% of these lines, never before, usually 2.9.1"


def test_values_that_stay_mixed_and_ids_are_no_shift() -> None:
    same = ("a1", "b2", "c3")
    assert _shifts(_reads("read {n} served replica={value}", before=same, after=same)) == []
    assert _shifts(_reads("read served cursor={n} {value}", before=same, after=same)) == []


def test_the_shift_is_asked_for_by_itself_with_its_template() -> None:
    lines = _reads("read {n} served replica={value}", before=("r1", "r2", "r3"), after=("r7",))
    index = build_index([as_upload(steady() + lines)], ReadingOptions(now=NOW))

    (found,) = queries.shifted(index, Window(TEN, TEN + HOUR), Window(TEN - HOUR, TEN))

    assert (found.name, found.value, found.share, found.share_before) == ("replica", "r7", 1.0, 0.0)
    assert found.text == "read <*> served replica=<*>"


def test_a_report_without_bad_messages_still_tells_the_shift() -> None:
    lines = _reads("read {n} served replica={value}", before=("r1", "r2", "r3"), after=("r7",))
    report = inspect([as_upload(steady() + lines)], now=NOW, window=Window(TEN, TEN + HOUR))

    assert report.verdict == "no_log_evidence"
    assert "look at metrics" in report.text
    assert [(one.name, one.value) for one in report.shifted_values] == [("replica", "r7")]
    assert "replica is r7 in 100% of these lines" in report.text
