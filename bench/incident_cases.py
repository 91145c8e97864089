"""The incidents of bench/incidents.py: twenty-eight that differ in cause."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """What goes wrong, where, and what the right answer is."""

    name: str
    world: str
    root: str  # gold: the service it began in
    key: str  # gold: a part of the message that tells the cause, as written
    own: tuple[tuple[str, str], ...]  # level and text of what the root writes for a failing request
    symptom: str  # what a caller writes; {callee} is filled in
    aside: tuple[tuple[str, str, str, float], ...] = ()  # service, level, text, times a minute, while it lasts
    steady: tuple[tuple[str, str, str, float], ...] = ()  # service, level, text, times a minute, all the time
    markers: tuple[tuple[float, str, str], ...] = ()  # seconds before (negative) the start, service, text
    decoys: tuple[tuple[float, str, str, str, int], ...] = ()  # minute, service, level, text, lines
    share: float = 0.6  # of requests through the root that fail
    ramp_minutes: float = 0.0
    kind: str = ""  # gold: the detector that should name the cause; empty: not measured
    silent_root: bool = False  # the root writes no failing requests itself, only `aside`


_CALL_FAILED = "call to {callee} failed after {ms} ms: timeout"
_REFUSED = "could not reach {callee}: connection refused"
_BAD_ANSWER = "{callee} answered 500 to request {id}"

CASES: tuple[Case, ...] = (
    Case(
        "pool leak after a release",
        "shop",
        "payments",
        "no free connection in pool",
        (("ERROR", "no free connection in pool main after {ms} ms, {n} waiting"),),
        _CALL_FAILED,
        markers=((-120, "payments", "starting payments version 4.18.0 build {n}"),),
        ramp_minutes=3,
        decoys=((22, "stock", "WARN", "warehouse feed {id} is late", 14),),
    ),
    Case(
        "out of memory",
        "media",
        "recommender",
        "killed",
        (
            ("FATAL", "process killed: out of memory while ranking {n} candidates"),
            ("ERROR", "worker {n} lost, request {id} dropped"),
        ),
        _REFUSED,
        aside=(("recommender", "WARN", "heap at 9{d} percent of its limit", 4),),
        share=0.5,
    ),
    Case(
        "disk full under the database",
        "shop",
        "postgres",
        "No space left on device",
        (("ERROR", 'could not extend file "base/16384/{n}": No space left on device'),),
        "write failed: database error from {callee}",
        share=0.8,
        decoys=((35, "catalog", "ERROR", "picture service answered 404 for product {n}", 9),),
    ),
    Case(
        "certificate ran out",
        "bank",
        "identity",
        "certificate has expired",
        (("ERROR", "handshake with key server failed: certificate has expired"),),
        "token could not be verified: {callee} unavailable",
        share=0.9,
        markers=((-1500, "fraud", "deployed fraud rules revision {n}"),),
    ),
    Case(
        "names no longer resolve",
        "media",
        "upload-api",
        "no such host",
        (("ERROR", "lookup storage.internal failed: no such host"),),
        _BAD_ANSWER,
        share=0.7,
        aside=(("mailer", "WARN", "digest {id} postponed, relay busy", 0.4),),
    ),
    Case(
        "clock ran ahead",
        "bank",
        "identity",
        "issued in the future",
        (("ERROR", "rejecting token of subject {n}: issued in the future by {n} s"),),
        "login of customer {n} refused by {callee}",
        share=0.7,
        aside=(("identity", "WARN", "ntp offset is {n} ms, clock not synchronised", 2),),
    ),
    Case(
        "timeout set too low",
        "shop",
        "checkout",
        "configuration reloaded",
        (("ERROR", "order {n} failed: deadline of 5 ms exceeded"),),
        _BAD_ANSWER,
        markers=((-4, "checkout", "configuration reloaded: downstream.deadline=5ms was 5000ms"),),
        share=0.9,
        decoys=((15, "payments", "ERROR", "settlement file {id} has a wrong trailer", 8),),
    ),
    Case(
        "flag turned on",
        "bank",
        "fraud",
        "unsupported operand",
        (
            (
                "ERROR",
                "scoring failed for transfer {id}: TypeError: unsupported operand type(s) for *: NoneType",
            ),
        ),
        "no score from {callee} for transfer {id}, holding it",
        markers=((-9, "fraud", "feature flag graph_score switched on for 100 percent of traffic"),),
        share=0.75,
    ),
    Case(
        "column dropped",
        "shop",
        "stock",
        "does not exist",
        (("ERROR", "query failed: column reserved_until of relation levels does not exist"),),
        _BAD_ANSWER,
        markers=((-40, "postgres", "statement: ALTER TABLE levels DROP COLUMN reserved_until"),),
        share=0.85,
    ),
    Case(
        "mail provider's limit",
        "media",
        "mailer",
        "too many requests",
        (("ERROR", "relay refused digest {id}: 429 too many requests"),),
        "could not queue notice: {callee} rejected it",
        aside=(
            ("mailer", "ERROR", "relay refused digest {id}: 429 too many requests", 20),
            ("mailer", "WARN", "backing off for {n} s", 8),
        ),
        markers=((-60, "mailer", "campaign {id} started for {n} readers"),),
        silent_root=True,
    ),
    Case(
        "deadlocks",
        "bank",
        "ledger-db",
        "deadlock detected",
        (("ERROR", "deadlock detected while locking tuple ({n},{n}) in relation entries"),),
        "posting failed, {callee} rolled back the transaction",
        share=0.5,
        aside=(
            (
                "ledger-db",
                "INFO",
                "process {n} still waiting for ShareLock on transaction {n} after {ms} ms",
                6,
            ),
        ),
    ),
    Case(
        "threads used up",
        "media",
        "transcoder",
        "task rejected",
        (("ERROR", "task rejected: pool of 32 threads is exhausted, queue holds {n}"),),
        _CALL_FAILED,
        ramp_minutes=4,
        share=0.8,
    ),
    Case(
        "too many open files",
        "shop",
        "storefront",
        "too many open files",
        (("ERROR", "accept failed: too many open files"),),
        _BAD_ANSWER,
        aside=(("storefront", "WARN", "{n} sockets open", 3),),
        ramp_minutes=2,
    ),
    Case(
        "index dropped",
        "shop",
        "postgres",
        "slow statement",
        (("WARN", "slow statement: duration {big} ms: SELECT * FROM order_lines WHERE order_id = {n}"),),
        _CALL_FAILED,
        share=0.7,
        markers=((-30, "postgres", "statement: DROP INDEX order_lines_order_id"),),
    ),
    Case(
        "cache emptied",
        "shop",
        "redis",
        "evicted",
        (("WARN", "evicted {n} keys: maxmemory reached"),),
        "read of product {n} timed out, {callee} too slow",
        share=0.8,
        decoys=((40, "checkout", "WARN", "tax table {id} is from last year", 12),),
    ),
    Case(
        "poison message",
        "bank",
        "ledger",
        "cannot decode",
        (("ERROR", "cannot decode message at offset {n}: unexpected end of input, retrying"),),
        "booking {id} not confirmed by {callee}",
        share=0.6,
        aside=(("ledger", "WARN", "consumer lag is {big} messages", 4),),
    ),
    Case(
        "long collections",
        "media",
        "recommender",
        "pause",
        (("WARN", "request {id} delayed by gc pause of {big} ms"),),
        _CALL_FAILED,
        ramp_minutes=5,
        aside=(("recommender", "WARN", "full gc pause took {big} ms, heap {n} MB", 8),),
    ),
    Case(
        "network cut",
        "bank",
        "ledger",
        "no route to host",
        (("ERROR", "dial ledger store 10.9.4.{d}: no route to host"),),
        _CALL_FAILED,
        share=0.95,
        markers=((-1200, "accounts", "accounts 7.2.1 deployed"),),
    ),
    Case(
        "secret rotated",
        "shop",
        "payments",
        "invalid api key",
        (("ERROR", "acquirer rejected request {id}: 401 invalid api key"),),
        _BAD_ANSWER,
        share=0.9,
        markers=((-20, "payments", "secret acquirer-key rotated to generation {n}"),),
    ),
    Case(
        "bug in a release",
        "media",
        "player-api",
        "KeyError",
        (("ERROR", "unhandled exception in manifest builder: KeyError: audio_tracks"),),
        _BAD_ANSWER,
        share=0.5,
        markers=(
            (-70, "player-api", "version 2026.3.1 rolled out"),
            (-900, "transcoder", "version 2026.2.9 rolled out"),
        ),
    ),
    Case(
        "replica without a leader",
        "bank",
        "ledger-db",
        "read-only transaction",
        (("ERROR", "cannot execute INSERT in a read-only transaction"),),
        "entry refused by {callee}",
        share=0.9,
        aside=(("ledger-db", "WARN", "terminating walreceiver, timeline {n} was superseded", 1),),
    ),
    Case(
        "leak, then death",
        "shop",
        "catalog",
        "heap usage",
        (("ERROR", "allocation of {n} bytes failed: out of memory"),),
        _REFUSED,
        ramp_minutes=8,
        aside=(("catalog", "WARN", "heap usage 9{d} percent after collection", 6),),
        share=0.5,
    ),
    Case(
        "outside provider down",
        "bank",
        "fraud",
        "bureau",
        (("ERROR", "credit bureau provider unavailable: 503 after {ms} ms"),),
        "no score from {callee} for transfer {id}, holding it",
        share=0.8,
    ),
    Case(
        "firewall rule",
        "media",
        "profile-store",
        "unreachable",
        (("ERROR", "replica peer 10.4.1.{d} is unreachable, quorum lost"),),
        _CALL_FAILED,
        share=0.7,
        markers=((-15, "profile-store", "network policy default-deny applied by pipeline {n}"),),
    ),
    Case(
        "workers stuck on one customer",
        "media",
        "transcoder",
        "segment too large",
        (("ERROR", "job {id} aborted: segment too large for tenant northwind, {big} bytes"),),
        "transcode of {id} failed: {callee} returned 422",
        share=0.6,
    ),
    Case(
        "crash loop",
        "bank",
        "transfers",
        "missing required setting",
        (("FATAL", "cannot start: missing required setting TRANSFER_LIMIT_EUR"),),
        "upstream transfers unavailable for {id}",
        share=0.9,
        markers=((-8, "transfers", "deploying transfers 3.0.0"),),
    ),
    Case(
        "a service that is gone",
        "shop",
        "stock",
        "could not reach stock",
        (),
        _REFUSED,
        share=0.9,
        silent_root=True,
        decoys=((30, "payments", "WARN", "statement of acquirer {id} is late", 9),),
    ),
    Case(
        "a failure nobody has a word for",
        "media",
        "profile-store",
        "ring position",
        (("ERROR", "ring position {n} has no owner, giving up on profile {n}"),),
        _BAD_ANSWER,
        share=0.5,
    ),
)
