"""The table of job kinds: what Steward can be asked for, and on which terms it runs.

Adding a kind: a row here, a line in workers/registry.py, a folder in workers/jobs/.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobKind:
    """One sort of job.

    `lane` is the queue it waits in; `deadline_seconds` counts from the question to the answer, after which
    the asker is told; `run_seconds` is the soft limit of one attempt. `roles` may run it (empty: everyone).
    """

    name: str
    title: str
    help_line: str
    command_words: tuple[str, ...]
    keywords: tuple[str, ...]
    lane: str
    deadline_seconds: int
    run_seconds: int
    max_attempts: int = 3
    roles: tuple[str, ...] = ()


POLICY_SEARCH = JobKind(
    name="policy_search",
    title="Policy answer",
    help_line="Ask anything about the company's policies; I answer with citations.",
    command_words=("policy", "policies", "ask", "search"),
    keywords=(),
    lane="policy",
    deadline_seconds=600,
    run_seconds=120,
)
MEETING_SUMMARY = JobKind(
    name="meeting_summary",
    title="Meeting minutes",
    help_line="Give me a transcript; I write minutes with decisions and action items.",
    command_words=("minutes", "summarise", "summarize", "summary", "recap"),
    keywords=("minutes", "transcript", "summarise", "summarize", "meeting summary", "recap"),
    lane="summary",
    deadline_seconds=1800,
    run_seconds=900,
)
EMAIL_DRAFT = JobKind(
    name="email_draft",
    title="E-mail draft",
    help_line="Tell me whom to write and why; I draft the e-mail and never send it by myself.",
    command_words=("email", "e-mail", "draft", "mail"),
    keywords=("draft an e-mail", "draft an email", "write an email", "write an e-mail", "draft a reply"),
    lane="email",
    deadline_seconds=900,
    run_seconds=180,
)
LOG_INSPECTION = JobKind(
    name="log_inspection",
    title="Log inspection",
    help_line="Ask what happened to a service, or drop a log file; I look for the cause.",
    command_words=("logs", "log", "inspect"),
    keywords=("logs of", "inspect the logs", "stack trace", "outage", "failing since", "log file"),
    lane="logs",
    deadline_seconds=1800,
    run_seconds=900,
    roles=("engineer", "admin"),
)

DOCUMENT_INGEST = JobKind(
    name="document_ingest",
    title="Add documents",
    help_line="Attach files and say who may read them (allow=everyone); I add them to the company's documents.",
    command_words=("ingest",),
    keywords=(),
    lane="ingest",
    deadline_seconds=7200,
    run_seconds=3600,
    roles=("admin",),
)

JOB_KINDS: dict[str, JobKind] = {
    kind.name: kind for kind in (POLICY_SEARCH, MEETING_SUMMARY, EMAIL_DRAFT, LOG_INSPECTION, DOCUMENT_INGEST)
}

# How many jobs of a lane one worker runs at once, where that is not left to its slots (WORKER_LANE_SLOTS wins).
LANE_SLOTS = {DOCUMENT_INGEST.lane: 1}  # each is a process that computes
SUSPECT_LANE = "suspect"  # re-runs, one at a time, whatever saw a worker die
LANES: tuple[str, ...] = (*sorted({kind.lane for kind in JOB_KINDS.values()}), SUSPECT_LANE)
