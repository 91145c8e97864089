"""The app's own pages in Slack: the Home tab, and the Messages tab's suggested questions.

Home shows what Steward can do, the person's last questions, their settings and their data (my_settings.py).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp

from assistant.access import may_run
from assistant.job_kinds import JOB_KINDS
from assistant.jobs import JobStatus
from assistant.mentions import Person
from assistant.preferences import PersonSettings
from assistant.storage.job_store import JobView
from bot.platforms.slack import my_settings
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.interactions import Presses
from bot.platforms.slack.parse import AppContext, Envelope, Workspace
from bot.platforms.slack.text import plain, shorten

log = structlog.get_logger()

RECENT = 8
PROMPTS = (
    ("How much leave do I have?", "How many days of annual leave do I have, and how many can I carry over?"),
    ("Plan a trip", "What do I have to do before I book a business trip?"),
    ("Write minutes", "Please write minutes of the transcript I attach."),
    ("Draft an e-mail", "Draft an e-mail to "),
)
BESIDE_A_CHANNEL = (
    ("Recap this channel", "Recap this channel since yesterday"),
    ("What did I miss?", "What did I miss?"),
)
MOST_PLACES = 20_000
STATES = {
    JobStatus.QUEUED: "waits for its turn",
    JobStatus.RUNNING: "at work",
    JobStatus.WAITING: "waits for you",
    JobStatus.SUCCEEDED: "answered",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "stopped",
}
SlackBlock = dict[str, Any]


def register(app: AsyncApp, desk: Desk, presses: Presses) -> None:
    """Put the pages' listener on the Bolt app, and their buttons among the others."""
    home = Home(desk)
    app.event("app_home_opened")(home.on_opened)
    app.event("app_context_changed")(home.on_context_changed)
    app.event("assistant_thread_started")(home.on_thread_started)  # apps made before agent_view
    my_settings.register(app, desk, presses, home.publish)


class Home:
    """Draws the pages when they are opened."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._beside_channel: dict[tuple[str, str], bool] = {}  # direct messages: which suggestions stand there

    async def on_opened(self, body: dict[str, Any]) -> None:
        """Draw the tab that was opened, beside the acknowledgement: it is drawn again at the next look."""
        envelope = Envelope.model_validate(body)
        event, user = envelope.event, str(envelope.event.get("user"))
        if event.get("tab") == "messages":
            self._beside_channel.pop((envelope.workspace.team, str(event.get("channel"))), None)
            self._desk.later(self._suggest(envelope.workspace, str(event.get("channel"))))
        else:
            self._desk.later(self.publish(envelope.workspace, user))

    async def on_context_changed(self, body: dict[str, Any]) -> None:
        """Somebody looks at something else while Steward is open: suggest what fits a channel, or does not.

        Slack's pages don't agree on whether the event says who and where; without either there is nowhere to suggest.
        """
        envelope = Envelope.model_validate(body)
        event = envelope.event
        context = AppContext.of(event.get("context"))
        user, channel = event.get("user"), event.get("channel")
        if isinstance(user, str) or isinstance(channel, str):
            is_beside = context.channel is not None
            self._desk.later(self._follow(envelope.workspace, str(user or ""), str(channel or ""), is_beside))

    async def on_thread_started(self, body: dict[str, Any]) -> None:
        """Somebody opened a conversation in the older assistant's pane: say what can be asked."""
        envelope = Envelope.model_validate(body)
        thread = envelope.event.get("assistant_thread") or {}
        place = str(thread.get("channel_id")), str(thread.get("thread_ts"))
        self._desk.later(self._suggest(envelope.workspace, *place))

    async def publish(self, workspace: Workspace, user_id: str) -> None:
        """Draw the Home tab."""
        bot = await self._desk.installations.bot(workspace)
        known = await self._desk.directory.known(workspace, user_id)
        recent = await asyncio.to_thread(self._desk.dependencies.jobs.recent, workspace.team, user_id, RECENT)
        settings = await asyncio.to_thread(self._desk.preferences.person, workspace.team, user_id)
        view = {"type": "home", "blocks": home_blocks(known.person, recent, settings)}
        await call(self._desk.api.writing(bot.token).views_publish(user_id=user_id, view=view))

    async def _follow(self, workspace: Workspace, user: str, channel: str, is_beside: bool) -> None:
        """Change the suggestions where they no longer fit; a walk through channels changes nothing."""
        bot = await self._desk.installations.bot(workspace)
        channel = channel or await self._desk.messages.direct_channel(bot, workspace.team, user)
        place = (workspace.team, channel)
        if self._beside_channel.get(place, False) == is_beside:
            return
        if len(self._beside_channel) >= MOST_PLACES:
            self._beside_channel.clear()
        self._beside_channel[place] = is_beside
        await self._suggest(workspace, channel, beside_channel=is_beside)

    async def _suggest(
        self, workspace: Workspace, channel: str, thread_ts: str | None = None, *, beside_channel: bool = False
    ) -> None:
        bot = await self._desk.installations.bot(workspace)
        offered = (*BESIDE_A_CHANNEL, *PROMPTS)[: len(PROMPTS)] if beside_channel else PROMPTS
        prompts = [{"title": title, "message": message} for title, message in offered]
        client = self._desk.api.writing(bot.token)
        await call(
            client.assistant_threads_setSuggestedPrompts(
                channel_id=channel, title="Ask me, for example", prompts=prompts, thread_ts=thread_ts
            )
        )


def home_blocks(
    person: Person, recent: list[JobView], settings: PersonSettings = PersonSettings()
) -> list[SlackBlock]:
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
        "text": _plain(
            "Your questions, my answers, your feedback and settings are deleted from my records, here, in Teams and "
            "on the web page. Messages in Slack stay."
        ),
        "confirm": _plain("Forget"),
        "deny": _plain("Keep"),
    }
    forget = {**_button("steward:forget", "Forget me", {}), "style": "danger", "confirm": confirm}
    groups = ", ".join(plain(group) for group in person.groups) or "none beside everybody's"
    change = _button("steward:settings", "Change", {})
    blocks += [
        {"type": "divider"},
        _header("Your settings"),
        {**_section(my_settings.in_words(settings)), "accessory": change},
        {"type": "divider"},
        _header("Your data"),
        _section(f"Role: {plain(person.role)}. Groups whose documents I may quote to you: {groups}."),
        {"type": "actions", "elements": [_button("steward:export", "Export", {}), forget]},
    ]
    return blocks


def _line(view: JobView) -> str:
    question = plain(shorten(" ".join(view.question.split()) or "(a file)", 150))
    at = int(view.created_at.timestamp())
    status = STATES[view.status]
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
