"""The card that greets whoever adds the bot, with things to ask for at one click."""

from __future__ import annotations

from typing import Any

from assistant.job_kinds import JOB_KINDS
from bot.platforms.teams.cards import card, text_block

# Title of the button, and what it asks; at least one for each kind that works without a file.
PROMPTS = (
    ("How much leave do I have?", "How many days of annual leave do I have?"),
    ("What may I expense?", "What can I expense when I travel?"),
    ("Summarise a meeting", "minutes"),
    ("What can you do?", "help"),
)


def welcome() -> dict[str, Any]:
    """Return the greeting."""
    lines = [f"- **{kind.title}**: {kind.help_line}" for kind in JOB_KINDS.values()]
    body = [
        text_block("Hello, I'm Steward.", weight="Bolder", size="Large", style="heading"),
        text_block("I answer from your company's own documents, say where it stands, and say so when I don't know."),
        text_block("\n".join(lines)),
        text_block(
            "In a channel or group chat, mention me. To stop me, press Stop or write “stop”. "
            "Write “settings” to change how I answer.",
            isSubtle=True,
        ),
    ]
    return {
        "type": "message",
        "summary": "Hello, I'm Steward.",
        "attachments": [card(body, list(map(_ask, PROMPTS)))],
    }


def _ask(prompt: tuple[str, str]) -> dict[str, Any]:
    title, text = prompt
    return {"type": "Action.Submit", "title": title, "data": {"msteams": {"type": "imBack", "value": text}}}
