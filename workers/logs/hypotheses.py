"""Put the likely causes of an incident into words, ranked, each with what speaks against it."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from workers.logs.blame import Blame, blame_services
from workers.logs.detector import Detector
from workers.logs.incident import BadSignal, Incident, Marker
from workers.logs.index import LogIndex
from workers.logs.inspection_report import Hypothesis
from workers.logs.shifts import facets_of
from workers.logs.stack_traces import stack_trace_of
from workers.logs.values import ValueShift

MAX_HYPOTHESES = 5
MAX_REASONS = 5
TRACES_READ = 100
_ARTICLED = {
    "deploy": "a deployment",
    "config_change": "a change of configuration",
    "feature_flag": "a switched feature flag",
    "migration": "a migration",
}
_DEFAULT_CHECK = "Read the first lines of this message and what the service did just before."


def hypotheses_of(index: LogIndex, incident: Incident, shifts: Sequence[ValueShift] = ()) -> list[Hypothesis]:
    """Return the likely causes, one a service, the likeliest first. Confidences add up to at most 1."""
    blames = blame_services(index, incident, shifts)[:MAX_HYPOTHESES]
    total = sum(blame.score for blame in blames) or 1.0
    best = blames[0] if blames else None
    return [
        _hypothesis(index, incident, blame, round(blame.score / total, 3), best if blame is not best else None)
        for blame in blames
    ]


def leading_member(blame_members: Sequence[BadSignal]) -> BadSignal:
    """Return the signal that tells the cause best: a cause before a symptom, then the surer."""
    return max(blame_members, key=lambda member: (member.cause is not None, member.weight, -member.signal.template))


def marker_for(incident: Incident, service: str) -> Marker | None:
    """Return the change that was made to a service nearest before the incident, if any."""
    near = [marker for marker in incident.markers if marker.detector.name != "restart"]
    own = [marker for marker in near if marker.service == service or service.lower() in marker.text.lower()]
    return next(iter(own), None)


def _hypothesis(
    index: LogIndex, incident: Incident, blame: Blame, confidence: float, better: Blame | None
) -> Hypothesis:
    leading = leading_member(blame.members)
    detector = leading.cause or next((found for found in leading.detectors if found.kind != "marker"), None)
    marker = marker_for(incident, blame.service)
    first_at = min(member.signal.start_at for member in blame.members)
    return Hypothesis(
        service=blame.service,
        cause=_cause_text(blame.service, detector, marker, first_at),
        kind=detector.name if detector else "errors",
        confidence=confidence,
        evidence_for=(*blame.reasons[:MAX_REASONS], *facets_of(index, leading), *_traced(index, leading)),
        evidence_against=tuple(_against(incident, blame, leading, better)),
        check_next=_check_next(detector, marker),
        first_at=first_at,
        template_ids=tuple(dict.fromkeys(index.templates[m.signal.template].id for m in blame.members))[:8],
    )


def _traced(index: LogIndex, leading: BadSignal) -> list[str]:
    """Return how many different stack traces stand behind a message, if any does."""
    signal = leading.signal
    chosen = (pl.col("template") == signal.template) & (pl.col("service") == signal.service)
    events = index.rows.filter(chosen & pl.col("line").str.contains("\n", literal=True))["line"].head(TRACES_READ)
    traces = [trace for trace in map(stack_trace_of, events) if trace]
    if not traces:
        return []
    (fingerprint, count) = Counter(trace.fingerprint for trace in traces).most_common(1)[0]
    same = next(trace for trace in traces if trace.fingerprint == fingerprint)
    where = f", innermost own frame {same.frames[0]}" if same.frames else ""
    return [f"{count} of {len(traces)} stack traces read are the same ({fingerprint}): {same.cause}{where}"]


def _cause_text(service: str, detector: Detector | None, marker: Marker | None, first_at: datetime) -> str:
    """Return the cause as a sentence without its full stop; the lines that show it stand apart."""
    what = detector.title if detector else "Errors of a kind not seen before"
    text = f"{what} in {service}, from {first_at:%H:%M:%S} UTC"
    if marker is None:
        return text
    minutes = (first_at - marker.at).total_seconds() / 60
    when = f"{minutes:.0f} minutes before" if minutes >= 2 else "right before"
    of = "" if marker.service == service else f" of {marker.service}"
    return f"{text}; {_ARTICLED.get(marker.detector.name, marker.detector.title.lower())}{of} was logged {when}"


def _against(incident: Incident, blame: Blame, leading: BadSignal, better: Blame | None) -> list[str]:
    reasons = []
    first = min(member.signal.start_at for member in blame.members)
    late = (first - incident.start_at).total_seconds()
    if late > 30:
        reasons.append(f"its trouble begins {late:.0f} s after the first")
    if leading.cause is None:
        reasons.append("its lines tell of symptoms, not of a cause")
    if not any(member.signal.service == blame.service for member in blame.members):
        reasons.append("its own lines show nothing; only others name it")
    if not math.isinf(leading.signal.ratio) and not leading.signal.is_new:
        reasons.append(
            f"the same message also comes at other times ({leading.signal.lines - leading.signal.burst_lines} lines)"
        )
    if marker_for(incident, blame.service) is None:
        reasons.append("no change to it is told of in the half hour before")
    if better is not None:
        reasons.append(f"more speaks for {better.service}")
    return reasons[:MAX_REASONS]


def _check_next(detector: Detector | None, marker: Marker | None) -> str:
    if marker is not None:
        return f"{marker.detector.check_next} {detector.check_next if detector else ''}".strip()
    return detector.check_next if detector else _DEFAULT_CHECK
