"""Find the incident in the signals: which bursts belong together, when it began, who wrote them.

Errors that are always there are no incident, however many they are. Where nothing bad became
more frequent the answer is None, and the logs are not the place to look.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workers.logs.detector import Detector
from workers.logs.detectors import detectors_for
from workers.logs.index import LogIndex, Window
from workers.logs.levels import ERROR, FATAL, WARN, level_of_message
from workers.logs.statistics import Signal

# By chance, the best of 28,680 intervals of a steady template reaches 28 now and then, always with
# lines outside the burst; a message that hardly exists outside is judged less strictly.
ANCHOR_SCORE, SPIKE_SCORE = 24.0, 40.0
WARNING_SCORE = 100.0  # warnings alone make an incident only when there are very many
GRAVE = 0.85  # weight of a cause that is trouble even in a line that calls itself information, or nothing
ANCHOR_LINES = 4
ANCHOR_RATIO = 3.0
MEMBER_SCORE = 8.0
FOREWARNING_SCORE = 14.0  # everyday warnings bunch up by chance, so those before the errors must be surer
LEAD = timedelta(minutes=15)  # how far before the errors their own forewarnings are looked for
MARKER_LEAD = timedelta(minutes=30)  # how far before the first bad moment a change still counts
RARE_MARKER_LINES = 12  # a deployment is written a few times; what is written all day marks nothing
GAP = timedelta(minutes=3)  # bursts that are nearer than this belong together


@dataclass(frozen=True)
class BadSignal:
    """A signal that speaks of trouble, with what the detectors make of it."""

    signal: Signal
    text: str  # an example message
    detectors: tuple[Detector, ...]

    @property
    def cause(self) -> Detector | None:
        """The strongest cause it speaks of."""
        return next((found for found in self.detectors if found.kind == "cause"), None)

    @property
    def is_anchor(self) -> bool:
        """Whether it is bad and sudden enough to be an incident by itself."""
        signal = self.signal
        sudden = signal.is_new or signal.ratio >= ANCHOR_RATIO
        if (
            not sudden
            or signal.score < (ANCHOR_SCORE if signal.is_new else SPIKE_SCORE)
            or signal.burst_lines < ANCHOR_LINES
        ):
            return False
        if signal.level >= ERROR or (self.cause is not None and signal.level >= WARN):
            return True
        if signal.is_new and self.cause is not None and self.cause.weight >= GRAVE:
            return True  # many programs write no level: what is never good news needs none
        told = signal.level >= WARN and any(found.kind == "symptom" for found in self.detectors)
        return told and signal.score >= WARNING_SCORE

    @property
    def weight(self) -> float:
        """How strongly it speaks: what it says times how sure it is that it changed."""
        if self.cause is not None:
            said = self.cause.weight if self.signal.level >= WARN else self.cause.weight * 0.6
        elif any(found.kind == "symptom" for found in self.detectors):
            said = max(found.weight for found in self.detectors if found.kind == "symptom")
        else:
            said = 0.5 if self.signal.level >= ERROR else 0.3
        return said * math.log1p(max(0.0, self.signal.score))


@dataclass(frozen=True)
class Marker:
    """A change that people or schedulers made, as the logs tell it."""

    at: datetime
    service: str
    template: int
    detector: Detector
    text: str


@dataclass(frozen=True)
class Incident:
    """Bursts that belong together."""

    start_at: datetime
    end_at: datetime
    members: tuple[BadSignal, ...]  # the earliest first
    markers: tuple[Marker, ...] = field(default=())  # before and at its start, the latest first

    @property
    def window(self) -> Window:
        """From its first bad moment to its end."""
        return Window(self.start_at, max(self.end_at, self.start_at + timedelta(seconds=60)))


def find_incident(
    index: LogIndex, signals: Sequence[Signal], *, asked: Window | None, mentioned: Sequence[str]
) -> Incident | None:
    """Return the gravest incident, preferring what overlaps the asked window and mentioned services."""
    bad = bad_signals(index, signals)
    anchors = [signal for signal in bad if signal.is_anchor] or _single_disasters(bad)
    if not anchors:
        return None
    groups = _grouped(anchors)
    chosen = max(groups, key=lambda group: _gravity(group, asked, mentioned))
    start = min(member.signal.start_at for member in chosen)
    end = max(member.signal.end_at for member in chosen)
    members = list(chosen) + [signal for signal in bad if signal not in chosen and _belongs(signal, start, end)]
    members.sort(key=lambda member: (member.signal.start_at, -member.weight))
    first = members[0].signal.start_at
    return Incident(first, end, tuple(members), tuple(markers_before(index, signals, first)))


def bad_signals(index: LogIndex, signals: Sequence[Signal]) -> list[BadSignal]:
    """Return the signals that changed and speak of trouble."""
    bad = []
    for signal in signals:
        if signal.score < MEMBER_SCORE:
            continue
        template = index.templates[signal.template]
        found = tuple(detectors_for(template.example))
        says = level_of_message(template.example)
        troubling = any(detector.kind != "marker" for detector in found) and says >= WARN
        caused = signal.is_new and any(detector.kind == "cause" for detector in found)
        if signal.level >= WARN or troubling or caused:
            bad.append(BadSignal(signal, template.example, found))
    return bad


def markers_before(index: LogIndex, signals: Sequence[Signal], moment: datetime) -> list[Marker]:
    """Return the rare lines that tell of a change around the moment, the nearest first."""
    found: list[Marker] = []
    rows = index.rows
    earliest, latest = moment - MARKER_LEAD, moment + timedelta(seconds=90)
    near = rows.filter((rows["time"] >= earliest) & (rows["time"] <= latest)) if rows.height else rows
    lines = {(signal.template, signal.service): signal.lines for signal in signals}
    for template, service, at in (
        near.select("template", "service", "time")
        .unique(["template", "service"], keep="last", maintain_order=True)
        .iter_rows()
    ):
        if lines.get((template, service), 0) > RARE_MARKER_LINES:
            continue
        text = index.templates[template].example
        detector = next((one for one in detectors_for(text) if one.kind == "marker"), None)
        if detector is not None and level_of_message(text) < ERROR:
            found.append(Marker(at, service, template, detector, text))
    order = {"deploy": 0, "config_change": 0, "feature_flag": 0, "migration": 0, "restart": 1}
    found.sort(key=lambda marker: (order.get(marker.detector.name, 1), abs((moment - marker.at).total_seconds())))
    return found


def _single_disasters(bad: Sequence[BadSignal]) -> list[BadSignal]:
    """Return signals too few to be a burst that are grave all the same: one process killed for memory."""
    return [
        signal
        for signal in bad
        if signal.signal.is_new
        and signal.signal.level >= FATAL
        and signal.cause is not None
        and signal.cause.weight >= 0.9
    ]


def _grouped(anchors: Sequence[BadSignal]) -> list[list[BadSignal]]:
    groups: list[list[BadSignal]] = []
    latest = datetime.min
    for anchor in sorted(anchors, key=lambda one: one.signal.start_at):
        if groups and anchor.signal.start_at <= latest + GAP:
            groups[-1].append(anchor)
            latest = max(latest, anchor.signal.end_at)
        else:
            groups.append([anchor])
            latest = anchor.signal.end_at
    return groups


def _gravity(group: Sequence[BadSignal], asked: Window | None, mentioned: Sequence[str]) -> float:
    gravity = sum(member.weight * math.sqrt(max(member.signal.score, 0.0)) for member in group)
    if asked is not None and any(
        member.signal.end_at > asked.start_at and member.signal.start_at < asked.end_at for member in group
    ):
        gravity *= 4
    services = {member.signal.service for member in group}
    told = any(name in services or any(name in member.text for member in group) for name in mentioned)
    return gravity * (1.5 if told else 1.0)


def _belongs(candidate: BadSignal, start: datetime, end: datetime) -> bool:
    """Whether a lesser signal is part of it: it begins inside, or shortly before and lasts into it."""
    signal = candidate.signal
    if not (signal.is_new or signal.ratio >= ANCHOR_RATIO) or signal.burst_lines < 2:
        return False
    if start <= signal.start_at < end:
        return True
    close = signal.start_at >= start - timedelta(seconds=60)
    sure = signal.is_new and signal.score >= FOREWARNING_SCORE
    forewarns = sure and (candidate.cause is not None or close)
    return forewarns and start - LEAD <= signal.start_at < start and signal.end_at >= start - GAP
