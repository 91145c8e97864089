"""Learn from a draft that its asker just saved or sent: how they write, where they let it, and how close it came.

Runs in the transaction that writes the order's end, so a draft teaches exactly once. Only drafts ordered after the
consent count, and in them only what the asker changed in Steward's text (assistant/mail/style.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assistant.jobs import Job
from assistant.mail.draft import BY_ASKER, DraftStatus, EmailDraft
from assistant.mail.style import changed_parts, learn, similarity, style_of
from assistant.manner import MailStyle
from assistant.preferences import PersonSettings
from assistant.storage.preference_store import change_person
from assistant.storage.statements import Statement

MAX_DRAFTS = 30  # looked through, newest first: most are saved as Steward wrote them, and teach nothing

_SETTLED = Statement(
    """
    SELECT o.created_at, @text(r.content) AS content, @text(w.content) AS written FROM draft_orders o
    JOIN draft_revisions r ON r.draft_id = o.draft_id AND r.revision = o.revision
    JOIN draft_revisions w ON w.draft_id = o.draft_id AND w.revision = (
        SELECT max(x.revision) FROM draft_revisions x
        WHERE x.draft_id = o.draft_id AND x.revision <= o.revision AND @field(x.content, written_by) <> :by_asker)
    WHERE o.tenant = :tenant AND o.person_id = :person_id AND @field(r.content, language) = :language
      AND w.revision < r.revision
      AND o.id = (SELECT max(l.id) FROM draft_orders l
                  WHERE l.draft_id = o.draft_id AND l.action IN ('save', 'send') AND l.state = 'done')
    ORDER BY o.id DESC LIMIT :count
    """,
    returns="created_at",
)
_FIRST = Statement(
    "SELECT @text(content) AS content FROM draft_revisions WHERE draft_id = :draft_id AND revision = 1"
)
_KEEP_SIMILARITY = Statement("UPDATE drafts SET sent_similarity = :similarity WHERE id = :draft_id")


def learn_from_order(connection: sa.Connection, job: Job, draft: EmailDraft) -> None:
    """Take in a draft whose saving or sending was just written down as done."""
    if draft.status is DraftStatus.SENT:
        _keep_similarity(connection, draft)
    tenant, asker = job.mention.conversation.tenant, job.mention.asker
    learning = _Learning(connection, tenant, asker.id, asker.name or "", draft)
    change_person(connection, tenant, asker.id, learning.apply)


@dataclass(frozen=True, slots=True)
class _Learning:
    """What one draft changes about its asker's settings."""

    connection: sa.Connection
    tenant: str
    person_id: str
    name: str
    draft: EmailDraft

    def apply(self, settings: PersonSettings) -> PersonSettings:
        """Return the settings with what the latest drafts agree on; as they are without consent."""
        if not settings.learns_mail_style:
            return settings
        known = settings.mail_style(self.draft.language)
        return settings.with_mail_style(learn(known, self._changes(settings)))

    def _changes(self, settings: PersonSettings) -> list[MailStyle]:
        rows = _SETTLED(
            self.connection,
            tenant=self.tenant,
            person_id=self.person_id,
            language=self.draft.language,
            by_asker=BY_ASKER,
            count=MAX_DRAFTS,
        ).all()
        since = settings.learns_mail_style_since
        signer = f"{self.name} {settings.signature}"
        changes = []
        for row in rows:
            if since is not None and row.created_at >= since:
                before, after = (
                    style_of(one.body, one.language, signer=signer)
                    for one in map(EmailDraft.model_validate_json, (row.written, row.content))
                )
                changes.append(changed_parts(before, after))
        return changes


def _keep_similarity(connection: sa.Connection, draft: EmailDraft) -> None:
    first = _FIRST(connection, draft_id=draft.id).scalar()
    if first is not None:
        close = similarity(EmailDraft.model_validate_json(first).body, draft.body)
        _KEEP_SIMILARITY(connection, draft_id=draft.id, similarity=close)
