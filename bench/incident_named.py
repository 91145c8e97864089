"""Twelve incidents whose cause has a name of its own, written after the detectors for such names.

First run: service in the first two and first bad time 11 of 12, cause named 10 of 12; mended since for lines that
write no level, and for how `df` writes inodes. Two keys were misspelt here, and are not counted.

Is the cause named rightly, not only the service found? "Disk full" is wrong advice where the inodes are gone.
The lines are worded as kernels, orchestrators, resolvers and libraries word them.
"""

from bench.incident_cases import Case

NAMED: tuple[Case, ...] = (
    Case(
        "files without inodes",
        "media",
        "transcoder",
        "No space left on device",
        (("ERROR", "OSError: [Errno 28] No space left on device: '/scratch/{id}.ts' (df: 412G avail, IFree 0)"),),
        "segment {id} never came from {callee}",
        share=0.7,
        kind="inodes_full",
    ),
    Case(
        "outgoing ports gone",
        "bank",
        "fraud",
        "Cannot assign requested address",
        (
            (
                "ERROR",
                "[Errno 99] Cannot assign requested address while calling feature store, {n} sockets in TIME_WAIT",
            ),
        ),
        "score for {id} missing, {callee} gave none",
        share=0.6,
        ramp_minutes=2,
        kind="local_ports",
        decoys=((30, "accounts", "ERROR", "statement {id} has no address line", 25),),
    ),
    Case(
        "conntrack on the host",
        "shop",
        "redis",
        "nf_conntrack",
        (("WARN", "kernel: [{n}.{n}] nf_conntrack: nf_conntrack: table full, dropping packet"),),
        "cart {id} not read, {callee} timed out",
        share=0.7,
        kind="connection_table",
    ),
    Case(
        "quota of a home",
        "media",
        "upload-api",
        "quota",
        (("ERROR", "java.io.IOException: Disk quota exceeded at part {n} of upload {id}"),),
        "upload {id} refused by {callee}",
        share=0.6,
        kind="disk_quota",
        decoys=((20, "mailer", "WARN", "bounce of letter {id}", 30),),
    ),
    Case(
        "a disk protects itself",
        "bank",
        "ledger-db",
        "Read-only file system",
        (("ERROR", 'could not write to file "pg_wal/xlogtemp.{n}": Read-only file system'),),
        "entry {id} not posted: {callee} refused the write",
        share=0.8,
        kind="read_only_disk",
    ),
    Case(
        "killed by the cgroup",
        "shop",
        "catalog",
        "OOMKilled",
        (
            ("ERROR", "container catalog terminated, reason: OOMKilled, exitCode: 137, restartCount: {d}"),
            ("ERROR", "search {id} lost with its process"),
        ),
        "no product list from {callee}, request {id}",
        share=0.5,
        kind="memory_limit",
        markers=((-200, "catalog", "starting catalog version 7.4.0 build {n}"),),
    ),
    Case(
        "an image that is not there",
        "bank",
        "transfers",
        "ErrImagePull",
        (("WARN", 'Error: ErrImagePull, image "registry.internal/transfers:8.1.{n}": manifest unknown'),),
        "transfer {id} not taken, nobody listens at {callee}",
        share=0.6,
        kind="image_pull",
    ),
    Case(
        "the resolver is silent",
        "shop",
        "payments",
        "i/o timeout",
        (
            (
                "ERROR",
                "dial tcp: lookup acquirer.example on 10.96.0.10:53: read udp 10.1.4.7:{n}: i/o timeout",
            ),
        ),
        "order {n} unpaid, {callee} had no answer",
        share=0.7,
        kind="dns_unanswered",
    ),
    Case(
        "a chain that nobody knows",
        "bank",
        "identity",
        "certificate",
        (("ERROR", "tls: failed to verify certificate: x509: certificate signed by unknown authority, serial {id}"),),
        "login {id} not possible, {callee} trusts nobody",
        share=0.8,
        kind="certificate_issuer",
        markers=((-90, "identity", "key server certificate rotated, serial {id}"),),
    ),
    Case(
        "the name on the certificate",
        "media",
        "mailer",
        "altnames",
        (
            (
                "ERROR",
                "Hostname/IP does not match certificate's altnames: Host: relay.internal is not in the list, {id}",
            ),
        ),
        "letter {id} left undone by {callee}",
        share=0.9,
        kind="certificate_name",
    ),
    Case(
        "clones without end",
        "media",
        "player-api",
        "goroutine",
        (("ERROR", "runtime: goroutine stack of {id} not made: too many goroutines, {n} alive"),),
        "no manifest from {callee} for {id}",
        share=0.6,
        ramp_minutes=3,
        kind="threads",
    ),
    Case(
        "a mounted secret changed hands",
        "shop",
        "stock",
        "Permission denied",
        (("ERROR", "PermissionError: [Errno 13] Permission denied: '/run/secrets/warehouse-{d}/token'"),),
        "units of {n} unknown, {callee} could not say",
        share=0.7,
        kind="permissions",
        markers=((-30, "stock", "secret warehouse rotated, mount made anew"),),
        decoys=((45, "catalog", "ERROR", "picture of {n} is too large", 20),),
    ),
)
