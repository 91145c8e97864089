"""Tell which questions are about meetings whose minutes are kept, so that they don't go to the company's documents.

Two cases: a question that asks across meetings in so many words ("when did we decide …"), anywhere; and, in a
conversation that has minutes, one that reads as if it were about that meeting. Who may see what is found is decided
by the job; here a conversation is only looked up.
"""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.job_kinds import MEETING_SUMMARY, POLICY_SEARCH
from assistant.mentions import Mention
from assistant.storage.minutes_store import MinutesStore
from bot.routing import Route

_ACROSS = re.compile(
    r"\b(?:when|what|why|where|did|have|has|who)\b[^.?!]*\b(?:did we|have we|we have|was it|we)\s+(?:ever\s+)?"
    r"(?:decided?|agreed?|settled?|resolved?|discuss(?:ed)?|talk(?:ed)? about)\b"
    r"|\b(?:open|outstanding|my|all)\s+(?:action items?|to-?dos?)\b|\baction items? (?:of|for)\b"
    r"|\b(?:open|unanswered) questions? (?:of|from|about|in)\b"
    r"|\b(?:which|what) decisions?\b|\bin (?:which|what) meeting\b|\bin (?:the|our|last|any) [\w\s-]{0,40}meetings?\b"
    r"|\b(?:was haben wir|wann haben wir|haben wir)\b.*\b(?:beschlossen|entschieden|besprochen|vereinbart)\b",
    re.IGNORECASE,
)
_OF_THIS = re.compile(
    r"\b(?:say|said|says|mention(?:ed)?|think|thought|propose[ds]?|suggest(?:ed)?|object(?:ed)?|argue[ds]?|decided?"
    r"|agreed?|discuss(?:ed)?|promise[ds]?|raised?|meeting|minutes|decisions?|action items?|open questions?|they"
    r"|sagte|gesagt|beschlossen|besprochen|vereinbart)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\?\s*$|^\s*(?:who|what|when|where|why|which|how|did|was|were|is|are|wer|wann|warum)\b", re.IGNORECASE
)


def asks_across_meetings(text: str) -> bool:
    """Return whether the words ask for what was decided, promised or said in any meeting."""
    return bool(_ACROSS.search(text))


class MeetingQuestions:
    """Recognises them; blocks."""

    def __init__(self, minutes: MinutesStore) -> None:
        self._minutes = minutes

    def routed(self, mention: Mention, chosen: Route) -> Route:
        """Return the route to the minutes where the question is about meetings, else the one that was chosen.

        A command, a file, a keyword or a button says more than these rules do, and is never overruled.
        """
        if chosen.by != "default" or chosen.kind is not POLICY_SEARCH:
            return chosen
        if asks_across_meetings(mention.text):
            return replace(chosen, kind=MEETING_SUMMARY, by="meeting")
        if not mention.begins_conversation and _QUESTION.search(mention.text) and self._is_of_this(mention):
            return replace(chosen, kind=MEETING_SUMMARY, by="meeting")
        return chosen

    def _is_of_this(self, mention: Mention) -> bool:
        """Return whether the thread has minutes, and the question speaks of what was said or of who was there."""
        people = self._minutes.people_of_thread(mention.conversation)
        names = {part for name in people for part in re.findall(r"[^\W\d_]{3,}", name.lower())}
        asked = set(re.findall(r"[^\W\d_]+", mention.text.lower()))
        return bool(people) and bool(_OF_THIS.search(mention.text) or names & asked)
