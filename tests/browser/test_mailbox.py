"""The whole way of an e-mail: thread, draft, edit, saved to a real Dovecot and read back, sent by a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import Running, start_demo
from tests.browser.visits import Visits
from tests.contract.mail_harness import body_of
from tests.peers.dovecot import PASSWORD, Dovecot, dovecot, why_missing
from tests.peers.mail_services import parsed
from tests.peers.smtp_server import SmtpServer, smtp_server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.services]

THREAD = (
    "Draft a reply that we accept the offer.\n\n"
    "From: Nora Blum <nora@flowers.example>\nSubject: Offer 88-17\nMessage-ID: <offer@flowers.example>\n\n"
    "Dear colleague, the flowers cost EUR 640. Do you accept?\n\nNora"
)


@dataclass
class Office:
    """The demo with mail servers behind it."""

    demo: Running
    imap: Dovecot
    smtp: SmtpServer
    address: str = ""

    def held(self, mailbox: str) -> list[str]:
        return [body_of(parsed(data)) for data in self.imap.messages(self.address, mailbox)]


@pytest.fixture(scope="module")
def office(
    tmp_path_factory: pytest.TempPathFactory, company: Path, missing: Callable[[str, object], None]
) -> Iterator[Office]:
    if why := why_missing():
        missing("Dovecot", why)
    with ExitStack() as stack:
        imap = stack.enter_context(dovecot())
        smtp = stack.enter_context(smtp_server())
        demo = start_demo(
            tmp_path_factory.mktemp("demo"),
            company=company,
            EMAIL_CHANNELS="imap",
            EMAIL_IMAP_URL=f"imap://127.0.0.1:{imap.port}",
            EMAIL_SMTP_URL=f"smtp://127.0.0.1:{smtp.port}",
            EMAIL_SENDING="true",
        )
        stack.callback(demo.stop)
        yield Office(demo, imap, smtp)


@pytest.fixture
def page(browser: Browser, office: Office) -> Iterator[Page]:
    visits = Visits(browser, office.demo)
    page = visits.page()
    page.goto(office.demo.url)
    person_id = page.locator("[name=person]").first.get_attribute("value")
    page.locator("form button").first.click()
    page.wait_for_selector("html[data-ready]", state="attached")
    [row] = office.demo.rows(f"SELECT email FROM people WHERE tenant = 'local' AND id = '{person_id}'")
    office.address = office.imap.add_user(str(row[0]))
    yield page
    visits.close()


def connect(page: Page, office: Office) -> None:
    page.goto(f"{office.demo.url}/settings")
    page.get_by_role("link", name="Your mailbox").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("status")).to_contain_text(f"Connected: {office.address} by IMAP and SMTP.")


def edit(page: Page, text: str) -> None:
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Edit the draft")
    dialog.get_by_label("Text").fill(text)
    dialog.get_by_role("button", name="Keep").click()


def test_a_thread_becomes_a_draft_that_is_edited_saved_read_back_and_sent_once(page: Page, office: Office) -> None:
    connect(page, office)
    page.goto(office.demo.url)
    page.wait_for_selector("html[data-ready]", state="attached")
    page.get_by_role("textbox", name="Your question").fill(THREAD)
    page.keyboard.press("Enter")
    draft = page.get_by_label("E-mail draft", exact=True)
    expect(draft).to_contain_text("revision 1: not sent", timeout=60_000)

    edit(page, "Dear Nora,\n\nwe accept. Grüße")
    expect(draft).to_contain_text("revision 2")
    page.get_by_role("button", name="Save to Drafts").click()
    expect(page.get_by_text("Revision 2 lies in your Drafts.")).to_be_visible(timeout=30_000)
    assert office.held("Drafts") == ["Dear Nora,\n\nwe accept. Grüße"]

    edit(page, "Dear Nora,\n\nwe gladly accept.")
    expect(draft).to_contain_text("revision 3")
    page.get_by_role("button", name="Save to Drafts").click()
    expect(page.get_by_text("Revision 3 lies in your Drafts.")).to_be_visible(timeout=30_000)
    assert office.held("Drafts") == ["Dear Nora,\n\nwe gladly accept."]
    assert office.smtp.taken == []

    page.locator("article.turn").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Sent to nora@flowers.example.")).to_be_visible(timeout=30_000)
    assert [envelope.rcpt_tos for envelope in office.smtp.taken] == [["nora@flowers.example"]]
    assert (office.held("Drafts"), office.held("Sent")) == ([], ["Dear Nora,\n\nwe gladly accept."])


def test_a_wrong_password_is_told_and_not_kept(page: Page, office: Office) -> None:
    page.goto(f"{office.demo.url}/settings/mail")
    if page.get_by_role("button", name="Disconnect and forget").count():
        page.get_by_role("button", name="Disconnect and forget").click()
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Connect").click()

    expect(page.get_by_text("The mail server refused this name and password. Nothing was kept.")).to_be_visible()
    assert office.demo.rows("SELECT 1 FROM mail_accounts") == []
