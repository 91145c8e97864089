"""Detectors: known signatures are recognised in several wordings, everyday lines are not."""

import pytest

from workers.logs.detectors import DETECTORS, detectors_for


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Out of memory: Killed process 812 (java)", "out_of_memory"),
        ("java.lang.OutOfMemoryError: Java heap space", "out_of_memory"),
        ("write /var/lib/x: no space left on device", "disk_full"),
        ("x509: certificate has expired or is not yet valid", "certificate_expired"),
        ("dial tcp: lookup db.internal: no such host", "dns"),
        ("HikariPool-1 - Connection is not available, request timed out after 30000ms", "pool_exhausted"),
        ("FATAL: sorry, too many clients already", "pool_exhausted"),
        ("accept4: too many open files", "file_descriptors"),
        ("worker 3: fork: retry: Resource temporarily unavailable", "threads"),
        ("runtime: program exceeds 10000-thread limit", "threads"),
        ("goroutines 120000 over the limit of 50000", "threads"),
        ("connect to 10.0.0.3:5432: Cannot assign requested address", "local_ports"),
        ("nf_conntrack: nf_conntrack: table full, dropping packet", "connection_table"),
        ("listen tcp :8080: bind: address already in use", "port_taken"),
        ("no free inodes on /data", "inodes_full"),
        ("write spool/9: No space left on device (11 GiB free)", "inodes_full"),
        ("write spool/9: No space left on device (0 GiB free)", "disk_full"),
        ("write /home/app/x: Disk quota exceeded", "disk_quota"),
        ("mkdir /data/tmp: Read-only file system", "read_only_disk"),
        ("Buffer I/O error on dev sda1, logical block 77", "disk_errors"),
        ("Memory cgroup out of memory: Killed process 221 (node)", "memory_limit"),
        ("container payments terminated, exit code 137", "memory_limit"),
        ('Failed to pull image "shop/pay:9": manifest unknown', "image_pull"),
        ("lookup pay.internal on 10.96.0.10:53: read udp: i/o timeout", "dns_unanswered"),
        ("certificate is not yet valid", "certificate_early"),
        (
            "x509: certificate has expired or is not yet valid: now 2026-01-01 is before 2026-02-01",
            "certificate_early",
        ),
        ("x509: certificate signed by unknown authority", "certificate_issuer"),
        ("x509: certificate is valid for a.example, not b.example", "certificate_name"),
        ("open /run/secrets/db: permission denied", "permissions"),
        ('secret "pay-db" not found', "secret_missing"),
        ("Failed password for root from 10.0.0.9 port 34263 ssh2", "password_guessing"),
        ("gmetad: we failed to resolve data source name an14", "dns"),
        ("provider answered 429", "rate_limit"),
        ("token used before issued", "clock"),
        ("deadlock detected", "locks"),
        ('column "tax" does not exist', "schema"),
        ("missing required environment variable PAY_URL", "configuration"),
        ("password authentication failed for user app", "credentials"),
        ("429 Too Many Requests", "rate_limit"),
        ("panic: runtime error: index out of range [3]", "program_error"),
        ("cannot execute INSERT in a read-only transaction", "replication"),
        ("dial tcp 10.0.0.1: connect: no route to host", "network"),
    ],
)
def test_a_cause_is_recognised(text: str, name: str) -> None:
    strongest = detectors_for(text)[0]

    assert (strongest.kind, strongest.name) == ("cause", name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("upstream timed out", "timeouts"),
        ("connect() failed (111: Connection refused)", "refused"),
        ("Readiness probe failed: statuscode 503", "health_checks"),
        ("circuit breaker for stock is open", "circuit_open"),
        ("Back-off restarting failed container", "restart_loop"),
        ("deployed payments version 4.18.0", "deploy"),
        ("feature flag new_tax turned on", "feature_flag"),
        ("configuration reloaded", "config_change"),
    ],
)
def test_symptoms_and_markers_are_recognised(text: str, name: str) -> None:
    assert name in {detector.name for detector in detectors_for(text)}


@pytest.mark.parametrize(
    "text",
    [
        "order 5 charged in 3 ms",
        "user anna logged in",
        "page served",
        "cache hit for product 7",
        "checkpoint complete",
        "reading file descriptor 5",
        "heap memory allocated 120 MB",
        "429 items in cart",
        "node ready, 429 ms",
        "image thumbnails/12.png served",
        "certificate renewed, valid for 90 days",
        "gc pause 3 ms",
        "replica lag is 0 s",
        "backup quota report sent",
        "lookup of customer 429 done in time",
    ],
)
def test_everyday_lines_set_off_no_cause(text: str) -> None:
    assert all(found.kind != "cause" for found in detectors_for(text))


def test_every_detector_explains_itself() -> None:
    assert len({detector.name for detector in DETECTORS}) == len(DETECTORS)
    assert all(detector.title and detector.check_next.endswith(".") for detector in DETECTORS)


def test_a_release_date_is_no_deployment() -> None:
    assert detectors_for("controller cmm (Release Date: Fri Dec 10 2004)") == []
