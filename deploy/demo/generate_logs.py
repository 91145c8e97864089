"""Write the demo company's service logs: two hours of ordinary trade with one incident in them.

The story: a config rollout shrinks the database pool of `payments` from 40 to 4 connections a pod.
Authorisations time out, `checkout` retries them without a pause and triples the load, and `gateway`
answers 502 and 504. Around it stand decoys: a harmless deploy of `search` a quarter of an hour before,
a slow acquirer for a few minutes, a warning of `notifications` that never stops, and a stack trace that
`inventory` writes on any good day.

Each service writes its own format, and trace ids run across them. One seed gives one set of bytes.

    python deploy/demo/generate_logs.py OUT_DIR [--start ISO] [--minutes 120] [--seed 7] [--gold FILE]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import random
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

DEFAULT_START = dt.datetime(2026, 11, 17, 8, 30, tzinfo=dt.UTC)  # so that the rollout is at 10:36 in Berlin
DEFAULT_RATE = 0.45  # checkouts a second: about 50,000 lines in two hours
SHORTEST_MINUTES = 30  # shorter, and the decoys before the rollout would fall out of the window
ROLLOUT_AT = 0.55  # share of the window that passes before the bad rollout
RAMP_SECONDS = 240.0  # from the first timeout until the pool is exhausted most of the time
ROLLBACK_AFTER = dt.timedelta(minutes=55)  # beyond the end of the default window: the incident goes on
FAILURE_SHARE = 0.72  # of payment attempts once the pool is exhausted
ATTEMPTS = 4  # one try and three retries: what checkout does
POOL_BEFORE, POOL_AFTER = 40, 4
REVISION = "c41e9d7"

LOG_FILES = {
    "gateway": "gateway/access.log",
    "checkout": "checkout/checkout.jsonl",
    "payments": "payments/payments.log",
    "inventory": "inventory/inventory.log",
    "search": "search/search.log",
    "notifications": "notifications/notifications.log",
    "deploys": "deploys.log",
}
PODS = {name: [f"{name}-{tag}" for tag in ("5d8f-2kxq", "5d8f-9tzl", "5d8f-h4mw")] for name in LOG_FILES}
PAYMENT_PODS = [f"payments-7c9f-{tag}" for tag in ("a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8")]
SHOPS = ["bike-leipzig", "papier-hh", "flora-neukoelln", "livraria-sul", "ferragens-porto", "stoffe-hannover"]
TERMS = ["lamp", "garden hose", "corduroy", "blue paint", "tea 100g", "bike chain", "notebook a5", "cactus"]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)", "OtterTill/7.4.1"]
ACQUIRERS = ["northbank", "northbank", "cartella"]


@dataclass(frozen=True)
class Incident:
    """The truth about what was generated; times are aware UTC in ISO form."""

    root_cause_service: str
    first_bad: str
    cause: str
    rollout_at: str
    decoys: tuple[str, ...]


@dataclass
class Story:
    """What is being written: the dice, the timetable, and the lines so far, by service."""

    dice: random.Random
    start: dt.datetime
    end: dt.datetime
    rollout: dt.datetime
    lines: dict[str, list[tuple[dt.datetime, str]]] = field(default_factory=lambda: defaultdict(list))
    first_bad: dt.datetime | None = None

    @property
    def rollback(self) -> dt.datetime:
        """Return when the rollout is taken back, which may lie behind the window."""
        return self.rollout + ROLLBACK_AFTER

    def write(self, service: str, at: dt.datetime, text: str) -> None:
        """Add a line, which may hold a stack trace, if it falls into the window."""
        if self.start <= at < self.end:
            self.lines[service].append((at, text))

    def note_failure(self, at: dt.datetime) -> None:
        """Remember the earliest failure that the logs show."""
        if at < self.end:
            self.first_bad = min(self.first_bad or at, at)

    def failure_share(self, at: dt.datetime) -> float:
        """Return which share of payment attempts fails at a moment, from 0 to FAILURE_SHARE."""
        since = (at - self.rollout).total_seconds() - 35  # pods read the new file within a minute
        if since <= 0 or at > self.rollback + dt.timedelta(seconds=90):
            return 0.0
        return FAILURE_SHARE * min(1.0, 0.15 + since / RAMP_SECONDS)

    def is_acquirer_slow(self, at: dt.datetime) -> bool:
        """Tell whether the slow acquirer, a decoy, is slow at a moment."""
        before = (self.rollout - at).total_seconds() / 60
        return 5 <= before <= 9

    def trace_id(self) -> str:
        """Return a fresh trace id of 32 hexadecimal digits."""
        return f"{self.dice.getrandbits(128):032x}"


def generate(out_dir: Path, *, start: dt.datetime, minutes: int, seed: int, rate: float = DEFAULT_RATE) -> Incident:
    """Write the logs under `out_dir`, a file a service, and return the truth about them.

    `rate` is the mean number of checkouts a second; a quarter of it fits small tests.

    Raises:
        ValueError: `start` has no zone, or the window is shorter than SHORTEST_MINUTES.
    """
    if start.tzinfo is None:
        raise ValueError("start has no time zone; write 2026-11-17T08:30:00+00:00.")
    if minutes < SHORTEST_MINUTES:
        raise ValueError(f"{minutes} minutes are too few for the story; take {SHORTEST_MINUTES} or more.")
    begin = start.astimezone(dt.UTC)
    window = dt.timedelta(minutes=minutes)
    rollout = begin + window * ROLLOUT_AT + dt.timedelta(seconds=19)
    story = Story(dice=random.Random(seed), start=begin, end=begin + window, rollout=rollout)
    _write_traffic(story, rate)
    _write_background(story)
    _write_deploys(story)
    _write_files(story, out_dir)
    if story.first_bad is None:
        raise ValueError(f"a rate of {rate} checkouts a second is too low: nothing failed.")
    return Incident(
        root_cause_service="payments",
        first_bad=story.first_bad.isoformat(),
        cause=f"config rollout {REVISION} cut payments' db.pool.max_size from {POOL_BEFORE} to {POOL_AFTER}",
        rollout_at=rollout.isoformat(),
        decoys=("deploy of search", "slow acquirer", "stale template cache", "optimistic lock in inventory"),
    )


# --- what happens -------------------------------------------------------------------------------


def _write_traffic(story: Story, rate: float) -> None:
    """Let shoppers search and pay, at a pace that rises and falls over half an hour."""
    at = story.start
    while at < story.end:
        phase = (at - story.start).total_seconds() / 1800 * 2 * math.pi
        pace = rate * 2.6 * (1 + 0.25 * math.sin(phase))
        at += dt.timedelta(seconds=story.dice.expovariate(pace))
        if story.dice.random() < 1 / 2.6:
            _checkout(story, at)
        else:
            _search(story, at)


def _checkout(story: Story, at: dt.datetime) -> None:
    """Follow one purchase: stock is reserved, the card authorised with retries, a receipt sent."""
    dice, trace, shop = story.dice, story.trace_id(), story.dice.choice(SHOPS)
    basket, cents = dice.randrange(10**6, 10**7), dice.randrange(350, 24_000)
    fields = {"shop": shop, "basket": f"b-{basket}", "amount_cents": cents}
    now = at + _ms(dice.uniform(4, 20))
    _checkout_line(story, now, "INFO", "checkout started", trace, **fields)
    now = _reserve_stock(story, now, trace, basket)
    for attempt in range(1, ATTEMPTS + 1):
        now, is_paid = _authorise(story, now, trace, cents)
        if is_paid:
            break
        if attempt < ATTEMPTS:
            _checkout_line(story, now, "WARN", "payment call failed, retrying", trace, attempt=attempt, backoff_ms=0)
    took_ms = (now - at).total_seconds() * 1000
    if is_paid:
        _checkout_line(story, now, "INFO", "checkout completed", trace, **fields, took_ms=round(took_ms))
        _send_receipt(story, now, trace, basket)
        status = 201
    else:
        error = "PaymentUnavailable: payments did not answer in time"
        _checkout_line(story, now, "ERROR", "checkout failed", trace, **fields, error=error)
        status = dice.choice([502, 504, 504])
    _gateway_line(story, now + _ms(3), "POST /api/checkout", status, took_ms + 3, trace)


def _reserve_stock(story: Story, at: dt.datetime, trace: str, basket: int) -> dt.datetime:
    dice = story.dice
    done = at + _ms(dice.lognormvariate(3.2, 0.4))
    items = dice.randrange(1, 7)
    text = f"Reserved {items} items for basket b-{basket} in warehouse W{dice.randrange(1, 9):02d}"
    _inventory_line(story, done, "INFO", "c.o.inventory.ReservationService", text, trace)
    if dice.random() < 0.006:  # decoy: happens on any good day, and the second try succeeds
        _inventory_line(
            story,
            done + _ms(2),
            "WARN",
            "c.o.inventory.StockWriter",
            f"Version conflict on basket b-{basket}, trying again\n"
            "com.ottervale.inventory.OptimisticLockException: row was updated by another transaction\n"
            "\tat com.ottervale.inventory.StockWriter.commit(StockWriter.java:142)\n"
            "\tat com.ottervale.inventory.ReservationService.reserve(ReservationService.java:88)\n"
            "\tat java.base/java.lang.Thread.run(Thread.java:1583)",
            trace,
        )
    return done + _ms(5)


def _authorise(story: Story, at: dt.datetime, trace: str, cents: int) -> tuple[dt.datetime, bool]:
    """Call payments once; return when it answered, and whether the card was authorised."""
    dice, pod, acquirer = story.dice, story.dice.choice(PAYMENT_PODS), story.dice.choice(ACQUIRERS)
    if dice.random() < story.failure_share(at):
        failed = at + _ms(3000 + dice.uniform(1, 25))
        story.note_failure(failed)
        _payments_line(story, failed, "ERROR", "payments.authorise", pod, trace, _pool_timeout(dice, cents))
        return failed, False
    latency = dice.lognormvariate(5.1, 0.35)
    if story.is_acquirer_slow(at) and acquirer == "northbank":
        latency += dice.uniform(600, 1500)
        text = f"acquirer northbank answered slowly in {latency:.0f} ms, limit 800 ms"
        _payments_line(story, at + _ms(latency - 1), "WARNING", "payments.acquirers", pod, trace, text)
    if story.failure_share(at) > 0:
        waited = dice.uniform(700, 2900)
        text = f"waited {waited:.0f} ms for a database connection, in use {POOL_AFTER} of {POOL_AFTER}"
        _payments_line(story, at + _ms(waited), "WARNING", "payments.db.pool", pod, trace, text)
        latency += waited
    done = at + _ms(latency)
    text = f"authorised amount_cents={cents} acquirer={acquirer} took_ms={latency:.0f}"
    _payments_line(story, done, "INFO", "payments.authorise", pod, trace, text)
    return done + _ms(2), True


def _pool_timeout(dice: random.Random, cents: int) -> str:
    key = f"{dice.getrandbits(48):012x}"
    return (
        f"authorisation failed amount_cents={cents} idempotency_key={key}\n"
        "Traceback (most recent call last):\n"
        '  File "/srv/payments/authorise.py", line 117, in authorise\n'
        "    with pool.connection(timeout=3.0) as connection:\n"
        '  File "/srv/payments/db/pool.py", line 64, in connection\n'
        '    raise PoolTimeout(f"could not obtain connection from pool within {timeout_ms} ms")\n'
        "payments.db.pool.PoolTimeout: could not obtain connection from pool within 3000 ms"
    )


def _send_receipt(story: Story, at: dt.datetime, trace: str, basket: int) -> None:
    dice = story.dice
    done = at + _ms(dice.uniform(150, 900))
    text = f"receipt queued basket=b-{basket} channel={dice.choice(['mail', 'mail', 'print', 'sms'])}"
    _notifications_line(story, done, "I", "sender.go:212", text, trace)
    if dice.random() < 0.3:  # decoy: it has been there for weeks
        text = f"template cache is stale, age={dice.randrange(3600, 90_000)}s"
        _notifications_line(story, done + _ms(1), "W", "render.go:88", text, trace)


def _search(story: Story, at: dt.datetime) -> None:
    dice, trace, term = story.dice, story.trace_id(), story.dice.choice(TERMS)
    took = dice.lognormvariate(3.4, 0.5)
    version = "4.18.0" if at > story.rollout - dt.timedelta(minutes=14) else "4.17.2"
    hits = dice.randrange(0, 180)
    body = f'msg="query served" term="{term}" hits={hits} took_ms={took:.1f} version={version}'
    _search_line(story, at + _ms(took), "info", body, trace)
    query = term.replace(" ", "+")
    _gateway_line(story, at + _ms(took + 2), f"GET /api/search?q={query}", 200, took + 2, trace)


def _write_background(story: Story) -> None:
    """Add what services write without being asked: health checks, pool gauges, index refreshes."""
    dice, at = story.dice, story.start
    while at < story.end:
        share = story.failure_share(at)
        for pod in PAYMENT_PODS:
            size = POOL_AFTER if share else POOL_BEFORE
            used = POOL_AFTER if share else dice.randrange(12, 19)
            text = f"pool status size={size} in_use={used} waiting={dice.randrange(20, 90) if share else 0}"
            _payments_line(story, at + _ms(dice.uniform(0, 900)), "INFO", "payments.db.pool", pod, "-", text)
        _search_line(story, at + _ms(400), "info", f'msg="index refreshed" docs={dice.randrange(10**5)}', "-")
        _gateway_line(story, at + _ms(700), "GET /healthz", 200, 1.0, "-")
        if dice.random() < 0.02:
            _gateway_line(story, at + _ms(800), "GET /wp-login.php", 404, 0.6, "-")
        at += dt.timedelta(seconds=60)


def _write_deploys(story: Story) -> None:
    """Announce the harmless deploy of search, the bad rollout and its rollback, where they are read."""
    harmless = story.rollout - dt.timedelta(minutes=14)
    _deploy_line(story, harmless, "deploy started service=search version=4.18.0 previous=4.17.2 by=slipway")
    _deploy_line(story, harmless + _ms(94_000), "deploy finished service=search version=4.18.0 pods=3")
    for pod in PODS["search"]:
        body = f'msg="server started" version=4.18.0 pod={pod}'
        _search_line(story, harmless + _ms(story.dice.uniform(20_000, 90_000)), "info", body, "-")
    text = (
        f'config rollout revision={REVISION} title="harmonise pool defaults across services" '
        "services=gateway,inventory,payments,search canary=none by=slipway"
    )
    _deploy_line(story, story.rollout, text)
    _announce_pool(story, story.rollout, old=POOL_BEFORE, new=POOL_AFTER, revision=REVISION)
    _deploy_line(story, story.rollback, f"config rollback revision={REVISION} service=payments by=jonas.weber")
    _announce_pool(story, story.rollback, old=POOL_AFTER, new=POOL_BEFORE, revision="a7730b2")


def _announce_pool(story: Story, at: dt.datetime, *, old: int, new: int, revision: str) -> None:
    for pod in PAYMENT_PODS:
        text = f"configuration reloaded revision={revision} db.pool.max_size={new} (was {old})"
        seen = at + _ms(story.dice.uniform(2_000, 30_000))
        _payments_line(story, seen, "INFO", "payments.config", pod, "-", text)


# --- how each service writes a line -------------------------------------------------------------


def _checkout_line(story: Story, at: dt.datetime, level: str, message: str, trace: str, **fields: object) -> None:
    pod = PODS["checkout"][int(trace[:2], 16) % 3]
    head = {"ts": _iso(at), "level": level, "service": "checkout", "pod": pod, "msg": message}
    story.write("checkout", at, json.dumps({**head, "trace_id": trace, **fields}))


def _payments_line(story: Story, at: dt.datetime, level: str, logger: str, pod: str, trace: str, text: str) -> None:
    stamp = f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}"
    story.write("payments", at, f"{stamp} {level} [{pod}] {logger} trace={trace} {text}")


def _inventory_line(story: Story, at: dt.datetime, level: str, logger: str, text: str, trace: str) -> None:
    stamp = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"
    thread = f"http-nio-8080-exec-{int(trace[-2:], 16) % 20 + 1}"
    story.write("inventory", at, f"{stamp} {level:<5} [{thread}] {logger} [traceId={trace}] - {text}")


def _search_line(story: Story, at: dt.datetime, level: str, body: str, trace: str) -> None:
    story.write("search", at, f"time={_iso(at)} level={level} service=search trace={trace} {body}")


def _notifications_line(story: Story, at: dt.datetime, level: str, place: str, text: str, trace: str) -> None:
    story.write("notifications", at, f"{level}{at:%m%d %H:%M:%S.%f}       1 {place}] {text} trace={trace}")


def _gateway_line(story: Story, at: dt.datetime, request: str, status: int, took_ms: float, trace: str) -> None:
    dice = story.dice
    client = "10.0.0.1" if "healthz" in request else f"198.51.100.{dice.randrange(1, 255)}"
    size = 162 if status >= 500 else dice.randrange(200, 9000)
    story.write(
        "gateway",
        at,
        f'{client} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "{request} HTTP/1.1" {status} {size} "-" '
        f'"{dice.choice(AGENTS)}" rt={took_ms / 1000:.3f} trace={trace}',
    )


def _deploy_line(story: Story, at: dt.datetime, text: str) -> None:
    story.write("deploys", at, f"{_iso(at)} shipit: {text}")


def _iso(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _ms(count: float) -> dt.timedelta:
    return dt.timedelta(milliseconds=count)


def _write_files(story: Story, out_dir: Path) -> None:
    for service, name in LOG_FILES.items():
        ordered = sorted(story.lines[service], key=lambda line: line[0])
        path = out_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{text}\n" for _, text in ordered), encoding="utf-8", newline="\n")


def main() -> None:
    """Generate from the command line; `--gold` also writes the truth, outside the logs' folder."""
    parser = argparse.ArgumentParser(description="Write the demo company's service logs with an incident.")
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--start", type=dt.datetime.fromisoformat, default=DEFAULT_START)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rate", type=float, default=DEFAULT_RATE, help="checkouts a second")
    parser.add_argument("--gold", type=Path, help="where to write incident.json, if anywhere")
    args = parser.parse_args()
    incident = generate(args.out_dir, start=args.start, minutes=args.minutes, seed=args.seed, rate=args.rate)
    if args.gold:
        args.gold.write_text(json.dumps(asdict(incident), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
