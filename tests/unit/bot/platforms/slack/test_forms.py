"""Forms: the files that come with them, and how they look."""

from __future__ import annotations

import html

from assistant.job_kinds import JOB_KINDS
from assistant.preferences import ChannelSettings, PersonSettings
from bot.platforms.slack import modals
from bot.platforms.slack.channel_form import channel_view
from bot.platforms.slack.email_form import email_form
from bot.platforms.slack.my_settings import person_view
from tests.browser.block_kit_views import draw_view
from tests.peers.slack_events import payload
from tests.unit.bot.platforms.slack.conftest import Bot
from tests.unit.bot.platforms.slack.test_interactions import CHANNEL, mention_of, submit


async def test_a_form_takes_files_and_says_which_it_cannot_read(bot: Bot) -> None:
    (file,) = payload("message_file", bot.peer.url)["event"]["files"]
    bot.peer.files["leave.md"] = b"Ann: We ship on Friday."
    picture = {**file, "id": "F2", "name": "board.png", "mimetype": "image/png"}
    both = [{"type": "file_input", "files": [file]}, {"type": "file_input", "files": [file, picture]}]
    taken, refused = [await submit(bot, "steward:ask:meeting_summary", {}, {"files": one}) for one in both]
    (job_id,) = bot.job_ids()

    assert taken is None
    assert [one.name for one in mention_of(bot, job_id).attachments] == [file["name"]]
    assert "board.png: I can't read pictures" in refused["errors"]["files"]


async def test_files_that_slack_hands_over_slowly_are_asked_for_again(bot: Bot) -> None:
    (file,) = payload("message_file", bot.peer.url)["event"]["files"]
    bot.peer.failing_files = 1
    values = {"files": {"type": "file_input", "files": [file]}}
    errors = await submit(bot, "steward:ask:meeting_summary", {}, values)

    assert "send once more" in errors["errors"]["files"]
    assert bot.job_ids() == []


def test_every_form_can_be_drawn_and_looked_at() -> None:
    """A block that the drawing does not know is one that nobody has looked at."""
    views = [modals.ask(kind, {"channel": CHANNEL}) for kind in JOB_KINDS.values()]
    views += [modals.feedback({}), person_view(PersonSettings()), email_form({})]
    views += [channel_view(ChannelSettings(owners=("U0ANN",)), {}, spaces=("hr",))]
    drawn = [draw_view(view) for view in views]

    assert all(html.escape(view["title"]["text"]) in page for view, page in zip(views, drawn, strict=True))
    assert [("Upload or drop files" in page) for page in drawn[: len(JOB_KINDS)]] == [
        name != "policy_search" for name in JOB_KINDS
    ]
