"""Which job runs next: the fair claim, at a cost that does not grow with the queue.

A claim looks at no more than ASKERS people who have something queued, starting behind the one this process
served last (so that everybody's turn comes round), and at somebody of each workspace. It takes the head of each
one's queue and picks by priority, then whoever's workspace and then whoever themselves has the fewest running,
then age. Nobody gets more than
their cap at once. However long one person's queue is, only its head is read.
"""

from __future__ import annotations

from assistant.storage.statements import Statement

ASKERS = 12  # people looked at in one claim; with more waiting, each claim looks at the next ones in turn
WORKSPACES = 12  # of each of so many workspaces somebody is looked at, however many people the others have waiting
HEADS = 3  # jobs looked at per person on PostgreSQL, where other claimers may hold the first ones

_TAKEN = "job_id kind lane conversation_id attempt created_at started_at deadline_at mention"
_RETURNING = """
    RETURNING id AS job_id, kind, lane, tenant, person_id, @text(mention) AS mention, conversation_id, attempt,
              created_at, started_at, deadline_at
"""
_TAKE = """
    UPDATE jobs SET state = 'running', attempt = attempt + 1, token = :token, owner = :owner,
           lease_until = @in(:lease_seconds), started_at = @now, error_code = NULL, error_message = NULL
"""

CLAIM_ONE = Statement(
    _TAKE + " WHERE id = :job_id AND state = 'queued' AND run_at <= @now AND deadline_at > @now" + _RETURNING,
    returns=_TAKEN,
)

# Both walk the index of queued jobs from person to person (a loose index scan): `askers` holds the people,
# seeded once behind the last one served and once from the very start, the second walk ending at the first;
# `workspaces` holds one person of each of the next workspaces.
_NEXT_ON_POSTGRESQL = (
    """
    WITH RECURSIVE askers(lane, tenant, person_id, n, wrapped) AS (
        SELECT l.lane, x.tenant, x.person_id, 1, s.wrapped
        FROM jsonb_array_elements_text(@json(:lanes)) AS l(lane)
        CROSS JOIN (VALUES (CAST(:after_tenant AS text), CAST(:after_person AS text), FALSE), ('', '', TRUE))
            AS s(tenant, person_id, wrapped)
        CROSS JOIN LATERAL (
            SELECT tenant, person_id FROM jobs j
            WHERE j.state = 'queued' AND j.lane = l.lane AND (j.tenant, j.person_id) > (s.tenant, s.person_id)
            ORDER BY j.tenant, j.person_id LIMIT 1) x
        WHERE NOT s.wrapped OR (x.tenant, x.person_id) <= (CAST(:after_tenant AS text), CAST(:after_person AS text))
        UNION ALL
        SELECT a.lane, x.tenant, x.person_id, a.n + 1, a.wrapped
        FROM askers a CROSS JOIN LATERAL (
            SELECT tenant, person_id FROM jobs j
            WHERE j.state = 'queued' AND j.lane = a.lane AND (j.tenant, j.person_id) > (a.tenant, a.person_id)
            ORDER BY j.tenant, j.person_id LIMIT 1) x
        WHERE a.n < :askers AND (NOT a.wrapped
              OR (x.tenant, x.person_id) <= (CAST(:after_tenant AS text), CAST(:after_person AS text)))
    ), workspaces(lane, tenant, person_id, n) AS (
        SELECT l.lane, x.tenant, x.person_id, 1
        FROM jsonb_array_elements_text(@json(:lanes)) AS l(lane)
        CROSS JOIN (VALUES (CAST(:after_tenant AS text)), ('')) AS s(tenant)
        CROSS JOIN LATERAL (
            SELECT tenant, person_id FROM jobs j WHERE j.state = 'queued' AND j.lane = l.lane AND j.tenant > s.tenant
            ORDER BY j.tenant, j.person_id LIMIT 1) x
        UNION ALL
        SELECT w.lane, x.tenant, x.person_id, w.n + 1
        FROM workspaces w CROSS JOIN LATERAL (
            SELECT tenant, person_id FROM jobs j WHERE j.state = 'queued' AND j.lane = w.lane AND j.tenant > w.tenant
            ORDER BY j.tenant, j.person_id LIMIT 1) x
        WHERE w.n < :workspaces
    ), waiting AS (
        SELECT lane, tenant, person_id FROM askers UNION SELECT lane, tenant, person_id FROM workspaces
    ), running AS MATERIALIZED (
        SELECT tenant, person_id, count(*) AS n FROM jobs WHERE state = 'running' GROUP BY tenant, person_id
    ), heads AS MATERIALIZED (
        SELECT h.id, h.priority, h.created_at, coalesce(r.n, 0) AS mine,
               coalesce((SELECT sum(n) FROM running t WHERE t.tenant = a.tenant), 0) AS ours
        FROM waiting a
        LEFT JOIN running r ON r.tenant = a.tenant AND r.person_id = a.person_id
        CROSS JOIN LATERAL (
            SELECT j.id, j.priority, j.created_at FROM jobs j
            WHERE j.state = 'queued' AND j.lane = a.lane AND j.tenant = a.tenant AND j.person_id = a.person_id
              AND j.run_at <= @now AND j.deadline_at > @now
            ORDER BY j.priority, j.created_at LIMIT :heads) h
        WHERE coalesce(r.n, 0) < :cap
    )
    """,
    _TAKE,
    """
    WHERE id = (SELECT k.id FROM (SELECT id FROM heads ORDER BY priority, ours, mine, created_at) h
                CROSS JOIN LATERAL (SELECT j.id FROM jobs j WHERE j.id = h.id AND j.state = 'queued' @locked) k
                LIMIT 1)
    """,
    _RETURNING,
)
_NEXT_ON_SQLITE = (
    """
    WITH RECURSIVE askers(id, lane, tenant, person_id, n, wrapped) AS (
        SELECT f.id, f.lane, f.tenant, f.person_id, 1, s.wrapped
        FROM json_each(:lanes) l
        CROSS JOIN (SELECT :after_tenant AS tenant, :after_person AS person_id, 0 AS wrapped
                    UNION ALL SELECT '', '', 1) s
        CROSS JOIN jobs f
        WHERE f.id = (SELECT j.id FROM jobs j
                      WHERE j.state = 'queued' AND j.lane = l.value
                        AND (j.tenant, j.person_id) > (s.tenant, s.person_id)
                      ORDER BY j.tenant, j.person_id LIMIT 1)
          AND (NOT s.wrapped OR (f.tenant, f.person_id) <= (:after_tenant, :after_person))
        UNION ALL
        SELECT f.id, f.lane, f.tenant, f.person_id, a.n + 1, a.wrapped
        FROM askers a CROSS JOIN jobs f
        WHERE f.id = (SELECT j.id FROM jobs j
                      WHERE j.state = 'queued' AND j.lane = a.lane
                        AND (j.tenant, j.person_id) > (a.tenant, a.person_id)
                      ORDER BY j.tenant, j.person_id LIMIT 1)
          AND a.n < :askers AND (NOT a.wrapped OR (f.tenant, f.person_id) <= (:after_tenant, :after_person))
    ), workspaces(id, lane, tenant, person_id, n) AS (
        SELECT f.id, f.lane, f.tenant, f.person_id, 1
        FROM json_each(:lanes) l CROSS JOIN (SELECT :after_tenant AS tenant UNION ALL SELECT '') s CROSS JOIN jobs f
        WHERE f.id = (SELECT j.id FROM jobs j WHERE j.state = 'queued' AND j.lane = l.value AND j.tenant > s.tenant
                      ORDER BY j.tenant, j.person_id LIMIT 1)
        UNION ALL
        SELECT f.id, f.lane, f.tenant, f.person_id, w.n + 1
        FROM workspaces w CROSS JOIN jobs f
        WHERE f.id = (SELECT j.id FROM jobs j WHERE j.state = 'queued' AND j.lane = w.lane AND j.tenant > w.tenant
                      ORDER BY j.tenant, j.person_id LIMIT 1)
          AND w.n < :workspaces
    ), waiting AS (
        SELECT lane, tenant, person_id FROM askers UNION SELECT lane, tenant, person_id FROM workspaces
    ), running AS MATERIALIZED (
        SELECT tenant, person_id, count(*) AS n FROM jobs WHERE state = 'running' GROUP BY tenant, person_id
    ), heads AS MATERIALIZED (
        SELECT (SELECT j.id FROM jobs j
                WHERE j.state = 'queued' AND j.lane = a.lane AND j.tenant = a.tenant AND j.person_id = a.person_id
                  AND j.run_at <= @now AND j.deadline_at > @now
                ORDER BY j.priority, j.created_at LIMIT 1) AS id,
               coalesce(r.n, 0) AS mine,
               coalesce((SELECT sum(n) FROM running t WHERE t.tenant = a.tenant), 0) AS ours
        FROM waiting a LEFT JOIN running r ON r.tenant = a.tenant AND r.person_id = a.person_id
        WHERE coalesce(r.n, 0) < :cap AND :heads > 0
    )
    """,
    _TAKE,
    """
    WHERE id = (SELECT j.id FROM heads h CROSS JOIN jobs j WHERE j.id = h.id
                ORDER BY j.priority, h.ours, h.mine, j.created_at LIMIT 1)
    """,
    _RETURNING,
)
CLAIM_NEXT = Statement("".join(_NEXT_ON_POSTGRESQL), sqlite="".join(_NEXT_ON_SQLITE), returns=_TAKEN)
