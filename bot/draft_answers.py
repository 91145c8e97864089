"""When a draft ended with a question, the asker's next words in that conversation are its answer.

The answer goes on with the same request: its words, files and options, and what was answered before. The draft that
asked is closed, so that there is one open draft a request.
"""

from __future__ import annotations

from assistant.errors import NothingFound
from assistant.job_kinds import EMAIL_DRAFT, POLICY_SEARCH
from assistant.mentions import Mention
from assistant.storage.draft_store import DraftStore, KeptDraft
from assistant.storage.job_store import JobStore
from bot.routing import Route


class DraftAnswers:
    """Recognises answers; blocks."""

    def __init__(self, drafts: DraftStore, jobs: JobStore) -> None:
        self._drafts = drafts
        self._jobs = jobs

    def question_before(self, mention: Mention, chosen: Route) -> KeptDraft | None:
        """Return the draft whose question this mention answers, or None: it is about something else.

        A command, a file, a keyword or a question of their own begins something new.
        """
        if mention.begins_conversation or chosen.by != "default" or chosen.kind is not POLICY_SEARCH:
            return None
        if mention.text.rstrip().endswith("?"):
            return None
        where = mention.conversation
        kept = self._drafts.asked_last(
            platform=where.platform.value, tenant=where.tenant, channel=where.channel, thread=where.thread
        )
        return kept if kept and kept.person_id == mention.asker.id else None

    def continued(self, mention: Mention, kept: KeptDraft) -> Mention:
        """Return the mention as the request it goes on with."""
        try:
            before = self._jobs.view(kept.job_id)
        except NothingFound:  # deleted in the meantime
            return mention
        options, said = dict(before.options), mention.text.strip()
        options["request"] = options.get("request") or before.question
        if kept.draft.asks_for == "recipient":
            options["answers"] = [*options.get("answers", ()), said]
        elif kept.draft.asks_for == "message":
            options["earlier"] = [*options.get("earlier", ()), said]
        else:
            options["request"] += f"\n{said}"
        attachments = (*before.attachments, *mention.attachments)
        return mention.model_copy(update={"kind": EMAIL_DRAFT.name, "options": options, "attachments": attachments})

    def close(self, kept: KeptDraft) -> None:
        """Close the draft that asked."""
        self._drafts.supersede(kept)
