"""Which job runs next: the fair claim, at a cost that does not grow with the queue.

A claim looks at no more than ASKERS people who have something queued, starting behind the one this process
served last (so that everybody's turn comes round), at the oldest question of each of the next CHANNELS, and at
somebody of each workspace. Of these it picks by priority, then whoever's workspace, then whoever's channel, then
whoever themselves has the fewest running, then age. So a burst in one channel, whether one person's or a hundred's,
delays other channels by no more than the next free slot. Nobody gets more than their cap at once. However long
a queue is, only its head is read.
"""

from __future__ import annotations

from assistant.storage.statements import Statement

ASKERS = 12  # people looked at in one claim; with more waiting, each claim looks at the next ones in turn
CHANNELS = 12  # likewise of channels; a direct message is a channel too
WORKSPACES = 12  # of each of so many workspaces somebody is looked at, however many people the others have waiting
HEADS = 3  # jobs looked at per person and channel on PostgreSQL, where other claimers may hold the first ones

_TAKEN = "job_id kind lane conversation_id attempt created_at started_at deadline_at mention"
_RETURNING = """
    RETURNING id AS job_id, kind, lane, tenant, channel, person_id, @text(mention) AS mention, conversation_id,
              attempt, created_at, started_at, deadline_at
"""
_RETURNING_NEXT = f"{_RETURNING}, (SELECT count(*) FROM heads) AS candidates"  # noqa: S608  nobody's input
# Nobody need wait for the disk here: a claim that a crash takes back leaves the job queued, and what its
# worker writes under the token that nobody knows any more changes nothing. The job's end waits for the disk as ever.
_WITHOUT_FLUSH = ", set_config('synchronous_commit', 'off', TRUE)"
_TAKE = """
    UPDATE jobs SET state = 'running', attempt = attempt + 1, token = :token, owner = :owner,
           lease_until = @in(:lease_seconds), started_at = @now, error_code = NULL, error_message = NULL
"""

_ONE = f"{_TAKE} WHERE id = :job_id AND state = 'queued' AND run_at <= @now AND deadline_at > @now {_RETURNING}"
CLAIM_ONE = Statement(_ONE + _WITHOUT_FLUSH, sqlite=_ONE, returns=_TAKEN)

# Both walk the indices of queued jobs from person to person (a loose index scan): `askers` holds the people, walked
# once from behind the last one served and once from the very start, the second walk ending at the first;
# `workspaces` holds one person of each of the next workspaces, and `channels` the next channels. On PostgreSQL the
# rows with n = 0 are where the walks begin, and nobody's; the text stays below 4,096 characters (statements.py).
_RANKED = """
    running AS MATERIALIZED (
        SELECT tenant, channel, person_id, count(*) AS n FROM jobs WHERE state = 'running'
        GROUP BY tenant, channel, person_id
    ), heads AS MATERIALIZED (
        SELECT c.id, c.priority, c.created_at, coalesce(ours.n, 0) AS ours, coalesce(here.n, 0) AS here,
               coalesce(mine.n, 0) AS mine
        FROM candidates c
        LEFT JOIN (SELECT tenant, person_id, sum(n) AS n FROM running GROUP BY tenant, person_id) mine
            ON mine.tenant = c.tenant AND mine.person_id = c.person_id
        LEFT JOIN (SELECT tenant, channel, sum(n) AS n FROM running GROUP BY tenant, channel) here
            ON here.tenant = c.tenant AND here.channel = c.channel
        LEFT JOIN (SELECT tenant, sum(n) AS n FROM running GROUP BY tenant) ours ON ours.tenant = c.tenant
        WHERE coalesce(mine.n, 0) < :cap
    )
"""
_NEXT_ON_POSTGRESQL = (
    """
    WITH RECURSIVE lanes(lane) AS (
        SELECT jsonb_array_elements_text(@json(:lanes))
    ), last(tenant, channel, person) AS (
        SELECT CAST(:after_tenant AS text), CAST(:after_channel AS text), CAST(:after_person AS text)
    ), askers(lane, tenant, person_id, n, wrapped) AS (
        SELECT l.lane, s.*
        FROM lanes l CROSS JOIN (SELECT tenant, person, 0, FALSE FROM last UNION ALL SELECT '', '', 0, TRUE) s
        UNION ALL
        SELECT a.lane, x.tenant, x.person_id, a.n + 1, a.wrapped
        FROM askers a CROSS JOIN LATERAL (
            SELECT tenant, person_id FROM jobs j
            WHERE j.state = 'queued' AND j.lane = a.lane AND (j.tenant, j.person_id) > (a.tenant, a.person_id)
            ORDER BY j.tenant, j.person_id LIMIT 1) x
        WHERE a.n < :askers
          AND (NOT a.wrapped OR (x.tenant, x.person_id) <= (SELECT tenant, person FROM last))
    ), workspaces(lane, tenant, person_id, n) AS (
        SELECT l.lane, s.tenant, '', 0 FROM lanes l CROSS JOIN (SELECT tenant FROM last UNION ALL SELECT '') s
        UNION ALL
        SELECT w.lane, x.tenant, x.person_id, w.n + 1
        FROM workspaces w CROSS JOIN LATERAL (
            SELECT tenant, person_id FROM jobs j WHERE j.state = 'queued' AND j.lane = w.lane AND j.tenant > w.tenant
            ORDER BY j.tenant, j.person_id LIMIT 1) x
        WHERE w.n < :workspaces
    ), waiting AS (
        SELECT lane, tenant, person_id FROM askers WHERE n > 0
        UNION SELECT lane, tenant, person_id FROM workspaces WHERE n > 0
    ), channels(lane, tenant, channel, n) AS (
        SELECT l.lane, s.*, 0
        FROM lanes l CROSS JOIN (SELECT tenant, channel FROM last UNION ALL SELECT '', '') s
        UNION ALL
        SELECT c.lane, x.tenant, x.channel, c.n + 1
        FROM channels c CROSS JOIN LATERAL (
            SELECT tenant, channel FROM jobs j
            WHERE j.state = 'queued' AND j.lane = c.lane AND (j.tenant, j.channel) > (c.tenant, c.channel)
            ORDER BY j.tenant, j.channel LIMIT 1) x
        WHERE c.n < :channels
    ), candidates AS MATERIALIZED (
        SELECT h.* FROM waiting a CROSS JOIN LATERAL (
            SELECT j.id, j.tenant, j.channel, j.person_id, j.priority, j.created_at FROM jobs j
            WHERE j.state = 'queued' AND j.lane = a.lane AND j.tenant = a.tenant AND j.person_id = a.person_id
              AND j.run_at <= @now AND j.deadline_at > @now
            ORDER BY j.priority, j.created_at LIMIT :heads) h
        UNION
        SELECT h.* FROM (SELECT DISTINCT lane, tenant, channel FROM channels WHERE n > 0) a CROSS JOIN LATERAL (
            SELECT j.id, j.tenant, j.channel, j.person_id, j.priority, j.created_at FROM jobs j
            WHERE j.state = 'queued' AND j.lane = a.lane AND j.tenant = a.tenant AND j.channel = a.channel
              AND j.run_at <= @now AND j.deadline_at > @now
            ORDER BY j.priority, j.created_at LIMIT :heads) h
    ),
    """,
    _RANKED,
    _TAKE,
    """
    WHERE id = (SELECT k.id FROM (SELECT id FROM heads ORDER BY priority, ours, here, mine, created_at) h
                CROSS JOIN LATERAL (SELECT j.id FROM jobs j WHERE j.id = h.id AND j.state = 'queued' @locked) k
                LIMIT 1)
    """,
    _RETURNING_NEXT,
    _WITHOUT_FLUSH,
)
# SQLite is told the index: without figures about the table it takes the other one for a walk, and sorts all. It also
# reads past all rows that equal the left side of `(tenant, channel) > (…)`, so a step of the walk is two looks.
_STEP_ON_SQLITE = """coalesce(
            (SELECT j.id FROM jobs j INDEXED BY {index}
             WHERE j.state = 'queued' AND j.lane = {lane} AND j.tenant = {after}.tenant AND j.{key} > {after}.{key}
             ORDER BY j.{key} LIMIT 1),
            (SELECT j.id FROM jobs j INDEXED BY {index}
             WHERE j.state = 'queued' AND j.lane = {lane} AND j.tenant > {after}.tenant
             ORDER BY j.tenant, j.{key} LIMIT 1))"""


def _step(lane: str, after: str, key: str) -> str:
    """Return the first queued job of the next person or channel behind this one, for SQLite."""
    index = {"person_id": "ix_jobs_queued", "channel": "ix_jobs_queued_channel"}[key]
    return _STEP_ON_SQLITE.format(index=index, lane=lane, after=after, key=key)


_NEXT_ON_SQLITE = (
    f"""
    WITH RECURSIVE askers(id, lane, tenant, person_id, n, wrapped) AS (
        SELECT f.id, f.lane, f.tenant, f.person_id, 1, s.wrapped
        FROM json_each(:lanes) l
        CROSS JOIN (SELECT :after_tenant AS tenant, :after_person AS person_id, 0 AS wrapped
                    UNION ALL SELECT '', '', 1) s
        CROSS JOIN jobs f
        WHERE f.id = {_step("l.value", "s", "person_id")}
          AND (NOT s.wrapped OR (f.tenant, f.person_id) <= (:after_tenant, :after_person))
        UNION ALL
        SELECT f.id, f.lane, f.tenant, f.person_id, a.n + 1, a.wrapped
        FROM askers a CROSS JOIN jobs f
        WHERE f.id = {_step("a.lane", "a", "person_id")}
          AND a.n < :askers AND (NOT a.wrapped OR (f.tenant, f.person_id) <= (:after_tenant, :after_person))
    ), workspaces(id, lane, tenant, person_id, n) AS (
        SELECT f.id, f.lane, f.tenant, f.person_id, 1
        FROM json_each(:lanes) l CROSS JOIN (SELECT :after_tenant AS tenant UNION ALL SELECT '') s CROSS JOIN jobs f
        WHERE f.id = (SELECT j.id FROM jobs j INDEXED BY ix_jobs_queued
                      WHERE j.state = 'queued' AND j.lane = l.value AND j.tenant > s.tenant
                      ORDER BY j.tenant, j.person_id LIMIT 1)
        UNION ALL
        SELECT f.id, f.lane, f.tenant, f.person_id, w.n + 1
        FROM workspaces w CROSS JOIN jobs f
        WHERE f.id = (SELECT j.id FROM jobs j INDEXED BY ix_jobs_queued
                      WHERE j.state = 'queued' AND j.lane = w.lane AND j.tenant > w.tenant
                      ORDER BY j.tenant, j.person_id LIMIT 1)
          AND w.n < :workspaces
    ), waiting AS (
        SELECT lane, tenant, person_id FROM askers UNION SELECT lane, tenant, person_id FROM workspaces
    ), channels(id, lane, tenant, channel, n) AS (
        SELECT f.id, f.lane, f.tenant, f.channel, 1
        FROM json_each(:lanes) l
        CROSS JOIN (SELECT :after_tenant AS tenant, :after_channel AS channel UNION ALL SELECT '', '') s
        CROSS JOIN jobs f
        WHERE f.id = {_step("l.value", "s", "channel")}
        UNION ALL
        SELECT f.id, f.lane, f.tenant, f.channel, c.n + 1
        FROM channels c CROSS JOIN jobs f
        WHERE f.id = {_step("c.lane", "c", "channel")}
          AND c.n < :channels
    ), found AS (
        SELECT (SELECT j.id FROM jobs j INDEXED BY ix_jobs_queued
                WHERE j.state = 'queued' AND j.lane = a.lane AND j.tenant = a.tenant AND j.person_id = a.person_id
                  AND j.run_at <= @now AND j.deadline_at > @now
                ORDER BY j.priority, j.created_at LIMIT 1) AS id FROM waiting a
        UNION
        SELECT (SELECT j.id FROM jobs j INDEXED BY ix_jobs_queued_channel
                WHERE j.state = 'queued' AND j.lane = a.lane AND j.tenant = a.tenant AND j.channel = a.channel
                  AND j.run_at <= @now AND j.deadline_at > @now
                ORDER BY j.priority, j.created_at LIMIT 1) FROM channels a
    ), candidates AS MATERIALIZED (
        SELECT j.id, j.tenant, j.channel, j.person_id, j.priority, j.created_at
        FROM found f CROSS JOIN jobs j WHERE j.id = f.id AND :heads > 0
    ),
    """,  # noqa: S608  the steps above, and nobody's input
    _RANKED,
    _TAKE,
    """
    WHERE id = (SELECT id FROM heads ORDER BY priority, ours, here, mine, created_at LIMIT 1)
    """,
    _RETURNING_NEXT,
)
CLAIM_NEXT = Statement("".join(_NEXT_ON_POSTGRESQL), sqlite="".join(_NEXT_ON_SQLITE), returns=_TAKEN)
