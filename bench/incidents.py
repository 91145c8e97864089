"""Generate logs of incidents whose cause is known, and measure how often it is found.

Each case runs a world's ordinary traffic (incident_worlds.py) over two hours, breaks one
service (incident_cases.py), lets the failure show in its callers, and adds noise and decoys.
Half of the cases are written as a file a service, half as one mixed file.
"""

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.incident_cases import CASES, Case
from bench.incident_healthy import HEALTHY, HealthyCase
from bench.incident_heldout import HELD_OUT
from bench.incident_named import NAMED
from bench.incident_worlds import WORLDS, Entry, World, written
from workers.logs.inspection import inspect

BEGIN = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
MINUTES = 120
LINES_A_REQUEST = 6.5
QUICK_LINES = 20_000
SEED = 20_260_304


@dataclass(frozen=True)
class Generated:
    """One case written to disk, with the right answer (None for a healthy day)."""

    name: str
    paths: tuple[Path, ...]
    lines: int
    root: str | None
    first_bad: datetime | None
    key: str
    kind: str = ""


@dataclass(frozen=True)
class Outcome:
    """What the inspection made of one case."""

    name: str
    lines: int
    cpu_seconds: float
    top_two: bool
    top_one: bool
    in_time: bool
    key_in_five: bool
    said: str
    is_named: bool | None = None  # whether the detector of the case names the cause; None: the case has none


def measure(lines: int = QUICK_LINES, *, seed: int = SEED) -> dict[str, object]:
    """Return the rates over all cases; prints one row a case."""
    invented = []
    with TemporaryDirectory() as folder:
        known = _outcomes(CASES, Path(folder) / "known", lines, seed)
        print("held out: written before the rules were changed, with other words for the causes")
        held_out = _outcomes(HELD_OUT, Path(folder) / "held-out", lines, seed + len(CASES))
        print("named: causes with a name of their own, written after the detectors")
        named = _outcomes(NAMED, Path(folder) / "named", lines, seed + len(CASES) + len(HELD_OUT))
        for number, healthy in enumerate(HEALTHY):
            generated = generate_healthy(healthy, Path(folder) / f"healthy{number}", lines, seed=seed - number)
            inspection = inspect(generated.paths, now=BEGIN + timedelta(days=1))
            if inspection.root_cause_service is not None:
                invented.append(healthy.name)
            print(f"{healthy.name:34} healthy: {inspection.verdict} {inspection.root_cause_service or ''}")
    return {
        "lines_each": lines,
        **_rates(known),
        "held_out": _rates(held_out),
        "named": {**_rates(named), "cause_named": round(sum(one.is_named is True for one in named) / len(named), 3)},
        "healthy": len(HEALTHY),
        "causes_invented": len(invented),
    }


def _outcomes(cases: Sequence[Case], folder: Path, lines: int, seed: int) -> list[Outcome]:
    """Generate and inspect each case; prints one row a case."""
    outcomes = []
    for number, case in enumerate(cases):
        generated = generate(case, folder / f"case{number}", lines, seed=seed + number, mixed=number % 2 == 1)
        outcomes.append(_judged(generated))
        _print_row(outcomes[-1])
    return outcomes


def _rates(outcomes: Sequence[Outcome]) -> dict[str, float]:
    count = len(outcomes)
    return {
        "incidents": count,
        "top_two": round(sum(outcome.top_two for outcome in outcomes) / count, 3),
        "top_one": round(sum(outcome.top_one for outcome in outcomes) / count, 3),
        "first_bad_within_60s": round(sum(outcome.in_time for outcome in outcomes) / count, 3),
        "key_in_first_five": round(sum(outcome.key_in_five for outcome in outcomes) / count, 3),
        "cpu_seconds_each": round(sum(outcome.cpu_seconds for outcome in outcomes) / count, 2),
    }


def generate(case: Case, folder: Path, lines: int, *, seed: int, mixed: bool) -> Generated:
    """Write one incident's logs; the first bad line's time is the gold one."""
    source = random.Random(seed)
    world = WORLDS[case.world]
    start = BEGIN + timedelta(minutes=source.uniform(55, 85), seconds=source.uniform(0, 59))
    end = start + timedelta(minutes=source.uniform(15, 30))
    entries = _ordinary(world, source, lines)
    broken, first_bad = _broken(case, world, source, lines, start, end)
    entries += broken + _decoys(case.decoys, source)
    for service, level, text, times in case.steady:
        for number in range(int(times * MINUTES)):
            at = BEGIN + timedelta(seconds=(number + source.random()) * 60 / times)
            entries.append(Entry(at, service, level, _filled(text, source)))
    for seconds, service, text in case.markers:
        entries.append(Entry(start + timedelta(seconds=seconds), service, "INFO", _filled(text, source)))
    paths = _write(entries, world, folder, mixed=mixed)
    return Generated(case.name, paths, len(entries), case.root, first_bad, case.key, case.kind)


def generate_healthy(case: HealthyCase, folder: Path, lines: int, *, seed: int) -> Generated:
    """Write a day without an incident."""
    source = random.Random(seed)
    world = WORLDS[case.world]
    entries = _ordinary(world, source, lines, doubles=case.traffic_doubles) + _decoys(case.decoys, source)
    for minute, service, text in case.markers:
        entries.append(Entry(BEGIN + timedelta(minutes=minute), service, "INFO", _filled(text, source)))
    return Generated(case.name, _write(entries, world, folder, mixed=False), len(entries), None, None, "")


def _judged(generated: Generated) -> Outcome:
    before = time.process_time()
    inspection = inspect(generated.paths, now=BEGIN + timedelta(days=1))
    cpu = time.process_time() - before
    suspects = [hypothesis.service for hypothesis in inspection.hypotheses[:2]]
    found, gold = inspection.first_bad, generated.first_bad
    told = [f"{change.text} {change.example}" for change in inspection.what_changed[:5]]
    kind = next((one.kind for one in inspection.hypotheses if one.service == generated.root), "")
    late = (found - gold).total_seconds() if found and gold else float("inf")
    return Outcome(
        generated.name,
        generated.lines,
        cpu,
        top_two=generated.root in suspects,
        top_one=generated.root == inspection.root_cause_service,
        in_time=abs(late) <= 60,
        key_in_five=any(generated.key in text for text in told),
        said=f"{inspection.root_cause_service} (gold {generated.root}), {late:+.0f} s",
        is_named=kind == generated.kind if generated.kind else None,
    )


def _ordinary(world: World, source: random.Random, lines: int, *, doubles: bool = False) -> list[Entry]:
    """Return a good day's lines: requests through the tree, and the grumbling that is always there."""
    entries: list[Entry] = []
    requests = int(lines / LINES_A_REQUEST)
    for _ in range(requests):
        place = source.random() ** (0.6 if doubles else 1.0)
        at = BEGIN + timedelta(minutes=MINUTES * place)
        entries += _request(world, source, at, _trace(source))
    for service in world.services:
        for level, text in service.grumbles:
            for _ in range(max(6, requests // 60)):
                place = source.random() ** (0.6 if doubles else 1.0)
                at = BEGIN + timedelta(minutes=MINUTES * place)
                entries.append(Entry(at, service.name, level, _filled(text, source), _trace(source)))
    return entries


def _request(world: World, source: random.Random, at: datetime, trace: str) -> list[Entry]:
    entries = []
    service = world.services[0]
    while True:
        at += timedelta(milliseconds=source.uniform(1, 40))
        for _ in range(source.choice((1, 1, 2))):
            text = _filled(source.choice(service.says), source)
            entries.append(Entry(at, service.name, "INFO", text, trace))
            at += timedelta(milliseconds=source.uniform(1, 10))
        if not service.calls:
            break
        service = world.service(source.choice(service.calls))
    if world.name == "media" and source.random() < 0.1:
        entries.append(Entry(at, "mailer", "INFO", _filled(source.choice(world.service("mailer").says), source)))
    return entries


def _broken(
    case: Case, world: World, source: random.Random, lines: int, start: datetime, end: datetime
) -> tuple[list[Entry], datetime]:
    entries: list[Entry] = []
    a_minute = lines / LINES_A_REQUEST / MINUTES
    path = world.path_to(case.root)
    for number in range(int(a_minute * (end - start).total_seconds() / 60)):
        at = start + timedelta(seconds=number * 60 / a_minute + source.uniform(0, 30 / a_minute))
        since = (at - start).total_seconds() / 60
        share = case.share * min(1.0, (since + 0.5) / case.ramp_minutes) if case.ramp_minutes else case.share
        if number < 2 or source.random() < share:
            entries += _failing_request(case, path, world, source, at)
    for service, level, text, times in case.aside:
        for number in range(int(times * (end - start).total_seconds() / 60)):
            at = start + timedelta(seconds=number * 60 / times + source.uniform(0, 20 / times))
            entries.append(Entry(at, service, level, _filled(text, source)))
    first = min(entry.at for entry in entries if entry.level != "INFO")
    return entries, first


def _failing_request(
    case: Case, path: Sequence[str], world: World, source: random.Random, at: datetime
) -> list[Entry]:
    trace = _trace(source)
    entries = []
    if not case.silent_root:
        level, text = source.choice(case.own)
        entries.append(Entry(at, case.root, level, _filled(text, source), trace))
    elif len(path) == 1:
        return []
    for caller, callee in zip(reversed(path[:-1]), reversed(path[1:]), strict=True):
        at += timedelta(milliseconds=source.uniform(5, 60))
        if world.service(caller).style == "access":
            text = _filled(source.choice(world.service(caller).says), source)
            entries.append(Entry(at, caller, "ERROR", text, trace, source.choice((500, 502, 503))))
        else:
            text = _filled(case.symptom.replace("{callee}", callee), source)
            entries.append(Entry(at, caller, source.choice(("ERROR", "ERROR", "WARN")), text, trace))
    return entries


def _decoys(decoys: Iterable[tuple[float, str, str, str, int]], source: random.Random) -> list[Entry]:
    entries = []
    for minute, service, level, text, lines in decoys:
        for _ in range(lines):
            at = BEGIN + timedelta(minutes=minute + source.uniform(0, 4))
            entries.append(Entry(at, service, level, _filled(text, source)))
    return entries


def _write(entries: list[Entry], world: World, folder: Path, *, mixed: bool) -> tuple[Path, ...]:
    folder.mkdir(parents=True)
    entries.sort(key=lambda entry: entry.at)
    style = {service.name: service.style for service in world.services}
    if not mixed:
        paths = []
        for name in style:
            paths.append(folder / f"{name}.log")
            with paths[-1].open("w", encoding="utf-8") as file:
                file.writelines(written(entry, style[name]) + "\n" for entry in entries if entry.service == name)
        return tuple(paths)
    path = folder / "all.log"
    with path.open("w", encoding="utf-8") as file:
        # Collected by a container runtime: the service stands before each line.
        file.writelines(f"{entry.service} | {written(entry, style[entry.service])}\n" for entry in entries)
    return (path,)


def _filled(text: str, source: random.Random) -> str:
    return text.format(
        n=source.randint(100, 99_999),
        d=source.randint(0, 9),
        ms=source.randint(2, 900),
        big=source.randint(3_000, 60_000),
        id=f"{source.getrandbits(40):010x}",
        callee="{callee}",
    )


def _trace(source: random.Random) -> str:
    return f"{source.getrandbits(64):016x}"


def _print_row(outcome: Outcome) -> None:
    marks = "".join("x" if good else "." for good in (outcome.top_two, outcome.in_time, outcome.key_in_five))
    named = "" if outcome.is_named is not False else ", cause not named"
    print(f"{outcome.name:34} {marks} {outcome.said}{named}; {outcome.lines} lines, {outcome.cpu_seconds:.2f} CPU s")
