"""An engineer drops a log on the page, sees when it went wrong, and opens the line that shows it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visits import Visits
from tests.unit.workers.logs.log_writing import TEN, as_upload, repeated, steady

pytestmark = pytest.mark.browser

ANSWER_MS = 60_000
DROP = """([name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name, {type: "text/plain"}));
  const place = document.getElementById("thread");
  for (const kind of ["dragover", "drop"]) {
    place.dispatchEvent(new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true}));
  }
}"""


def log_text() -> str:
    lines = [
        *steady(every_seconds=20),  # the stand-in takes files up to 200 kB
        (TEN - timedelta(minutes=1), "pay", "INFO", "config reloaded, pool size 4"),
        *repeated(
            TEN,
            "pay",
            "ERROR",
            "connection pool exhausted after {n} ms for ada@mill.example",
            lines=400,
            every_seconds=4,
        ),
        *repeated(TEN + timedelta(seconds=9), "shop", "ERROR", "pay answered 503", lines=300, every_seconds=5),
    ]
    return as_upload(lines).content.decode()


@pytest.fixture
def inspected(visits: Visits) -> Page:
    """The page of an engineer whose dropped log has been answered."""
    page = visits.sign_in("Noor Haddad")
    page.evaluate(DROP, ["all.log", log_text()])
    expect(page.locator("#chips")).to_contain_text("all.log ·")
    expect(page.locator("#chips")).not_to_contain_text("sending")
    page.get_by_role("textbox", name="Your question").fill("why is shop failing?")
    page.keyboard.press("Enter")
    expect(page.locator("article.turn .toolbar")).to_be_visible(timeout=ANSWER_MS)
    return page


def test_a_dropped_log_is_answered_with_a_chart_and_the_line_that_shows_the_cause_opens(inspected: Page) -> None:
    answer = inspected.locator(".answered")
    expect(answer.locator(".prose").first).to_contain_text("The likeliest cause")
    expect(answer.locator(".prose em")).to_have_count(0)
    expect(answer.locator("table").first).to_contain_text("pay")
    expect(answer.get_by_role("img", name=re.compile("first bad moment at 10:00:00"))).to_be_visible()

    answer.get_by_role("button", name="Show the lines around").click()

    reader = inspected.locator("#reader")
    expect(reader.locator("mark")).to_be_in_viewport()
    expect(reader.locator("mark")).to_contain_text(re.compile("pool"))
    assert reader.locator(".surroundings li").count() >= 4
    expect(reader).to_contain_text("all.log")
    assert "ada@mill.example" not in inspected.content()


def test_the_chart_tells_figures_and_its_axis_follows_the_series_that_are_on(inspected: Page) -> None:
    chart = inspected.locator("figure.chart")
    top = chart.locator("text.tick").last
    before = top.text_content()

    everything = chart.get_by_role("button", name="all lines")
    expect(everything).to_have_attribute("aria-pressed", "false")  # it would press the errors flat

    everything.click()
    expect(everything).to_have_attribute("aria-pressed", "true")
    expect(top).not_to_have_text(str(before))
    chart.locator("svg").focus()
    inspected.keyboard.press("End")
    expect(chart.locator(".chart-tip")).to_contain_text(re.compile(r"\d\d:\d\d\s*pay: [\d,]+"))
    expect(chart.locator(".chart-tip")).to_contain_text("all lines: ")
    everything.click()
    chart.locator("svg").focus()
    inspected.keyboard.press("Home")
    expect(chart.locator(".chart-tip")).not_to_contain_text("all lines")
    inspected.keyboard.press("Enter")

    expect(inspected.locator("#question")).to_have_value(re.compile(r"What happened around \d\d:\d\d UTC\?"))


def test_on_a_phone_tables_are_cards_and_nothing_scrolls_sideways(inspected: Page) -> None:
    causes = inspected.get_by_role("region", name="Likely causes")
    expect(causes.locator("thead")).to_be_visible()

    inspected.set_viewport_size({"width": 390, "height": 780})

    cell = causes.locator("td[data-column='Check next']").first
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Check next"'
    for table in inspected.locator(".answered .table:has([data-column])").all():
        assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
    assert inspected.evaluate("document.documentElement.scrollWidth") == 390


def test_the_figures_of_the_chart_stand_in_a_table(inspected: Page) -> None:
    inspected.locator(".figures-of summary").click()

    expect(inspected.locator(".figures-of table")).to_contain_text("2026-03-04 10:00:00")


def test_a_log_with_a_hostile_name_and_hostile_lines_is_shown_as_text(visits: Visits) -> None:
    page = visits.sign_in("Noor Haddad")
    name = "<img src=x onerror=alert(1)>'\"..log"
    trap = [(TEN, "pay", "ERROR", "<script>document.title='taken'</script> <b>pool</b> full")] * 9
    page.evaluate(DROP, [name, log_text() + "\n" + as_upload(trap).content.decode()])
    expect(page.locator("#chips")).to_contain_text("onerror")
    expect(page.locator("#chips")).not_to_contain_text("sending")
    page.get_by_role("textbox", name="Your question").fill("what is wrong?")
    page.keyboard.press("Enter")
    expect(page.locator("article.turn .toolbar")).to_be_visible(timeout=ANSWER_MS)

    expect(page.locator(".answered img[src=x]")).to_have_count(0)
    expect(page.locator(".answered script")).to_have_count(0)
    assert page.title() != "taken"


def test_what_is_asked_on_is_answered_from_the_same_log(inspected: Page) -> None:
    inspected.get_by_role("textbox", name="Your question").fill("only shop")
    inspected.keyboard.press("Enter")

    second = inspected.locator("article.turn").nth(1)
    expect(second.locator(".toolbar")).to_be_visible(timeout=ANSWER_MS)
    expect(second).to_contain_text("Only shop, of 3 services.")
    expect(second.locator("table").first).to_contain_text("shop")
