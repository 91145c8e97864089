"""An e-mail draft on the page, over the real demo: asked for, edited in place, rewritten, downloaded, discarded."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import Running
from tests.browser.visits import Visits

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

THREAD = (
    "Draft a reply that we accept the offer.\n\n"
    "From: Nora Blum <nora@flowers.example>\nSubject: Offer 88-17\n\n"
    "Dear colleague, the flowers cost EUR 640. Do you accept?\n\nNora"
)


@pytest.fixture
def page(browser: Browser, demo: Running) -> Iterator[Page]:
    visits = Visits(browser, demo)
    page = visits.sign_in("Mara")
    page.get_by_role("textbox", name="Your question").fill(THREAD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("E-mail draft", exact=True)).to_contain_text("revision 1: not sent", timeout=60_000)
    yield page
    visits.close()


def download(page: Page, folder: Path) -> dict[str, str]:
    with page.expect_download() as started:
        page.get_by_role("link", name="Download .eml").click()
    path = folder / "draft.eml"
    started.value.save_as(path)
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return {"body": message.get_content(), **{name.lower(): str(value) for name, value in message.items()}}


def test_a_thread_becomes_a_draft_that_is_edited_in_place_and_read_back_from_its_file(
    page: Page, demo: Running, tmp_path: Path
) -> None:
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Edit the draft")
    expect(dialog.get_by_label("To", exact=True)).to_have_value("nora@flowers.example")
    dialog.get_by_label("Cc", exact=True).fill("Bo Sand <bo@heron.example>")
    dialog.get_by_label("Subject").fill("Offer 88-17 accepted")
    dialog.get_by_label("Text").fill("Dear Nora,\n\nwe accept. Grüße")
    dialog.get_by_role("button", name="Keep").click()

    draft = page.get_by_label("E-mail draft", exact=True)
    expect(draft).to_contain_text("revision 2: not sent")
    expect(page.locator("article.turn")).to_have_count(1)
    eml = download(page, tmp_path)
    assert (eml["to"], eml["cc"], eml["subject"]) == (
        "nora@flowers.example",
        "bo@heron.example",
        "Offer 88-17 accepted",
    )
    assert eml["body"].replace("\r\n", "\n").strip() == "Dear Nora,\n\nwe accept. Grüße"
    assert eml["x-unsent"] == "1"
    assert len(demo.rows("SELECT 1 FROM draft_revisions")) >= 2


def test_what_no_mail_may_hold_is_refused_with_a_sentence(page: Page) -> None:
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Edit the draft")
    dialog.get_by_label("To", exact=True).fill("everybody")
    dialog.get_by_role("button", name="Keep").click()

    expect(page.get_by_text("“everybody” is no e-mail address.")).to_be_visible()
    expect(page.get_by_label("E-mail draft", exact=True)).to_contain_text("revision 1")


def test_a_friendlier_wording_replaces_the_draft_and_sending_is_nowhere_offered(page: Page) -> None:
    expect(page.get_by_role("button", name="Send", exact=True).locator("visible=true")).to_have_count(1)  # composer's

    page.get_by_role("button", name="Friendlier").click()

    draft = page.get_by_label("E-mail draft", exact=True)
    expect(draft).to_contain_text("revision 2", timeout=30_000)
    expect(draft).to_contain_text("Best wishes")


def test_another_tone_and_language_come_from_one_form(page: Page) -> None:
    page.get_by_role("button", name="Change …").click()
    dialog = page.get_by_role("dialog", name="Write it anew")
    dialog.get_by_label("Tone").select_option("formal")
    dialog.get_by_label("Language").select_option("de")
    dialog.get_by_role("button", name="Write").click()

    draft = page.get_by_label("E-mail draft", exact=True)
    expect(draft).to_contain_text("revision 2", timeout=30_000)
    expect(draft).to_contain_text("Mit freundlichen Grüßen")


def test_a_discarded_draft_can_be_read_and_no_longer_changed(page: Page) -> None:
    page.get_by_role("button", name="Discard").click()

    expect(page.get_by_label("E-mail draft", exact=True)).to_contain_text("discarded, not sent", timeout=30_000)
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)


def test_a_form_that_was_opened_on_an_older_revision_changes_nothing_and_says_so(page: Page) -> None:
    page.get_by_role("button", name="Edit").click()
    late = page.get_by_role("dialog", name="Edit the draft")
    late.get_by_label("Text").fill("Dear Nora, from the first tab.")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("html[data-ready]", state="attached")
    other.get_by_role("button", name="Edit").click()
    early = other.get_by_role("dialog", name="Edit the draft")
    early.get_by_label("Text").fill("Dear Nora, from the second tab.")
    early.get_by_role("button", name="Keep").click()
    expect(other.get_by_label("E-mail draft", exact=True)).to_contain_text("revision 2")
    late.get_by_role("button", name="Keep").click()

    expect(page.get_by_text("This draft has changed since.")).to_be_visible()
    expect(page.get_by_label("E-mail draft", exact=True)).to_contain_text("from the second tab")
    other.close()


def test_pressed_twice_a_rewriting_is_one_revision(page: Page, demo: Running) -> None:
    page.get_by_role("button", name="Friendlier").dblclick()

    draft = page.get_by_label("E-mail draft", exact=True)
    expect(draft).to_contain_text("Best wishes", timeout=30_000)
    expect(draft).to_contain_text("revision 2")
    latest = "(SELECT draft_id FROM draft_orders ORDER BY id DESC LIMIT 1)"
    assert len(demo.rows(f"SELECT 1 FROM draft_orders WHERE draft_id = {latest}")) == 1


def test_an_answer_becomes_an_e_mail_whose_facts_open_the_policy(page: Page) -> None:
    page.get_by_role("textbox", name="Your question").fill("How many days of annual leave do I have?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Draft an e-mail about this").click(timeout=60_000)
    dialog = page.get_by_role("dialog", name="Draft an e-mail about this")
    dialog.get_by_label("To (names or addresses)").fill("info@shop.example")
    dialog.get_by_label("Tone").select_option("friendly")
    dialog.get_by_role("button", name="Draft", exact=True).click()

    draft = page.get_by_label("E-mail draft", exact=True).last
    expect(draft).to_contain_text("info@shop.example", timeout=60_000)
    expect(draft).to_contain_text("Our policy “Annual Leave” says:")
    draft.locator("button.fact").first.click()
    expect(page.locator("#document-body mark")).to_be_visible()


def test_how_somebody_writes_stands_in_their_settings_and_frames_their_next_draft(page: Page, demo: Running) -> None:
    page.goto(f"{demo.url}/settings")
    learn = page.get_by_label("Learn how I begin and end e-mails")
    expect(learn).not_to_be_checked()
    learn.check()
    page.get_by_role("button", name="Save").click()
    page.get_by_label("My e-mails in English").fill("Hiya {name},\n…\nTake care,\nInes\nFacilities")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("My e-mails in English")).to_have_value("Hiya {name},\n…\nTake care,\nInes\nFacilities")
    page.goto(demo.url)
    page.wait_for_selector("html[data-ready]", state="attached")
    page.get_by_role("textbox", name="Your question").fill(THREAD)
    page.keyboard.press("Enter")

    draft = page.get_by_label("E-mail draft", exact=True)
    expect(draft).to_contain_text("Hiya Nora,", timeout=60_000)
    expect(draft).to_contain_text("Take care,\nInes\nFacilities", use_inner_text=True)
    page.goto(f"{demo.url}/settings")
    page.get_by_label("Learn how I begin and end e-mails").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("My e-mails in English")).to_have_count(0)
