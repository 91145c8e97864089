"""Decide which service an incident began in.

Four independent kinds of evidence are added up: what a service's own lines say, who was first,
whom the others name as the one they were waiting for, and who fails first inside one request.
A change made to a service just before counts too. Each keeps its reason, so that a hypothesis
can show what speaks for it.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from workers.logs.incident import BadSignal, Incident
from workers.logs.index import LogIndex
from workers.logs.levels import ERROR
from workers.logs.values import ValueShift

LINES_READ_A_SIGNAL = 30  # names and ids are looked for in this many lines of each
EARLINESS_SECONDS = 45.0  # half a minute between services is much in a cascade, and little for clocks
FIRST_WEIGHT, TRACE_WEIGHT, MARKER_WEIGHT, NAMED_SHARE = 1.6, 2.0, 2.2, 0.75
SHIFT_WEIGHT = 2.2  # as a change that was announced
MARKER_SECONDS = 600.0
LESSER_SHARE = 0.25  # a service's second message tells less new than its first
LONGEST_CALL_CHAIN = 6

# Programs that report on others: what they say is about the service they name.
_REPORTERS = re.compile(
    r"^(?:kernel|kern|systemd|kubelet|dockerd|containerd|docker|k8s|kubernetes|events?|audit"
    r"|deploy(?:er|ment|s)?|ci|cd|argocd"
    r"|cron|haproxy|nginx|ingress|gateway|envoy|alertmanager|prometheus|node|syslog"
    r"|config(?:-\w+)?|flags?|feature-\w+|changes?)$", re.I,
)  # fmt: skip
_LONG_ID = re.compile(r"\b([0-9a-f]{6})[0-9a-f]{2,}(?:-[0-9a-f]{4,}){4}\b|\b([0-9a-f]{6})[0-9a-f]{18,}\b", re.I)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
_ADDRESSED = (
    r"(?:to|upstream|calling|call(?:ed)?|service|dependency|backend|host|downstream|target|cluster"
    r"|connect\w*|https?:/|process|container|pod|unit|of|in|into|on|deployment|task|memory cgroup)"
)
_FAILED = (  # verbs in the present as in the past
    r"(?:is|was|has|did|does|return(?:s|ed)|respon\w+|answer(?:s|ed)|unavailable|unreachable|time[sd]|timeout"
    r"|fail(?:s|ed|ing)|down|refuse[sd]|error|call|request|connection|slow|unhealthy|reject(?:s|ed)|close[sd]"
    r"|50\d|health|too|not|gave|gives|never|los(?:t|es)|busy)"
)


@dataclass
class Blame:
    """What speaks for one service being where it began."""

    service: str
    score: float = 0.0
    reasons: list[str] = field(default_factory=list)
    members: list[BadSignal] = field(default_factory=list)  # its own signals, and those that name it

    def add(self, weight: float, reason: str) -> None:
        """Count a reason."""
        self.score += weight
        if reason not in self.reasons:
            self.reasons.append(reason)


def blame_services(index: LogIndex, incident: Incident, shifts: Sequence[ValueShift] = ()) -> list[Blame]:
    """Return the services with something against them, the likeliest first.

    `shifts` are the values that took over inside messages while it lasted.
    """
    names = _Names(service for service in index.services)
    caused = {member.signal.service for member in incident.members if member.cause is not None}
    blames = {service: Blame(service) for service in _by_service(incident.members)}
    passes: dict[str, tuple[str, float]] = {}
    for service, members in _by_service(incident.members).items():
        for place, member in enumerate(sorted(members, key=lambda one: -one.weight)):
            blames[service].add(member.weight * (1.0 if place == 0 else LESSER_SHARE), _told(member))
            blames[service].members.append(member)
            lines = _lines(index, member)
            named = names.addressed(lines, service)
            if named is None and member.cause is None:
                # Whoever tells of no cause of its own and speaks of one that does, in whatever words, waits for it.
                named = names.mentioned(lines, caused - {service})
            if named and service not in passes and (place == 0 or _REPORTERS.match(service)):
                passes[service] = (named, _passed_on(member, service))
                told = blames.setdefault(named, Blame(named))
                told.members.append(member)
                told.reasons.append(f"{service} names it: {_short(member.text)}")
    _add_firsts(blames, incident)
    _add_traces(blames, index, incident)
    _pass_on(blames, passes)
    _add_markers(blames, incident, names)
    _add_shifts(blames, incident, shifts)
    ranked = sorted(blames.values(), key=lambda blame: (-blame.score, blame.service))
    return [blame for blame in ranked if blame.members]


def _add_shifts(blames: dict[str, Blame], incident: Incident, shifts: Sequence[ValueShift]) -> None:
    """Count against a service that its ordinary messages tell of another value than before.

    A status is how a fault shows, wherever it is; of a bad message the values are facets of it.
    """
    bad = {member.signal.template for member in incident.members}
    told: set[str] = set()
    for shift in shifts:
        if (
            shift.service in blames
            and shift.service not in told
            and shift.template not in bad
            and shift.name != "status"
        ):
            told.add(shift.service)
            blames[shift.service].add(SHIFT_WEIGHT, f"in its ordinary messages {shift.said}")


def _pass_on(blames: dict[str, Blame], passes: dict[str, tuple[str, float]]) -> None:
    """Let each service hand the share of its blame that it puts on another to that one, and so on down.

    A caller's errors are as early and as many as its callee's; what they say is whom to look at.
    """
    moving = {service: blame.score for service, blame in blames.items()}
    for blame in blames.values():
        blame.score = 0.0
    for _ in range(LONGEST_CALL_CHAIN):
        handed: dict[str, float] = {}
        for service, score in moving.items():
            named, share = passes.get(service, ("", 0.0))
            blames[service].score += score * (1 - share)
            if share:
                handed[named] = handed.get(named, 0.0) + score * share
        moving = handed
    for service, score in moving.items():
        blames[service].score += score


def _passed_on(member: BadSignal, service: str) -> float:
    """Return which share of its blame a service hands to the one that its chief message names."""
    if _REPORTERS.match(service):
        return 1.0
    return NAMED_SHARE if member.cause is None else NAMED_SHARE / 2


def _add_firsts(blames: dict[str, Blame], incident: Incident) -> None:
    for blame in blames.values():
        own = [member for member in blame.members if member.signal.service == blame.service and member.weight > 0.5]
        if own:
            first = min(member.signal.start_at for member in own)
            late = (first - incident.start_at).total_seconds()
            blame.score += FIRST_WEIGHT * math.exp(-late / EARLINESS_SECONDS)
            if late <= EARLINESS_SECONDS:  # being later speaks against it, and is told there
                blame.reasons.append(f"its trouble begins at {first:%H:%M:%S}, {_after(late)}")


def _add_traces(blames: dict[str, Blame], index: LogIndex, incident: Incident) -> None:
    """Follow failing requests: the service whose error comes first in each is nearest the cause."""
    window = incident.window
    failing = index.rows.filter(
        pl.col("trace").is_not_null()
        & (pl.col("level") >= ERROR)
        & pl.col("time").is_between(window.start_at, window.end_at)
    )
    if failing.is_empty():
        return
    several = failing.filter(pl.col("service").n_unique().over("trace") > 1)
    if several.is_empty():
        return
    firsts = several.group_by("trace").agg(pl.col("service").sort_by("time").first())["service"].value_counts()
    total = int(firsts["count"].sum())
    for service, count in firsts.iter_rows():
        if service in blames:
            reason = f"in {count} of {total} failing requests that cross services, its error is the first"
            blames[service].add(TRACE_WEIGHT * count / total, reason)


def _add_markers(blames: dict[str, Blame], incident: Incident, names: "_Names") -> None:
    counted: set[str] = set()
    for marker in incident.markers:
        # A deployment log names whom it changed; a service's own line is about itself.
        speaks_of_itself = marker.service in blames and not _REPORTERS.match(marker.service)
        changed = [marker.service] if speaks_of_itself else names.all_of(marker.text)
        away = abs((incident.start_at - marker.at).total_seconds())
        strength = MARKER_WEIGHT if marker.detector.name != "restart" else MARKER_WEIGHT / 3
        reason = f"{marker.detector.title.lower()} at {marker.at:%H:%M:%S}: {_short(marker.text)}"
        for service in changed:
            if service in blames and service not in counted:
                counted.add(service)
                blames[service].add(strength * math.exp(-away / MARKER_SECONDS) / len(changed), reason)


def _by_service(members: Sequence[BadSignal]) -> dict[str, list[BadSignal]]:
    grouped: defaultdict[str, list[BadSignal]] = defaultdict(list)
    for member in members:
        grouped[member.signal.service].append(member)
    return dict(grouped)


def _lines(index: LogIndex, member: BadSignal) -> list[str]:
    signal = member.signal
    rows = index.rows.filter((pl.col("template") == signal.template) & (pl.col("service") == signal.service))
    inside = rows.filter(pl.col("time") >= signal.start_at)
    return (inside if inside.height else rows)["line"].head(LINES_READ_A_SIGNAL).to_list() or [member.text]


def _told(member: BadSignal) -> str:
    signal = member.signal
    told = f"{member.cause.title.lower()}: " if member.cause else ""
    return f"{told}{signal.burst_lines} × “{_short(member.text)}” from {signal.start_at:%H:%M:%S}"


def _after(seconds: float) -> str:
    return "the first of all" if seconds < 1 else f"{seconds:.0f} s after the first"


def _short(text: str, length: int = 110) -> str:
    line = _LONG_ID.sub(r"\1\2…", " ".join(text.split()))  # they fill a line, and say nothing to who reads it
    return line if len(line) <= length else line[: length - 1] + "…"


class _Names:
    """The services' names, and finding them in lines however they are spelled."""

    def __init__(self, services: Iterable[str]) -> None:
        self._service_of: dict[str, str] = {}
        for service in services:
            for spelling in _spellings(service):
                self._service_of.setdefault(spelling, service)

    def addressed(self, lines: Sequence[str], speaker: str) -> str | None:
        """Return the service that most of the lines speak of as the one called or failing; else None."""
        return _of_most([{found for found in self._addressed_in(line) if found != speaker} for line in lines])

    def mentioned(self, lines: Sequence[str], among: Collection[str]) -> str | None:
        """Return the one of these services that most of the lines name at all; else None."""
        return _of_most([{found for found in self.all_of(line) if found in among} for line in lines])

    def all_of(self, text: str) -> list[str]:
        """Return the services that a text names at all, in its order."""
        found = (self._service_of.get(_plain(word)) for word in _WORD.findall(text))
        return list(dict.fromkeys(service for service in found if service))

    def _addressed_in(self, line: str) -> list[str]:
        found = []
        for match in _WORD.finditer(line):
            service = self._service_of.get(_plain(match[0]))
            if service is None:
                continue
            before, after = (
                line[max(0, match.start() - 24) : match.start()],
                line[match.end() : match.end() + 24],
            )
            if re.search(rf"\b{_ADDRESSED}[\s\"'=:/\[(]{{1,3}}$", before, re.I) or re.match(
                rf"(?:[:.][\w.:-]+)?[\"'\])]*[\s:]{{1,3}}(?:service )?{_FAILED}\b", after, re.I
            ):
                found.append(service)
        return found


def _of_most(found: Sequence[Collection[str]]) -> str | None:
    """Return the service that most often is among those found in a line, if it is in half of them."""
    votes = Counter(service for services in found for service in services)
    if not votes:
        return None
    service, count = max(votes.items(), key=lambda vote: (vote[1], vote[0]))
    return service if count * 2 >= len(found) else None


def _spellings(service: str) -> set[str]:
    plain = _plain(service)
    short = re.sub(r"(?:service|svc|api|server|worker|app)$", "", plain)
    singular = plain.removesuffix("s")
    return {plain} | {spelling for spelling in (short, singular) if len(spelling) > 3}


def _plain(word: str) -> str:
    return re.sub(r"[-_]", "", word).lower()
