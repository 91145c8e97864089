"""The app's own pages in Slack: the Home tab, and the Messages tab's suggested questions.

Home shows what Steward can do, the person's last questions, and their data: export it, or have it forgotten.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp

from assistant.access import may_run
from assistant.job_kinds import JOB_KINDS
from assistant.mentions import Person, Platform
from assistant.storage.job_store import JobView
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.interactions import Press, Presses
from bot.platforms.slack.parse import Envelope, Workspace
from bot.platforms.slack.text import plain, shorten

log = structlog.get_logger()

RECENT = 8
EXPORTED_CONVERSATIONS = 500
PROMPTS = (
    ("How much leave do I have?", "How many days of annual leave do I have, and how many can I carry over?"),
    ("Plan a trip", "What do I have to do before I book a business trip?"),
    ("Write minutes", "Please write minutes of the transcript I attach."),
    ("Draft an e-mail", "Draft an e-mail to "),
)
SlackBlock = dict[str, Any]


def register(app: AsyncApp, desk: Desk, presses: Presses) -> None:
    """Put the pages' listener on the Bolt app, and their buttons among the others."""
    home = Home(desk)
    app.event("app_home_opened")(home.on_opened)
    presses.add("export", home.export)
    presses.add("forget", home.forget)


class Home:
    """Draws the pages when they are opened."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def on_opened(self, body: dict[str, Any]) -> None:
        """Draw the tab that was opened, beside the acknowledgement: it is drawn again at the next look."""
        envelope = Envelope.model_validate(body)
        event, user = envelope.event, str(envelope.event.get("user"))
        if event.get("tab") == "messages":
            self._desk.later(self._suggest(envelope.workspace, str(event.get("channel"))))
        else:
            self._desk.later(self.publish(envelope.workspace, user))

    async def publish(self, workspace: Workspace, user_id: str) -> None:
        """Draw the Home tab."""
        bot = await self._desk.installations.bot(workspace)
        known = await self._desk.directory.known(workspace, user_id)
        recent = await asyncio.to_thread(self._desk.dependencies.jobs.recent, workspace.team, user_id, RECENT)
        view = {"type": "home", "blocks": home_blocks(known.person, recent)}
        await call(self._desk.api.writing(bot.token).views_publish(user_id=user_id, view=view))

    async def _suggest(self, workspace: Workspace, channel: str) -> None:
        bot = await self._desk.installations.bot(workspace)
        prompts = [{"title": title, "message": message} for title, message in PROMPTS]
        client = self._desk.api.writing(bot.token)
        await call(
            client.assistant_threads_setSuggestedPrompts(
                channel_id=channel, title="Ask me, for example", prompts=prompts
            )
        )

    # -------------------------------------------------------------- my data
    async def export(self, press: Press, _value: dict[str, Any]) -> None:
        """Send the person everything kept of their conversations in Slack, as a JSON file."""
        self._desk.later(self._send_export(press.workspace, press.user.id))

    async def _send_export(self, workspace: Workspace, user_id: str) -> None:
        content = await asyncio.to_thread(self._exported, workspace, user_id)
        bot = await self._desk.installations.bot(workspace)
        channel = await self._desk.messages.direct_channel(bot, workspace.team, user_id)
        client = self._desk.api.writing(bot.token)
        await call(
            client.files_upload_v2(
                channel=channel,
                content=content,
                filename="steward-export.json",
                title="What Steward keeps of you",
                initial_comment="Your questions in Slack and my answers, as they are kept.",
            )
        )

    def _exported(self, workspace: Workspace, user_id: str) -> str:
        stores = self._desk.dependencies
        found = stores.conversations.list_for(Platform.SLACK, workspace.team, user_id, EXPORTED_CONVERSATIONS)
        said = []
        for conversation in found:
            turns = stores.conversations.recent_turns(conversation.id, before_job=None, limit=1_000)
            lines = [{"at": turn.created_at.isoformat(), "by": turn.role, "text": turn.text} for turn in turns]
            said.append({"title": conversation.title, "channel": conversation.key.channel, "turns": lines})
        drafts = stores.drafts.export(workspace.team, user_id)
        return json.dumps({"person": user_id, "conversations": said, **drafts}, ensure_ascii=False, indent=1)

    async def forget(self, press: Press, _value: dict[str, Any]) -> None:
        """Delete the person's conversations in Slack with their jobs; Slack's own messages stay where they are."""
        count = await asyncio.to_thread(self._forget, press.workspace, press.user.id)
        log.info("slack.person_forgotten", conversations=count)
        self._desk.later(self.publish(press.workspace, press.user.id))

    def _forget(self, workspace: Workspace, user_id: str) -> int:
        stores, count = self._desk.dependencies, 0
        while found := stores.conversations.list_for(Platform.SLACK, workspace.team, user_id, 100):
            for conversation in found:
                stores.conversations.delete(conversation.id)
                count += 1
        return count


def home_blocks(person: Person, recent: list[JobView]) -> list[SlackBlock]:
    """Return the Home tab of this person."""
    name = f", {person.name}" if person.name else ""
    blocks: list[SlackBlock] = [
        _header(shorten(f"Hello{name}", 150)),
        _section("Ask me here, or mention me anywhere."),
    ]
    for kind in JOB_KINDS.values():
        if may_run(person, kind):
            button = _button(f"steward:ask:{kind.name}", "Ask", {"kind": kind.name})
            blocks.append({**_section(f"*{plain(kind.title)}*\n{plain(kind.help_line)}"), "accessory": button})
    blocks += [{"type": "divider"}, _header("Your last questions")]
    blocks += [_section(_line(view)) for view in recent] or [_section("None yet.")]
    confirm = {
        "title": _plain("Forget everything?"),
        "text": _plain("My records of your conversations in Slack are deleted. Messages in Slack stay."),
        "confirm": _plain("Forget"),
        "deny": _plain("Keep"),
    }
    forget = {**_button("steward:forget", "Forget me", {}), "style": "danger", "confirm": confirm}
    groups = ", ".join(plain(group) for group in person.groups) or "none beside everybody's"
    blocks += [
        {"type": "divider"},
        _header("Your data"),
        _section(f"Role: {plain(person.role)}. Groups whose documents I may quote to you: {groups}."),
        {"type": "actions", "elements": [_button("steward:export", "Export", {}), forget]},
    ]
    return blocks


def _line(view: JobView) -> str:
    question = plain(shorten(" ".join(view.question.split()) or "(a file)", 150))
    at = int(view.created_at.timestamp())
    status = view.status.value.replace("_", " ")
    when = f"<!date^{at}^{{date_short_pretty}} {{time}}|{view.created_at:%d %b}>"
    return f"{question}\n_{status}_ · {when}"


def _header(text: str) -> SlackBlock:
    return {"type": "header", "text": _plain(text)}


def _section(text: str) -> SlackBlock:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _button(action_id: str, label: str, value: dict[str, str]) -> SlackBlock:
    return {"type": "button", "action_id": action_id, "text": _plain(label), "value": json.dumps(value)}


def _plain(text: str) -> SlackBlock:
    return {"type": "plain_text", "text": text}
