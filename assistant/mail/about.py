"""Draft an e-mail about an answer: the button under it, and what travels from the answer to the draft.

The bot writes an `AboutAnswer` into a file of the request, and the worker reads it there. It carries no right to
read: each passage is looked up again with the groups of whoever drafts. Minutes travel in their own exported form.
"""

from __future__ import annotations

from assistant.frozen import Frozen
from assistant.jobs import Claim
from assistant.replies import Action, Actions

WRITE_ABOUT = "write_email"  # the button's name, on every platform
ABOUT_TYPE = "application/vnd.steward.answer+json"
ABOUT_NAME = "answer.json"
MINUTES_NAME = "minutes.json"


class AboutAnswer(Frozen):
    """A policy answer that an e-mail is to be about. Stored as a file: add fields with a default."""

    question: str
    claims: tuple[Claim, ...]


def offer_email(label: str = "Draft an e-mail about this") -> Actions:
    """Return the button that goes under an answer."""
    return Actions(items=(Action(name=WRITE_ABOUT, label=label),))
