"""All tables, in the order a question meets them. Migrations in `migrations/` make them; a test compares the two.

Expand first, contract a release later: old workers run while a migration does.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from assistant.storage.database import UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Json = sa.JSON().with_variant(JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only INTEGER PRIMARY KEY counts up on SQLite


def _required(name: str, kind: Any, *args: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *args, nullable=False, **options)


# ------------------------------------------------------------------ who
people = sa.Table(
    "people",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    _required("name", sa.Text),
    sa.Column("email", sa.Text),
    _required("role", sa.Text, server_default="employee"),
    _required("groups", Json),
    _required("profile", Json),  # title, team, office, ids on platforms, sign_in
    _required("updated_at", UtcDateTime),
    sa.Index("ix_people_email", "email"),
)

# ------------------------------------------------------------------ what was said
conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _required("platform", sa.Text),
    _required("tenant", sa.Text),
    _required("channel", sa.Text),
    _required("thread", sa.Text),
    _required("started_by", sa.Text),
    sa.Column("title", sa.Text),
    _required("created_at", UtcDateTime),
    _required("updated_at", UtcDateTime),
    sa.UniqueConstraint("platform", "tenant", "channel", "thread"),
    sa.Index("ix_conversations_started_by_updated_at", "started_by", "updated_at"),
    sa.Index("ix_conversations_updated_at", "updated_at"),
)
event_claims = sa.Table(
    "event_claims",
    metadata,
    sa.Column("event_key", sa.Text, primary_key=True),
    sa.Column("job_id", sa.Uuid),
    _required("claimed_at", UtcDateTime),
    sa.Index("ix_event_claims_claimed_at", "claimed_at"),
)

# ------------------------------------------------------------------ the ledger
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _required("event_key", sa.Text, unique=True),
    _required("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id", ondelete="CASCADE")),
    _required("platform", sa.Text),
    _required("tenant", sa.Text),
    _required("channel", sa.Text, server_default=""),  # its conversation's, for the fair claim
    _required("person_id", sa.Text),
    _required("kind", sa.Text),
    _required("lane", sa.Text),
    _required("priority", sa.SmallInteger, server_default="5"),  # smaller runs first
    _required("mention", Json),
    _required("state", sa.Text),
    _required("attempt", sa.Integer, server_default="0"),
    _required("worker_deaths", sa.Integer, server_default="0"),
    sa.Column("owner", sa.Text),  # the worker that holds it
    sa.Column("token", sa.Text),  # fences: only its holder may finish
    sa.Column("lease_until", UtcDateTime),
    _required("run_at", UtcDateTime),  # not before
    _required("deadline_at", UtcDateTime),
    _required("cancel_requested", sa.Boolean, server_default=sa.false()),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),  # for operators
    _required("created_at", UtcDateTime),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.CheckConstraint(
        "state IN ('queued','running','waiting_for_approval','succeeded','failed','cancelled')", name="state"
    ),
)
sa.Index(
    "ix_jobs_queued",
    jobs.c.lane,
    jobs.c.tenant,
    jobs.c.person_id,
    jobs.c.priority,
    jobs.c.created_at,
    sqlite_where=jobs.c.state == "queued",
    postgresql_where=jobs.c.state == "queued",
)
sa.Index(
    "ix_jobs_queued_channel",
    jobs.c.lane,
    jobs.c.tenant,
    jobs.c.channel,
    jobs.c.priority,
    jobs.c.created_at,
    sqlite_where=jobs.c.state == "queued",
    postgresql_where=jobs.c.state == "queued",
)
sa.Index(
    "ix_jobs_running",
    jobs.c.person_id,
    sqlite_where=jobs.c.state == "running",
    postgresql_where=jobs.c.state == "running",
)
sa.Index("ix_jobs_conversation_id", jobs.c.conversation_id)
sa.Index("ix_jobs_finished_at", jobs.c.finished_at)
sa.Index("ix_jobs_person_id_created_at", jobs.c.person_id, jobs.c.created_at)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _required("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id", ondelete="CASCADE")),
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE")),
    _required("role", sa.Text),  # user or assistant
    sa.Column("person_id", sa.Text),
    _required("text", sa.Text),
    _required("attachments", Json),
    _required("created_at", UtcDateTime),
    sa.Index("ix_turns_conversation_id_id", "conversation_id", "id"),
    sa.Index("ix_turns_job_id", "job_id"),
)
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    _required("platform", sa.Text),
    _required("target", Json),  # the platform's own address
    _required("reply", Json),  # what the one message should say now
    _required("revision", sa.Integer, server_default="1"),
    _required("sent_revision", sa.Integer, server_default="0"),
    sa.Column("handle", Json),  # the platform's id of the message, once posted
    _required("tries", sa.Integer, server_default="0"),
    sa.Column("token", sa.Text),
    sa.Column("lease_until", UtcDateTime),
    _required("next_at", UtcDateTime),
    sa.Column("delivered_at", UtcDateTime),  # when the final reply stood there
    sa.Column("last_error", sa.Text),
)
sa.Index(
    "ix_outbox_due",
    outbox.c.platform,
    outbox.c.next_at,
    sqlite_where=outbox.c.sent_revision < outbox.c.revision,
    postgresql_where=outbox.c.sent_revision < outbox.c.revision,
)
workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _required("lanes", Json),
    _required("slots", sa.Integer),
    _required("started_at", UtcDateTime),
    _required("seen_at", UtcDateTime),
    sa.Column("condition", Json, nullable=True),  # WorkerCondition; null: of a worker that does not tell
)
leaders = sa.Table(
    "leaders",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _required("holder", sa.Text),
    _required("until", UtcDateTime),
)

# ------------------------------------------------------------------ what came of it
job_steps = sa.Table(
    "job_steps",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _required("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE")),
    _required("name", sa.Text),
    _required("text", sa.Text),
    _required("fields", Json),
    _required("at", UtcDateTime),
    sa.Index("ix_job_steps_job_id_id", "job_id", "id"),
)
job_progress = sa.Table(
    "job_progress",
    metadata,
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    _required("text", sa.Text),  # the answer as far as it has come; lossy by design
    _required("updated_at", UtcDateTime),
)
results = sa.Table(
    "results",
    metadata,
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    _required("outcome", sa.Text),  # answered or refused
    _required("answer", sa.Text),
    _required("claims", Json),
    sa.Column("refusal_reason", sa.Text),
    _required("warnings", Json),
    _required("result", Json),
    _required("reply", Json),
    _required("created_at", UtcDateTime),
)
receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    _required("kind", sa.Text),
    _required("outcome", sa.Text),
    _required("model", sa.Text),
    _required("offline", sa.Boolean),
    _required("prompt_version", sa.Text),
    _required("model_calls", sa.Integer),
    _required("tool_calls", sa.Integer),
    _required("input_tokens", sa.Integer),
    _required("output_tokens", sa.Integer),
    sa.Column("cost_usd", sa.Float),
    _required("queue_ms", sa.Float),
    _required("retrieval_ms", sa.Float),
    _required("model_ms", sa.Float),
    _required("validation_ms", sa.Float),
    _required("delivery_ms", sa.Float, server_default="0"),
    _required("total_ms", sa.Float),
    _required("checks_failed", sa.Integer),
    _required("receipt", Json),  # the whole Receipt
    _required("created_at", UtcDateTime),
    sa.Index("ix_receipts_created_at", "created_at"),
)
feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _required("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE")),
    _required("person_id", sa.Text),
    _required("verdict", sa.Text),  # up or down
    sa.Column("reason", sa.Text),  # wrong, outdated, missing_source, not_allowed, too_long, other
    sa.Column("correction", sa.Text),
    _required("created_at", UtcDateTime),
    _required("updated_at", UtcDateTime),
    sa.UniqueConstraint("job_id", "person_id"),
)

# ------------------------------------------------------------------ e-mail drafts
drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _required("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="CASCADE"), unique=True),
    _required("tenant", sa.Text),
    _required("person_id", sa.Text),
    _required("status", sa.Text),
    _required("revision", sa.Integer),  # the latest
    _required("offers", Json),  # what the asker may order: save, send
    sa.Column("remote_id", sa.Text),  # the mail channel's id of the copy in Drafts
    sa.Column("sent_similarity", sa.Float),  # of the sent text to revision 1, 0 to 1; NULL: not sent from here
    _required("created_at", UtcDateTime),
    _required("updated_at", UtcDateTime),
    sa.Index("ix_drafts_tenant_person_id", "tenant", "person_id"),
)
draft_revisions = sa.Table(
    "draft_revisions",
    metadata,
    sa.Column("draft_id", sa.Text, sa.ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    _required("content", Json),
    _required("content_hash", sa.Text),  # of what a recipient would get: what an approval is for
    _required("created_at", UtcDateTime),
)
# The audit log: what was ordered for which revision, by whom, when, and what came of it. No texts, and no foreign
# keys: it outlives a deleted conversation until its retention ends.
draft_orders = sa.Table(
    "draft_orders",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _required("draft_id", sa.Text),
    _required("job_id", sa.Uuid),
    _required("tenant", sa.Text),
    _required("person_id", sa.Text),
    _required("action", sa.Text),  # rewrite, save, send, discard
    _required("revision", sa.Integer),
    _required("content_hash", sa.Text),
    _required("options", Json),  # of a rewrite: tone, length, language
    _required("state", sa.Text),  # pending, started, done, not_done, unknown
    sa.Column("token", sa.Text),  # of the attempt that started it
    sa.Column("detail", sa.Text),
    _required("created_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Index("ix_draft_orders_draft_id", "draft_id"),
    sa.Index("ix_draft_orders_job_id", "job_id"),
    sa.Index("ix_draft_orders_created_at", "created_at"),
)
sa.Index(
    "uq_draft_orders_open",
    draft_orders.c.draft_id,
    unique=True,
    sqlite_where=draft_orders.c.state.in_(["pending", "started"]),
    postgresql_where=draft_orders.c.state.in_(["pending", "started"]),
)

# ------------------------------------------------------------------ minutes
# The library outlives the conversations it came from: minutes have a retention of their own.
minutes = sa.Table(
    "minutes",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("jobs.id", ondelete="SET NULL"), unique=True),
    _required("platform", sa.Text),
    _required("tenant", sa.Text),
    _required("channel", sa.Text),
    _required("asker_id", sa.Text),
    _required("audience", sa.Text),  # who could read them when they were written: the access rule
    _required("document", sa.Text),  # name of the transcript
    sa.Column("held_on", sa.Text),  # ISO date of the meeting, when it is known
    _required("revision", sa.Integer),  # the latest
    _required("created_at", UtcDateTime),
    _required("updated_at", UtcDateTime),
    sa.Index("ix_minutes_tenant_asker_id", "tenant", "asker_id"),
    sa.Index("ix_minutes_tenant_channel", "tenant", "channel"),
    sa.Index("ix_minutes_created_at", "created_at"),
)
minutes_revisions = sa.Table(
    "minutes_revisions",
    metadata,
    sa.Column("minutes_id", sa.Uuid, sa.ForeignKey("minutes.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    _required("content", Json),
    sa.Column("changed_by", sa.Text),  # null: as the job wrote it
    _required("changes", Json),  # a sentence each
    _required("created_at", UtcDateTime),
)
minutes_spoken = sa.Table(
    "minutes_spoken",
    metadata,
    sa.Column("minutes_id", sa.Uuid, sa.ForeignKey("minutes.id", ondelete="CASCADE"), primary_key=True),
    _required("content", Json),  # what was said, so that the meeting can be asked
)
minutes_terms = sa.Table(  # which minutes to look into for a word; the lines themselves are ranked by the job
    "minutes_terms",
    metadata,
    sa.Column("stem", sa.Text, primary_key=True),
    sa.Column("minutes_id", sa.Uuid, sa.ForeignKey("minutes.id", ondelete="CASCADE"), primary_key=True),
    sa.Index("ix_minutes_terms_minutes_id", "minutes_id"),
)
minutes_tickets = sa.Table(
    "minutes_tickets",
    metadata,
    sa.Column("minutes_id", sa.Uuid, sa.ForeignKey("minutes.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),  # the action item's id: one ticket each, whatever is pressed twice
    _required("state", sa.Text),  # pending, started, done, failed
    _required("name", sa.Text, server_default=""),  # the ticket system's own
    sa.Column("url", sa.Text),
    _required("detail", sa.Text, server_default=""),
    _required("ordered_by", sa.Text),
    _required("created_at", UtcDateTime),
    _required("updated_at", UtcDateTime),
)

# ------------------------------------------------------------------ what is looked at again
watches = sa.Table(
    "watches",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _required("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id", ondelete="CASCADE")),
    _required("platform", sa.Text),
    _required("tenant", sa.Text),
    _required("channel", sa.Text),
    _required("person_id", sa.Text),
    _required("mention", Json),  # the question, asked again at every check
    _required("every_seconds", sa.Integer),
    _required("next_at", UtcDateTime),
    _required("expires_at", UtcDateTime),
    _required("checks", sa.Integer, server_default="0"),
    _required("seen", Json),  # what the last check saw, to tell a change from
    _required("state", sa.Text, server_default="active"),  # active or stopped; past its expiry it is neither
    _required("created_at", UtcDateTime),
    sa.Index("ix_watches_conversation_id", "conversation_id"),
)
sa.Index(
    "ix_watches_due",
    watches.c.next_at,
    sqlite_where=watches.c.state == "active",
    postgresql_where=watches.c.state == "active",
)

# ------------------------------------------------------------------ what is known
documents = sa.Table(
    "documents",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _required("space", sa.Text),
    _required("path", sa.Text),  # within the space, "/" between folders
    _required("title", sa.Text),
    _required("source", sa.Text, server_default=""),  # the folder it came from; only that folder may remove it
    sa.Column("url", sa.Text),
    sa.Column("owner", sa.Text),
    _required("regions", Json),
    _required("status", sa.Text, server_default="current"),  # current, superseded, draft
    _required("allow", Json),  # groups that may read it
    sa.Column("version_id", sa.Uuid),  # the version that is searched
    _required("created_at", UtcDateTime),
    _required("updated_at", UtcDateTime),
    sa.Column("deleted_at", UtcDateTime),  # hidden at once, purged later
    sa.UniqueConstraint("space", "path"),
)
document_versions = sa.Table(
    "document_versions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _required("document_id", sa.Uuid, sa.ForeignKey("documents.id", ondelete="CASCADE")),
    _required("number", sa.Integer),  # counted by us from 1
    sa.Column("label", sa.Text),  # what the document calls its version
    _required("raw_sha256", sa.Text),
    _required("text_sha256", sa.Text),
    _required("parser", sa.Text),
    _required("body", sa.Text),  # the parsed text, Markdown; chunks are offsets into it
    sa.Column("effective_from", sa.Date),
    sa.Column("effective_to", sa.Date),
    _required("warnings", Json),
    _required("ingested_at", UtcDateTime),
    sa.Column("ingested_by", sa.Text),
    sa.UniqueConstraint("document_id", "number"),
)
chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _required("document_id", sa.Uuid, sa.ForeignKey("documents.id", ondelete="CASCADE")),
    _required("version_id", sa.Uuid, sa.ForeignKey("document_versions.id", ondelete="CASCADE")),
    _required("ordinal", sa.Integer),
    _required("heading_path", Json),
    sa.Column("page", sa.Integer),
    _required("start_char", sa.Integer),
    _required("end_char", sa.Integer),
    _required("text", sa.Text),
    _required("embedded_sha256", sa.Text),  # hash of what was embedded: title, headings and text
    _required("embedder_id", sa.Text),
    _required("vector", sa.LargeBinary),  # float32, little endian, unit length
    _required("sequence", sa.BigInteger),  # rises with every change; an index catches up from its own
    _required("live", sa.Boolean, server_default=sa.true()),  # False: remove it from the indexes
    sa.UniqueConstraint("version_id", "ordinal"),
    sa.Index("ix_chunks_sequence", "sequence"),
    sa.Index("ix_chunks_document_id", "document_id"),
    sa.Index("ix_chunks_embedded_sha256", "embedded_sha256"),
)
counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _required("value", sa.BigInteger),
)
blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    _required("size_bytes", sa.BigInteger),
    _required("created_at", UtcDateTime),
)
blob_parts = sa.Table(
    "blob_parts",
    metadata,
    sa.Column("sha256", sa.Text, sa.ForeignKey("blobs.sha256", ondelete="CASCADE"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    _required("data", sa.LargeBinary),
)

# ------------------------------------------------------------------ what was set
channel_settings = sa.Table(
    "channel_settings",
    metadata,
    sa.Column("platform", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    _required("settings", Json),
    sa.Column("updated_by", sa.Text),
    _required("updated_at", UtcDateTime),
)
channel_settings_changes = sa.Table(
    "channel_settings_changes",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _required("platform", sa.Text),
    _required("tenant", sa.Text),
    _required("channel", sa.Text),
    _required("changed_by", sa.Text),
    _required("changes", Json),  # field: [before, after]
    _required("at", UtcDateTime),
    sa.Index("ix_channel_settings_changes_channel", "platform", "tenant", "channel", "id"),
)
person_settings = sa.Table(
    "person_settings",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),  # "local" and the directory's id, where an account is matched
    sa.Column("person_id", sa.Text, primary_key=True),
    _required("settings", Json),
    _required("updated_at", UtcDateTime),
)

# ------------------------------------------------------------------ mail accounts
mail_accounts = sa.Table(
    "mail_accounts",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),  # "local" and the directory's id, where an account is matched
    sa.Column("person_id", sa.Text, primary_key=True),
    _required("channel", sa.Text),  # imap, graph, gmail
    _required("address", sa.Text),
    _required("sealed", sa.Text),  # the account with its secrets as JSON, encrypted
    _required("created_at", UtcDateTime),
    _required("updated_at", UtcDateTime),
)
mail_consents = sa.Table(  # begun on the provider's page, and gone once they come back or ten minutes later
    "mail_consents",
    metadata,
    sa.Column("state", sa.Text, primary_key=True),
    _required("tenant", sa.Text),
    _required("person_id", sa.Text),
    _required("channel", sa.Text),
    _required("verifier", sa.Text),
    _required("created_at", UtcDateTime),
)

# ------------------------------------------------------------------ Slack's own
slack_installations = sa.Table(
    "slack_installations",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # enterprise:team, either may be "-"; or env:<hash of the token>
    sa.Column("enterprise_id", sa.Text),
    sa.Column("team_id", sa.Text),
    _required("is_enterprise_install", sa.Boolean, server_default=sa.false()),
    sa.Column("bot_id", sa.Text),
    sa.Column("bot_user_id", sa.Text),
    _required("sealed", sa.Text),  # the installation with its tokens as JSON, encrypted; empty: token in the settings
    _required("updated_at", UtcDateTime),
)
slack_oauth_states = sa.Table(
    "slack_oauth_states",
    metadata,
    sa.Column("state", sa.Text, primary_key=True),
    _required("created_at", UtcDateTime),
)
slack_channels = sa.Table(  # moved into channel_settings; dropped a release later
    "slack_channels",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    _required("settings", Json),
    sa.Column("updated_by", sa.Text),
    _required("updated_at", UtcDateTime),
)
slack_threads = sa.Table(
    "slack_threads",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("thread", sa.Text, primary_key=True),
    _required("others_spoke_at", UtcDateTime),  # a third person joined: no answer without a mention any more
)
