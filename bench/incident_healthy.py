"""Days without an incident, of bench/incidents.py: in each of them no cause may be found."""

from dataclasses import dataclass

EVERY_4 = tuple(range(0, 120, 4))  # minutes: each burst of noise lasts four, so that it never ends


@dataclass(frozen=True)
class HealthyCase:
    """A day without an incident, and what might look like one."""

    name: str
    world: str
    traffic_doubles: bool = False
    markers: tuple[tuple[float, str, str], ...] = ()  # minute, service, text
    decoys: tuple[tuple[float, str, str, str, int], ...] = ()


HEALTHY: tuple[HealthyCase, ...] = (
    HealthyCase("a quiet day", "shop"),
    HealthyCase(
        "a rolling release under growing traffic",
        "bank",
        traffic_doubles=True,
        markers=(
            (40, "transfers", "starting transfers version 5.1.0"),
            (41, "transfers", "graceful shutdown of old instance {n}"),
            (43, "accounts", "configuration reloaded, no change"),
        ),
    ),
    HealthyCase(
        "a batch at its hour",
        "media",
        markers=((60, "mailer", "cron job digest started"), (75, "mailer", "cron job digest finished")),
        decoys=(
            (62, "mailer", "INFO", "digest {id} delivered to {n} readers", 240),
            (80, "transcoder", "WARN", "frame {n} of job {id} dropped", 6),
        ),
    ),
    # Noise that sounds like trouble all day long, and always did: none of it is an incident.
    HealthyCase(
        "retries that succeed",
        "shop",
        decoys=(
            *(
                (minute, "payments", "WARN", "attempt 1 of 3 for charge {id} timed out, will retry", 25)
                for minute in EVERY_4
            ),
            *((minute, "payments", "INFO", "charge {id} went through at attempt 2", 25) for minute in EVERY_4),
            *(
                (minute, "stock", "ERROR", "connection reset by warehouse feed {id}, resuming", 6)
                for minute in EVERY_4
            ),
        ),
    ),
    HealthyCase(
        "errors that nobody minds",
        "bank",
        traffic_doubles=True,
        decoys=(
            *(
                (minute, "identity", "ERROR", "permission denied: subject {n} lacks scope admin", 20)
                for minute in EVERY_4
            ),
            *((minute, "fraud", "WARN", "cache miss rate high, 9{d} % of lookups", 5) for minute in EVERY_4),
            *((minute, "ledger", "WARN", "replica lag is {d} s", 10) for minute in EVERY_4),
            *(
                (minute, "accounts", "ERROR", "rate limit reached for partner {n}, answered 429", 8)
                for minute in EVERY_4
            ),
        ),
    ),
    HealthyCase(
        "warnings of a tight machine, and a release",
        "media",
        markers=((70, "transcoder", "starting transcoder version 3.2.0 build {n}"),),
        decoys=(
            *((minute, "transcoder", "WARN", "disk usage of /scratch at 91 %, cleaning", 3) for minute in EVERY_4),
            *((minute, "recommender", "INFO", "gc pause of {n} ms", 12) for minute in EVERY_4),
            *((minute, "profile-store", "WARN", "slow query, {n} ms, profile {n}", 9) for minute in EVERY_4),
            *((minute, "mailer", "ERROR", "lookup of mx for reader {n}: no such host", 7) for minute in EVERY_4),
        ),
    ),
)
