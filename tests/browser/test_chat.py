"""From a question to a cited answer and back to the operators, as people do it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

CARRY = "How many days of leave can I carry over?"
Ask = Callable[[Page, str], None]


def job_id_of(page: Page) -> str:
    return page.locator("article.turn").last.get_attribute("data-job") or ""


def kept(job_id: str) -> dict[str, object]:
    return {"job": job_id.replace("-", "")}


def test_a_question_gets_a_cited_answer_whose_passage_opens_highlighted(ines: Page, ask: Ask) -> None:
    ask(ines, CARRY)
    expect(ines.locator(".steps")).to_contain_text("Reading 6 passages")
    expect(ines.locator(".sources .number")).to_have_text(["1", "3", "2"])
    expect(ines.locator(".notice.info")).to_contain_text("no language model")

    ines.locator(".prose .cite", has_text="1").first.click()

    reader = ines.locator("#reader")
    expect(reader.get_by_role("heading", name="Annual leave").first).to_be_visible()
    expect(reader.locator("mark").first).to_be_in_viewport()
    expect(reader.locator("mark").first).to_contain_text("Carried days lapse on 31 March")
    expect(reader).to_contain_text("1 January 2026")
    expect(reader).to_contain_text("People team")


def test_a_quote_from_a_table_is_highlighted_in_its_row(ines: Page, ask: Ask) -> None:
    ask(ines, CARRY)
    ines.locator(".sources .number", has_text="3").click()

    expect(ines.locator("#reader mark")).to_have_text(["illness", "all", "15 months later"])


def test_the_next_source_opens_from_the_pane(ines: Page, ask: Ask) -> None:
    ask(ines, CARRY)
    ines.locator(".source-words").first.click()
    expect(ines.locator("#reader")).to_contain_text("1 of 3")

    ines.get_by_role("button", name="Next source").click()

    expect(ines.locator("#reader")).to_contain_text("2 of 3")
    expect(ines.locator("#reader mark").first).to_contain_text("Ask your manager")


def test_a_thumb_down_with_a_reason_is_found_in_the_database(ines: Page, ask: Ask, steward) -> None:
    ask(ines, CARRY)
    ines.get_by_role("button", name="Something is wrong with it").click()
    dialog = ines.get_by_role("dialog")
    dialog.get_by_label("It is out of date").check()
    dialog.get_by_label("What would have been right?").fill("It is ten days since May.")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_be_hidden()
    expect(ines.get_by_role("status")).to_contain_text("feedback is kept")

    rows = steward.rows(
        "SELECT person_id, verdict, reason, correction FROM feedback WHERE job_id = :job", **kept(job_id_of(ines))
    )

    assert [tuple(row) for row in rows] == [("ines", "down", "outdated", "It is ten days since May.")]


def test_a_thumb_can_be_changed_and_counts_once(ines: Page, ask: Ask, steward) -> None:
    ask(ines, CARRY)
    up, down = (ines.get_by_role("button", name=name) for name in ("Good answer", "Something is wrong with it"))
    down.click()
    ines.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(down).to_have_attribute("aria-pressed", "true")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(down).to_have_attribute("aria-pressed", "false")

    rows = steward.rows("SELECT verdict FROM feedback WHERE job_id = :job", **kept(job_id_of(ines)))

    assert [row.verdict for row in rows] == ["up"]


def test_stop_ends_a_running_job(ines: Page, ask: Ask, steward) -> None:
    ask(ines, "Think about leave slowly")
    ines.get_by_role("button", name="Stop").click()
    expect(ines.locator(".answered")).to_contain_text("Stopped, as you asked.")

    states = steward.rows("SELECT state FROM jobs WHERE id = :job", **kept(job_id_of(ines)))

    assert [row.state for row in states] == ["cancelled"]


def test_a_reload_finds_the_job_still_running_and_then_its_answer(ines: Page, ask: Ask) -> None:
    ask(ines, "Think about leave slowly")
    expect(ines.get_by_role("button", name="Stop")).to_be_visible()
    expect(ines).to_have_url(re.compile("/c/"))
    ines.reload()

    expect(ines.get_by_role("button", name="Stop")).to_be_visible()
    ines.get_by_role("button", name="Stop").click()
    expect(ines.locator(".answered")).to_contain_text("Stopped")


def test_a_failure_is_one_sentence_with_the_jobs_id_and_can_be_asked_again(ines: Page, ask: Ask) -> None:
    ask(ines, "Please break")
    expect(ines.locator(".notice.error")).to_contain_text("Something went wrong on my side")
    expect(ines.locator(".answered .reference")).to_contain_text(job_id_of(ines))

    ines.get_by_role("button", name="Ask again").click()

    expect(ines.locator("article.turn")).to_have_count(2)


def test_the_receipt_shows_model_time_checks_and_job(ines: Page, ask: Ask) -> None:
    ask(ines, CARRY)
    ines.locator(".receipt > summary").click()

    receipt = ines.locator(".receipt-body")
    for words in ("policy_search@3f9a1c", "1,840 in", "retrieval", "267 ms", "word for word", job_id_of(ines)):
        expect(receipt).to_contain_text(words)


def test_every_kind_of_block_is_shown_and_markup_in_it_stays_text(ines: Page, ask: Ask) -> None:
    ask(ines, "Show me everything <img src=x onerror=alert(1)>")
    answer = ines.locator(".answered")

    expect(answer.get_by_role("table", name="Rooms")).to_contain_text("Heron")
    expect(answer.locator(".checklist")).to_contain_text("order the chairs")
    expect(answer.locator("pre").first).to_contain_text("<script>alert(1)</script>")
    expect(answer.get_by_role("img", name=re.compile("Errors rise"))).to_be_visible()
    expect(answer.locator(".draft")).to_contain_text("Still to fill in: number")
    expect(ines.locator(".said")).to_contain_text("<img src=x onerror=alert(1)>")
    assert ines.locator("#messages img, #messages script").count() == 0


def test_a_file_that_the_answer_offers_is_downloaded_by_its_asker_only(ines: Page, ask: Ask, visits) -> None:
    ask(ines, "Show me everything")
    with ines.expect_download() as waiting:
        ines.get_by_role("link", name=re.compile("errors.csv")).click()
    address = waiting.value.url
    noor = visits.sign_in("Noor Haddad")

    assert waiting.value.path().read_text().startswith("minute,errors")
    assert noor.request.get(address).status == 404


def test_a_restricted_document_answers_hr_and_not_an_employee(ines: Page, ask: Ask, visits) -> None:
    ask(ines, "What does band C pay?")
    expect(ines.locator(".notice.refusal")).to_contain_text("people team can help")
    tomas = visits.sign_in("Tomas Berg")
    ask(tomas, "What does band C pay?")

    tomas.locator(".prose .cite").click()

    expect(tomas.locator("#reader mark").first).to_contain_text("52,000 to 61,000")


def test_signing_out_in_one_tab_ends_the_other_and_keeps_its_draft(ines: Page) -> None:
    other = ines.context.new_page()
    other.goto(ines.url)
    other.get_by_role("button", name="Sign out or switch person").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()

    ines.get_by_role("textbox", name="Your question").fill("A question of nobody's")
    ines.keyboard.press("Enter")
    expect(ines.get_by_role("heading", name="Sign in")).to_be_visible()
    ines.get_by_role("button", name=re.compile("Ines")).click()

    expect(ines.get_by_role("textbox", name="Your question")).to_have_value("A question of nobody's")


def test_another_persons_conversation_is_as_good_as_not_there(ines: Page, ask: Ask, visits) -> None:
    ask(ines, CARRY)
    expect(ines.locator(".sources")).to_be_visible()
    noor = visits.sign_in("Noor Haddad", path=ines.url.removeprefix(visits.steward.url))

    expect(noor.locator("#thread-error")).not_to_be_empty()
    expect(noor.locator("article.turn")).to_have_count(0)


def test_a_file_goes_along_and_one_that_is_too_large_is_refused_in_words(ines: Page, ask: Ask, steward) -> None:
    ines.set_input_files("#files", [{"name": "big.log", "mimeType": "text/plain", "buffer": b"x" * 200_001}])
    expect(ines.locator("#composer-error")).to_contain_text("big.log is too large")
    ines.set_input_files("#files", [{"name": "note é.txt", "mimeType": "text/plain", "buffer": b"a note"}])
    expect(ines.locator("#chips")).to_contain_text("note é.txt · 6 B")

    ask(ines, CARRY)

    expect(ines.locator(".asked .chip")).to_contain_text("note é.txt")
    mention = json.loads(str(steward.rows("SELECT mention FROM jobs WHERE id = :job", **kept(job_id_of(ines)))[0][0]))
    assert mention["attachments"][0]["size_bytes"] == 6


def test_a_pasted_file_becomes_an_attachment(ines: Page) -> None:
    ines.locator("#question").evaluate(
        """field => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File(["hi"], "clip.txt", {type: "text/plain"}));
          field.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
        }"""
    )

    expect(ines.locator("#chips")).to_contain_text("clip.txt · 2 B")


def test_with_the_database_away_the_text_stays_and_a_sentence_tells(ines: Page, ask: Ask, steward) -> None:
    steward.run("ALTER TABLE event_claims RENAME TO event_claims_away")
    try:
        ask(ines, "Is my text safe about leave?")
        expect(ines.locator("#thread-error")).to_contain_text("Your text is kept")
        expect(ines.locator("#question")).to_have_value("Is my text safe about leave?")
    finally:
        steward.run("ALTER TABLE event_claims_away RENAME TO event_claims")
    ines.keyboard.press("Enter")

    expect(ines.locator(".sources")).to_be_visible()
    expect(ines.locator("#question")).to_have_value("")
    expect(ines.locator("#thread-error")).to_be_empty()


def test_help_and_too_much_text_are_answered_in_words_without_a_job(ines: Page, ask: Ask) -> None:
    ask(ines, "help")
    expect(ines.locator("#thread-error")).to_contain_text("I can do this")

    ask(ines, "x" * 40_001)

    expect(ines.locator("#thread-error")).to_contain_text("40,001 characters")
    expect(ines.locator("article.turn")).to_have_count(0)


def test_conversations_are_found_renamed_and_deleted(ines: Page, ask: Ask) -> None:
    ask(ines, "Tell me about leave, for the archive")
    expect(ines.locator(".sources")).to_be_visible()
    ines.get_by_role("button", name="Rename the conversation").click()
    ines.get_by_role("textbox", name="Title").fill("Archive of leave")
    ines.keyboard.press("Enter")
    expect(ines.get_by_role("heading", name="Archive of leave")).to_be_visible()
    ines.get_by_role("searchbox", name="Search conversations").fill("archive OF")
    expect(ines.locator(".conversation:visible")).to_have_text(["Archive of leave"])

    ines.get_by_role("button", name="Delete the conversation").click()
    ines.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(ines.get_by_role("heading", name=re.compile("What can I find out"))).to_be_visible()
    expect(ines.locator(".conversation", has_text="Archive of leave")).to_have_count(0)


def test_a_suggested_question_is_asked_with_one_press(ines: Page) -> None:
    ines.locator(".suggestion", has_text="weather").click()

    expect(ines.locator(".notice.refusal")).to_contain_text("no document about the weather")


def test_the_operations_pages_are_for_administrators(ines: Page, ask: Ask, visits) -> None:
    ask(ines, "Leave, as the administrator will see it")
    ines.get_by_role("button", name="Something is wrong with it").click()
    dialog = ines.get_by_role("dialog")
    dialog.get_by_label("A source is missing").check()
    dialog.get_by_role("button", name="Send").click()
    job_id = job_id_of(ines)
    refused = ines.request.get(f"{visits.steward.url}/admin")
    assert (refused.status, "for administrators" in refused.text()) == (403, True)

    ruth = visits.sign_in("Ruth Okafor", path="/admin/feedback?verdict=down")

    row = ruth.locator("tr", has_text="as the administrator will see it").first
    expect(row).to_contain_text("missing source")
    row.get_by_role("link").click()
    expect(ruth.locator(".figures")).to_contain_text(job_id)
    expect(ruth.locator(".quotes blockquote").first).to_contain_text("Carried days lapse")
    for name, words in (("Documents", "Salary bands"), ("Queue", "No worker is alive"), ("Overview", "Questions")):
        ruth.get_by_role("navigation").get_by_role("link", name=name).click()
        expect(ruth.locator(".figures")).to_contain_text(words)
