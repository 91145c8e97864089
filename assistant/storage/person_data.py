"""Everything that is kept about one person: shown to them whole, or forgotten.

A person is all of their accounts: the directory's record and the Slack and Teams accounts that were matched to it.
What belongs to the company stays when somebody is forgotten: the directory's own record of them, and the account of
who changed a channel's settings when.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from assistant.mentions import LOCAL_TENANT, Mention
from assistant.storage.blob_store import is_named
from assistant.storage.database import reading, writing
from assistant.storage.statements import Statement

_ACCOUNTS = Statement(
    "SELECT tenant, id, @text(profile) AS profile FROM people WHERE id = :person_id OR tenant <> :home"
)
_PERSON = Statement(
    """
    SELECT name, email, role, @text(groups) AS groups, @text(profile) AS profile FROM people
    WHERE tenant = :tenant AND id = :person_id
    """
)
_SETTINGS = Statement(
    "SELECT @text(settings) AS settings FROM person_settings WHERE tenant = :tenant AND person_id = :person_id"
)
_JOBS = Statement(
    """
    SELECT j.id AS job_id, j.kind, j.state, j.created_at, j.finished_at, @text(j.mention) AS mention, c.title,
           r.outcome, r.answer, @text(p.receipt) AS receipt
    FROM jobs j JOIN conversations c ON c.id = j.conversation_id
    LEFT JOIN results r ON r.job_id = j.id LEFT JOIN receipts p ON p.job_id = j.id
    WHERE j.tenant = :tenant AND j.person_id = :person_id ORDER BY j.created_at
    """,
    returns="job_id created_at finished_at",
)
_FEEDBACK = Statement(
    """
    SELECT f.job_id, f.verdict, f.reason, f.correction, f.updated_at FROM feedback f JOIN jobs j ON j.id = f.job_id
    WHERE j.tenant = :tenant AND f.person_id = :person_id ORDER BY f.updated_at
    """,
    returns="job_id updated_at",
)
_CHANGES = Statement(
    """
    SELECT platform, channel, @text(changes) AS changes, at FROM channel_settings_changes
    WHERE tenant = :tenant AND changed_by = :person_id ORDER BY id
    """,
    returns="at",
)
_DRAFTS = Statement(
    """
    SELECT @text(r.content) AS content FROM drafts d JOIN draft_revisions r ON r.draft_id = d.id
    WHERE d.tenant = :tenant AND d.person_id = :person_id ORDER BY d.created_at, r.revision
    """
)
_SENT_DRAFTS = Statement(
    """
    SELECT id AS draft_id, sent_similarity FROM drafts
    WHERE tenant = :tenant AND person_id = :person_id AND sent_similarity IS NOT NULL ORDER BY created_at
    """
)
_ORDERS = Statement(
    """
    SELECT draft_id, action, revision, content_hash, state, detail, created_at, finished_at FROM draft_orders
    WHERE tenant = :tenant AND person_id = :person_id ORDER BY id
    """,
    returns="created_at finished_at",
)
_MINUTES = Statement(
    """
    SELECT @text(r.content) AS content FROM minutes m JOIN minutes_revisions r ON r.minutes_id = m.id
    WHERE m.tenant = :tenant AND m.asker_id = :person_id ORDER BY m.created_at, r.revision
    """
)
_CORRECTIONS = Statement(
    """
    SELECT r.minutes_id, r.revision, @text(r.changes) AS changes, r.created_at
    FROM minutes_revisions r JOIN minutes m ON m.id = r.minutes_id
    WHERE m.tenant = :tenant AND r.changed_by = :person_id ORDER BY r.created_at
    """,
    returns="minutes_id created_at",
)
_MAIL = Statement(  # that it is connected; its secrets leave the database in no export
    "SELECT channel, address, created_at FROM mail_accounts WHERE tenant = :tenant AND person_id = :person_id",
    returns="created_at",
)
_REPLIES = Statement(
    """
    SELECT @text(r.reply) AS reply FROM results r JOIN jobs j ON j.id = r.job_id
    WHERE j.tenant = :tenant AND j.person_id = :person_id
    """
)
# In this order: rows that hang on the person's jobs go with them, and what others asked in the same thread stays.
_FORGET = tuple(
    Statement(sql)
    for sql in (
        """
        DELETE FROM feedback WHERE person_id = :person_id
        AND job_id IN (SELECT id FROM jobs WHERE tenant = :tenant)
        """,
        "DELETE FROM minutes WHERE tenant = :tenant AND asker_id = :person_id",
        """
        UPDATE minutes_revisions SET changed_by = '' WHERE changed_by = :person_id
        AND minutes_id IN (SELECT id FROM minutes WHERE tenant = :tenant)
        """,
        "DELETE FROM jobs WHERE tenant = :tenant AND person_id = :person_id",
        """
        DELETE FROM turns WHERE person_id = :person_id
        AND conversation_id IN (SELECT id FROM conversations WHERE tenant = :tenant)
        """,
        """
        DELETE FROM conversations WHERE tenant = :tenant AND started_by = :person_id
        AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.conversation_id = conversations.id)
        """,
        """
        UPDATE conversations SET started_by = '', title = NULL
        WHERE tenant = :tenant AND started_by = :person_id
        """,
        "DELETE FROM person_settings WHERE tenant = :tenant AND person_id = :person_id",
        "DELETE FROM watches WHERE tenant = :tenant AND person_id = :person_id",
        "DELETE FROM draft_orders WHERE tenant = :tenant AND person_id = :person_id",
        "DELETE FROM mail_accounts WHERE tenant = :tenant AND person_id = :person_id",
        "DELETE FROM mail_consents WHERE tenant = :tenant AND person_id = :person_id",
    )
)
_COUNT = Statement("SELECT count(*) AS jobs FROM jobs WHERE tenant = :tenant AND person_id = :person_id")
_FORGET_ACCOUNT = Statement("DELETE FROM people WHERE tenant = :tenant AND id = :person_id")
_FORGET_FILE = Statement("DELETE FROM blobs WHERE sha256 = :sha256")
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


@dataclass(frozen=True, slots=True)
class Account:
    """One of a person's identities: a tenant and the id there."""

    tenant: str
    id: str


class PersonData:
    """Reads or deletes all rows about a person, in one transaction each."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def export(self, tenant: str, person_id: str) -> dict[str, Any]:
        """Return everything kept about the person of this account, on all platforms, ready for JSON."""
        with reading(self._engine) as connection:
            accounts = accounts_of(connection, tenant, person_id)
            return {
                "accounts": [_account(connection, one) for one in accounts],
                "settings": [_parsed(row.settings) for one in accounts for row in _SETTINGS(connection, **_key(one))],
                "questions": [_question(row) for one in accounts for row in _JOBS(connection, **_key(one))],
                "drafts": [_parsed(row.content) for one in accounts for row in _DRAFTS(connection, **_key(one))],
                "sent_drafts": [_plain(row) for one in accounts for row in _SENT_DRAFTS(connection, **_key(one))],
                "draft_orders": [_plain(row) for one in accounts for row in _ORDERS(connection, **_key(one))],
                "minutes": [_parsed(row.content) for one in accounts for row in _MINUTES(connection, **_key(one))],
                "minutes_corrected": [
                    {**_plain(row), "minutes_id": str(row.minutes_id), "changes": _parsed(row.changes)}
                    for one in accounts
                    for row in _CORRECTIONS(connection, **_key(one))
                ],
                "mail_accounts": [_plain(row) for one in accounts for row in _MAIL(connection, **_key(one))],
                "feedback": [
                    {**_plain(row), "job_id": str(row.job_id)}
                    for one in accounts
                    for row in _FEEDBACK(connection, **_key(one))
                ],
                "channel_settings_changed": [
                    {**_plain(row), "changes": _parsed(row.changes)}
                    for one in accounts
                    for row in _CHANGES(connection, **_key(one))
                ],
            }

    def forget(self, tenant: str, person_id: str) -> int:
        """Delete what is kept about the person of this account, on all platforms; return how many questions it was.

        A running question of theirs ends unsaid. Files that only they used are deleted too.
        """
        count = 0
        with writing(self._engine) as connection:
            accounts = accounts_of(connection, tenant, person_id)
            files = _files(connection, accounts)
            for account in accounts:
                count += int(_COUNT(connection, **_key(account)).scalar() or 0)
                for statement in _FORGET:
                    statement(connection, **_key(account))
                if account.tenant != LOCAL_TENANT:  # learned from the platform, and learned again when they come back
                    _FORGET_ACCOUNT(connection, **_key(account))
            for sha256 in files:
                if not is_named(connection, sha256):
                    _FORGET_FILE(connection, sha256=sha256)
        return count


def accounts_of(connection: sa.Connection, tenant: str, person_id: str) -> list[Account]:
    """Return the account itself and those of the same directory record, on every platform."""
    rows = _ACCOUNTS(connection, person_id=person_id, home=LOCAL_TENANT).all()
    directory = {(row.tenant, row.id): _parsed(row.profile).get("directory_id") for row in rows}
    own = Account(tenant, person_id)
    record = person_id if tenant == LOCAL_TENANT else directory.get((tenant, person_id))
    if record is None:
        return [own]
    matched = [Account(*place) for place, found in directory.items() if found == record]
    return list(dict.fromkeys([own, Account(LOCAL_TENANT, str(record)), *matched]))


def _account(connection: sa.Connection, account: Account) -> dict[str, Any]:
    row = _PERSON(connection, **_key(account)).mappings().first()
    record = {name: _parsed(row[name]) if name in ("groups", "profile") else row[name] for name in row} if row else {}
    return {"tenant": account.tenant, "id": account.id, **record}


def _question(row: Any) -> dict[str, Any]:
    mention = Mention.model_validate_json(row.mention)
    return {
        "id": str(row.job_id),
        "kind": row.kind,
        "platform": mention.conversation.platform.value,
        "channel": mention.conversation.channel,
        "conversation": row.title,
        "asked_at": _said(row.created_at),
        "finished_at": _said(row.finished_at),
        "state": row.state,
        "question": mention.text,
        "files": [{"name": one.name, "size_bytes": one.size_bytes} for one in mention.attachments],
        "outcome": row.outcome,
        "answer": row.answer,
        "receipt": _parsed(row.receipt) if row.receipt else None,
    }


def _files(connection: sa.Connection, accounts: Collection[Account]) -> list[str]:
    texts = [
        *(row.mention for one in accounts for row in _JOBS(connection, **_key(one))),
        *(row.reply for one in accounts for row in _REPLIES(connection, **_key(one))),
    ]
    return sorted({sha256 for text in texts for sha256 in _SHA256.findall(text)})


def _key(account: Account) -> dict[str, str]:
    return {"tenant": account.tenant, "person_id": account.id}


def _plain(row: Any) -> dict[str, Any]:
    return {name: _said(value) if isinstance(value, datetime) else value for name, value in row._asdict().items()}


def _said(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _parsed(text: str) -> Any:
    return _ANYTHING.validate_json(text)
