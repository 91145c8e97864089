"""Three small companies whose services log, each in its own way: the background of bench/incidents.py.

A world is a call tree with an edge, its services' ordinary messages, and the noise that is
there on a good day as well. Texts are written here; nothing is copied from anywhere.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Service:
    """One service: whom it calls, how it writes its lines, and what it says on a good day."""

    name: str
    style: str
    calls: tuple[str, ...]
    says: tuple[str, ...]
    grumbles: tuple[tuple[str, str], ...] = ()  # level and text of its everyday warnings and errors


@dataclass(frozen=True)
class World:
    """A company's services; the first is the edge that requests come in by."""

    name: str
    services: tuple[Service, ...]

    def service(self, name: str) -> Service:
        """Return a service by its name."""
        return next(service for service in self.services if service.name == name)

    def path_to(self, target: str) -> list[str]:
        """Return the services from the edge to the target, both included."""

        def search(name: str) -> list[str] | None:
            if name == target:
                return [name]
            for called in self.service(name).calls:
                found = search(called)
                if found:
                    return [name, *found]
            return None

        return search(self.services[0].name) or [target]


SHOP = World(
    "shop",
    (
        Service(
            "storefront",
            "json",
            ("checkout", "catalog"),
            (
                "page /cart/{n} rendered in {ms} ms",
                "session {id} resumed for user {n}",
                "asset bundle served from edge cache, {n} bytes",
            ),
            (
                ("WARN", "client went away before the answer to {id} was written"),
                ("ERROR", "form rejected: postcode {n} is not valid"),
            ),
        ),
        Service(
            "checkout",
            "logback",
            ("payments", "stock"),
            (
                "order {n} accepted with {n} items",
                "basket {id} priced at {n} cents",
                "order {n} confirmed in {ms} ms",
            ),
            (
                ("WARN", "voucher {id} is not known, ignoring it"),
                ("ERROR", "order {n} abandoned by the customer at step 3"),
            ),
        ),
        Service(
            "payments",
            "logfmt",
            ("postgres",),
            (
                "card authorised for order {n} amount {n}",
                "settlement batch {id} queued",
                "3ds challenge passed for order {n}",
            ),
            (
                ("WARN", "card declined by issuer for order {n}"),
                ("ERROR", "chargeback notice {id} could not be matched to an order"),
            ),
        ),
        Service(
            "stock",
            "python",
            ("postgres",),
            (
                "reserved {n} units of sku {n}",
                "level of sku {n} is now {n}",
                "warehouse feed {id} applied, {n} rows",
            ),
            (("WARN", "sku {n} is low: {n} left"),),
        ),
        Service(
            "catalog",
            "json",
            ("redis",),
            (
                "product {n} read from cache",
                "search for {id} gave {n} hits in {ms} ms",
                "price list {id} is current",
            ),
            (("WARN", "product {n} has no picture"),),
        ),
        Service(
            "redis",
            "syslog",
            (),
            (
                "{n} changes in 60 seconds, saving",
                "background saving started by pid {n}",
                "DB saved on disk in {ms} ms",
            ),
        ),
        Service(
            "postgres",
            "postgres",
            (),
            (
                "checkpoint complete: wrote {n} buffers",
                "automatic vacuum of table orders: {n} pages removed",
                "connection authorized: user=app database=shop port={n}",
            ),
            (("ERROR", "duplicate key value violates unique constraint order_ref_{n}"),),
        ),
    ),
)

BANK = World(
    "bank",
    (
        Service(
            "api-gateway",
            "access",
            ("accounts", "transfers"),
            ("/v1/accounts/{n}", "/v1/transfers/{id}", "/v1/cards/{n}/limits"),
        ),
        Service(
            "accounts",
            "logback",
            ("identity", "ledger"),
            (
                "balance of account {n} read in {ms} ms",
                "statement {id} assembled from {n} entries",
                "limits of card {n} refreshed",
            ),
            (("WARN", "account {n} is dormant"), ("ERROR", "address of customer {n} could not be geocoded")),
        ),
        Service(
            "transfers",
            "json",
            ("identity", "ledger", "fraud"),
            (
                "transfer {id} submitted, amount {n}",
                "transfer {id} settled in {ms} ms",
                "standing order {n} scheduled",
            ),
            (
                ("WARN", "beneficiary {n} is new, asking for confirmation"),
                ("ERROR", "iban check failed for transfer {id}: wrong check digits"),
            ),
        ),
        Service(
            "identity",
            "logfmt",
            (),
            (
                "token issued for subject {n}",
                "session {id} verified in {ms} ms",
                "second factor accepted for subject {n}",
            ),
            (("WARN", "wrong passcode for subject {n}, attempt 1"),),
        ),
        Service(
            "fraud",
            "python",
            (),
            (
                "scored transfer {id}: 0.0{n}",
                "model features loaded for customer {n}",
                "rule set evaluated in {ms} ms",
            ),
            (("WARN", "score of transfer {id} is close to the threshold"),),
        ),
        Service(
            "ledger",
            "klog",
            ("ledger-db",),
            (
                "posted entry {n} to book {n}",
                "snapshot {id} written, {n} entries",
                "reconciled {n} entries in {ms} ms",
            ),
            (("WARN", "entry {n} posted after cut-off"),),
        ),
        Service(
            "ledger-db",
            "postgres",
            (),
            (
                "checkpoint starting: time",
                "checkpoint complete: wrote {n} buffers",
                "temporary file: size {n}",
            ),
        ),
    ),
)

MEDIA = World(
    "media",
    (
        Service(
            "edge-proxy",
            "access",
            ("player-api", "upload-api"),
            ("/watch/{n}", "/api/playlist/{id}", "/upload/{id}/part/{n}"),
        ),
        Service(
            "player-api",
            "json",
            ("recommender", "profile-store"),
            (
                "playback of title {n} begins for profile {n}",
                "manifest {id} assembled in {ms} ms",
                "resume point of title {n} is {n} s",
            ),
            (
                ("WARN", "player of profile {n} rebuffered {n} times"),
                ("ERROR", "subtitle track {n} is missing for title {n}"),
            ),
        ),
        Service(
            "upload-api",
            "logback",
            ("transcoder", "profile-store"),
            (
                "part {n} of upload {id} stored",
                "upload {id} complete: {n} bytes",
                "virus scan of upload {id} clean in {ms} ms",
            ),
            (("WARN", "upload {id} paused by the client"),),
        ),
        Service(
            "transcoder",
            "python",
            (),
            (
                "job {id} finished pass {n} in {ms} ms",
                "segment {n} of job {id} encoded",
                "picked job {id} from the queue",
            ),
            (
                ("WARN", "frame {n} of job {id} dropped"),
                ("ERROR", "job {id} rejected: codec of the source is not supported"),
            ),
        ),
        Service(
            "recommender",
            "logfmt",
            ("profile-store",),
            (
                "ranked {n} titles for profile {n} in {ms} ms",
                "model generation {n} in use",
                "candidate list {id} cached",
            ),
            (("WARN", "profile {n} has too little history, using popular titles"),),
        ),
        Service(
            "profile-store",
            "klog",
            (),
            ("read profile {n} in {ms} ms", "compaction {n} done", "replicated batch {id}"),
            (("WARN", "profile {n} written twice within a second"),),
        ),
        Service(
            "mailer",
            "syslog",
            (),
            (
                "digest {id} delivered to {n} readers",
                "bounce list refreshed, {n} rows",
                "template welcome rendered in {ms} ms",
            ),
        ),
    ),
)

WORLDS = {world.name: world for world in (SHOP, BANK, MEDIA)}


@dataclass(frozen=True)
class Entry:
    """One log line before it is written out."""

    at: datetime
    service: str
    level: str
    text: str
    trace: str = ""
    status: int = 200


def written(entry: Entry, style: str) -> str:
    """Return the line as the service's style writes it."""
    return _STYLES[style](entry)


def _iso(entry: Entry) -> str:
    return entry.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{entry.at.microsecond // 1000:03d}Z"


def _comma(entry: Entry) -> str:
    return entry.at.strftime("%Y-%m-%d %H:%M:%S,") + f"{entry.at.microsecond // 1000:03d}"


def _json(entry: Entry) -> str:
    fields = {"ts": _iso(entry), "level": entry.level.lower(), "service": entry.service, "msg": entry.text}
    return json.dumps(fields | ({"trace_id": entry.trace} if entry.trace else {}))


def _logfmt(entry: Entry) -> str:
    trace = f" trace_id={entry.trace}" if entry.trace else ""
    text = entry.text.replace('"', "'")
    return f'ts={_iso(entry)} level={entry.level.lower()} service={entry.service} msg="{text}"{trace}'


def _logback(entry: Entry) -> str:
    trace = f" traceId={entry.trace}" if entry.trace else ""
    thread, logger = f"http-nio-{entry.at.microsecond % 7}", f"c.acme.{entry.service.title()}Handler"
    return f"{_comma(entry)} {entry.level:5} [{thread}] {logger} - {entry.text}{trace}"


def _python(entry: Entry) -> str:
    level = "WARNING" if entry.level == "WARN" else entry.level
    trace = f" request_id={entry.trace}" if entry.trace else ""
    return f"{_comma(entry)} - {entry.service} - {level} - {entry.text}{trace}"


def _klog(entry: Entry) -> str:
    letter = {"INFO": "I", "WARN": "W", "ERROR": "E", "FATAL": "F"}[entry.level]
    trace = f" trace_id={entry.trace}" if entry.trace else ""
    place = f"{entry.service.replace('-', '_')}.go:77"
    return f"{letter}{entry.at:%m%d %H:%M:%S}.{entry.at.microsecond:06d}       1 {place}] {entry.text}{trace}"


def _syslog(entry: Entry) -> str:
    return f"{entry.at:%b %d %H:%M:%S} node-3 {entry.service}[812]: {entry.text}"


def _postgres(entry: Entry) -> str:
    level = {"INFO": "LOG", "WARN": "WARNING"}.get(entry.level, entry.level)
    at = _comma(entry).replace(",", ".")
    return f"{at} UTC [{1000 + entry.at.second}] app@main {level}:  {entry.text}"


def _access(entry: Entry) -> str:
    if not entry.text.startswith("/"):
        at = entry.at.strftime("%Y/%m/%d %H:%M:%S")
        return f"{at} [{entry.level.lower()}] 7#7: *{entry.at.microsecond} {entry.text}"
    at = entry.at.strftime("%d/%b/%Y:%H:%M:%S +0000")
    request = f'"GET {entry.text} HTTP/1.1" {entry.status} {entry.at.microsecond % 9000}'
    return f'10.2.0.{entry.at.second} - - [{at}] {request} "-" "app/4.2"'


_STYLES: dict[str, Callable[[Entry], str]] = {
    "json": _json,
    "logfmt": _logfmt,
    "logback": _logback,
    "python": _python,
    "klog": _klog,
    "syslog": _syslog,
    "postgres": _postgres,
    "access": _access,
}
