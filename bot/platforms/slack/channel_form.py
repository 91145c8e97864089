"""The form of a channel's settings: who may open it, what it shows, and what is kept of it.

Rights are looked at when it is opened and again when it is sent: an owner may have been replaced in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from assistant.errors import NotPermitted, RequestInvalid, StewardError
from assistant.job_kinds import JOB_KINDS
from assistant.manner import LANGUAGES, TONES
from assistant.mentions import Platform
from assistant.preferences import CHANNEL_FIELDS, ChannelSettings
from assistant.storage.document_reader import DocumentReader
from assistant.storage.preference_store import SettingsChange
from bot.platforms.slack.client import call
from bot.platforms.slack.desk import Desk
from bot.platforms.slack.directory import Known
from bot.platforms.slack.interactions import CALLED, Press
from bot.platforms.slack.modals import (
    View,
    boxes,
    choice,
    field,
    long_list,
    modal,
    read_place,
    read_values,
    text_input,
)
from bot.platforms.slack.parse import Workspace
from bot.platforms.slack.text import plain, shorten

log = structlog.get_logger()

SHOWN_CHANGES = 3
AS_ASKED = "-"  # the choice that leaves the language to the question
WHOM = (
    "The id of a person (in their profile: ⋯ › Copy member ID, U…) or of a user group (in People › User groups: ⋯ › "
    "Copy group ID, S…). Empty: the button is not shown."
)
WITH_A_MODEL = "Where a language model writes. Quoted sentences stay as the documents have them."


def register(app: AsyncApp, desk: Desk) -> None:
    """Put the form's listener on the Bolt app."""
    app.view("steward:channel")(ChannelForm(desk).on_sent)


class ChannelForm:
    """Opens the form and keeps what comes back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._documents = DocumentReader(desk.dependencies.engine)

    async def open(self, workspace: Workspace, channel: str, user_id: str, trigger_id: str) -> None:
        """Show the form to somebody who may change the channel's settings.

        Raises:
            RequestInvalid: this is no channel.
            NotPermitted: somebody else may, not this person.
        """
        if not channel or channel.startswith("D"):
            raise RequestInvalid("settings outside a channel", reply="Use /steward settings in the channel itself.")
        settings, _ = await self._editable(workspace, channel, user_id)
        changes = await asyncio.to_thread(
            self._desk.preferences.channel_changes, Platform.SLACK, workspace.team, channel, SHOWN_CHANGES
        )
        spaces = await asyncio.to_thread(self._documents.spaces)
        bot = await self._desk.installations.bot(workspace)
        view = channel_view(settings, {"channel": channel}, spaces=spaces, changes=changes)
        await call(self._desk.api.writing(bot.token).views_open(trigger_id=trigger_id, view=view))

    async def on_sent(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Keep the settings, if this person may change them."""
        press = Press.model_validate(body)
        values, channel = read_values(press.view), str(read_place(press.view)["channel"])
        workspace, preferences = press.workspace, self._desk.preferences
        try:
            before, editor = await self._editable(workspace, channel, press.user.id)
        except StewardError as error:
            await ack(response_action="errors", errors={"owners": error.reply})
            return
        errors = mistakes(values, before, editor)
        if errors:
            await ack(response_action="errors", errors=errors)
            return
        after = as_filled_in(values, before)
        await asyncio.to_thread(
            lambda: preferences.save_channel(Platform.SLACK, workspace.team, channel, after, by=press.user.id)
        )
        log.info("channel.set", channel=channel)
        await ack()

    async def _editable(self, workspace: Workspace, channel: str, user_id: str) -> tuple[ChannelSettings, Known]:
        settings = await asyncio.to_thread(self._desk.preferences.channel, Platform.SLACK, workspace.team, channel)
        known = await self._desk.directory.known(workspace, user_id)
        may = user_id in settings.owners or known.is_admin or known.person.role == "admin"
        if known.is_outsider or not may:
            raise NotPermitted(
                "channel settings", reply="Only the channel's owners and workspace admins may do that."
            )
        return settings, known


def channel_view(
    settings: ChannelSettings,
    place: Mapping[str, Any],
    *,
    spaces: Collection[str] = (),
    changes: Sequence[SettingsChange] = (),
) -> View:
    """Return the form, filled in with what holds now."""
    owners: View = {"type": "multi_users_select", "action_id": "value"}
    if settings.owners:
        owners["initial_users"] = list(settings.owners)
    titles = {kind.name: kind.title for kind in JOB_KINDS.values()}
    blocks = [
        field("kinds", "What may be asked here", boxes(titles, settings.kinds), True),
        field(
            "mention",
            "When I answer",
            boxes({"on": "Questions that don't mention me"}, ["on"] if settings.answers_without_mention else []),
            True,
            hint="Messages that end in a question mark and speak to nobody else. In threads I stay silent once a "
            "third person joins.",
        ),
        *_space_field(settings, spaces),
        field(
            "groups",
            "Groups that everybody in this channel is in",
            text_input(", ".join(settings.groups)),
            True,
            hint="I may then quote here what these groups may read. You can add only groups you are in.",
        ),
        field("tone", "Tone of answers", choice(TONES, settings.tone), hint=WITH_A_MODEL),
        field("language", "Language of answers", language_choice(settings.language), hint=WITH_A_MODEL),
        field("handoff", "Whom “Ask a human” calls", text_input(settings.handoff or ""), True, hint=WHOM),
        field("owners", "Who may change this", owners, True, hint="Empty: workspace admins."),
        *_change_lines(changes),
    ]
    return modal("steward:channel", "Steward here", blocks, place, submit="Save")


def language_choice(language: str | None) -> View:
    """Return the list of languages; its first leaves it to the question."""
    return choice({AS_ASKED: "As the question", **LANGUAGES}, language or AS_ASKED)


def mistakes(values: Mapping[str, Any], before: ChannelSettings, editor: Known) -> dict[str, str]:
    """Return a sentence for each field that can't be kept as it was filled in."""
    errors = {}
    handoff = str(values.get("handoff") or "").strip()
    if handoff and not CALLED.fullmatch(handoff):
        errors["handoff"] = "An id such as U024BE7LH or S0614TZR7, please."
    person = editor.person
    foreign = set(_groups(values)) - set(before.groups) - set(person.groups)
    if foreign and person.role != "admin":
        errors["groups"] = f"You are not in {', '.join(sorted(foreign))} yourself, so you can't open its documents."
    return errors


def as_filled_in(values: Mapping[str, Any], before: ChannelSettings) -> ChannelSettings:
    """Return the settings of a form without mistakes; a field that the form did not show stays as it was."""
    language = values.get("language") or AS_ASKED
    return ChannelSettings(
        kinds=tuple(values.get("kinds") or ()),
        groups=_groups(values),
        spaces=tuple(values.get("spaces") or ()) if "spaces" in values else before.spaces,
        tone=values.get("tone") or before.tone,
        language=None if language == AS_ASKED else str(language),
        answers_without_mention=bool(values.get("mention")),
        owners=tuple(values.get("owners") or ()),
        handoff=str(values.get("handoff") or "").strip() or None,
    )


def _groups(values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name.strip() for name in str(values.get("groups") or "").split(",") if name.strip())


def _space_field(settings: ChannelSettings, spaces: Collection[str]) -> list[View]:
    offered = sorted({*spaces, *settings.spaces})
    if not offered:
        return []
    element = long_list(offered, settings.spaces)
    hint = "Empty: from all. Nobody reads more through this than they may anyway."
    return [field("spaces", "Documents that answers come from", element, True, hint=hint)]


def _change_lines(changes: Sequence[SettingsChange]) -> list[View]:
    lines = [
        f"{change.at:%Y-%m-%d %H:%M} UTC · <@{plain(change.changed_by)}> changed "
        + ", ".join(CHANNEL_FIELDS.get(name, name) for name in change.changes)
        for change in changes
    ]
    if not lines:
        return []
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": shorten(line, 300)} for line in lines]}]
