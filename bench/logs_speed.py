"""Measure speed on a generated log: CPU seconds for the whole index, beside Drain3 and plain scans.

The index is built twice, each time in a process of its own: by arrays, as everywhere, and by the compiled loops
that big logs are read with where Numba is installed.

CPU seconds and not wall time, because the machine may be busy; all figures come from one run
over the same file. The log is mixed: six formats, some two hundred messages in a Zipf mix,
fresh values in each line, 24 hours of time.
"""

import importlib
import io
import random
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, TypeVar

import polars as pl

from bench import logs_guard
from bench.incident_cases import CASES
from bench.incidents import generate
from bench.logs_accuracy import drain3_groups
from workers.logs import queries
from workers.logs.index import LogIndex, Window, build_index
from workers.logs.inspection import inspect
from workers.logs.reading import ReadingOptions

LINES = 10_000_000  # a gigabyte, about; what is learned of the first blocks pays over the others
DRAIN3_LINES = 100_000  # it slows down with the clusters it knows: the beginning of a log would flatter it
DRAIN3_BLOCK_LINES = 1_000
INCIDENT_LINES = 300_000
DAY = datetime(2026, 3, 4, tzinfo=UTC)
NOW = DAY + timedelta(days=2)

_VERBS = (
    "accepted",
    "stored",
    "sent",
    "dropped",
    "refreshed",
    "verified",
    "queued",
    "merged",
    "scanned",
    "released",
)
_THINGS = ("order", "session", "packet", "block", "invoice", "shard", "segment", "token", "replica", "report")
_TAILS = (
    "in {n} ms",
    "from 10.1.{d}.{d}:{n}",
    "for user={h}",
    "size {n}",
    "id {h}",
    "to /srv/{w}/part-{n}",
    "retry {d}",
)
WAYS = {"by_arrays": False, "compiled": True}
Answer = TypeVar("Answer")
Parameters = ParamSpec("Parameters")
_SERVICES = ("payments", "cart", "auth", "search", "mail", "billing", "edge", "ledger")


def measure(lines: int = LINES) -> dict[str, object]:
    """Return lines per CPU second of the index and of each comparison, memory, and follow-up times."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mixed.log"
        write_mixed_log(path, lines)
        drain3 = _drain3(path, lines)
        figures: dict[str, object] = {"lines": lines, "megabytes": round(path.stat().st_size / 1e6)}
        for name, may_compile in WAYS.items():
            if may_compile and find_spec("numba") is None:
                continue
            found = by_itself(index_figures, path, lines, may_compile)
            if drain3:
                found["times_drain3"] = round(lines / found["cpu_seconds"] / drain3["drain3_lines_per_cpu_second"], 1)
            print(f"index {name}: " + ", ".join(f"{key} {value:,}" for key, value in found.items()))
            figures[name] = found
        figures |= {**_scans(path, lines), **drain3}
    figures["incident_300k_cpu_seconds"] = incident_cpu_seconds()
    figures["guard"] = logs_guard.measure()
    return figures


def by_itself(measuring: Callable[Parameters, Answer], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
    """Measure in a process of its own, whose peak of memory is not that of what ran before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        return alone.submit(measuring, *args, **kwargs).result()


def index_figures(path: Path, lines: int, may_compile: bool) -> dict[str, float]:
    """Build the index and ask it; what has to be compiled once per installation is, before, and told apart."""
    compiling = _compile() if may_compile else {}
    options = ReadingOptions(now=NOW, max_bytes=64 << 30, may_compile=may_compile)
    index, seconds, wall = _timed(lambda: build_index([path], options))
    if index.report.lines != lines:
        raise RuntimeError(f"{index.report.lines} of {lines} lines were read")
    return {
        "cpu_seconds": round(seconds + compiling.get("load_cpu_seconds", 0.0), 2),
        "wall_seconds": round(wall, 2),
        "lines_per_cpu_second": round(lines / (seconds + compiling.get("load_cpu_seconds", 0.0))),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "templates": len(index.templates),
        **compiling,
        **follow_ups(index),
    }


def _compile() -> dict[str, float]:
    """Compile in a process of its own, then load what that kept: only loading is paid for by every process."""
    compiled = by_itself(_load_compiled)
    return {"compile_cpu_seconds": compiled, "load_cpu_seconds": _load_compiled()}


def _load_compiled() -> float:
    return round(_timed(lambda: importlib.import_module("workers.logs.scanner").load())[1], 2)


def write_mixed_log(path: Path, lines: int, *, seed: int = 1) -> None:
    """Write a mixed log of so many lines over one day."""
    source = random.Random(seed)
    writers = (_plain, _plain, _logback, _json, _access, _syslog, _logfmt)
    messages = [f"{thing} {verb} {tail}" for thing in _THINGS for verb in _VERBS for tail in source.sample(_TAILS, 2)]
    weights = [1 / (rank + 1) for rank in range(len(messages))]
    step = timedelta(days=1) / lines
    with path.open("w", encoding="utf-8") as file:
        for start in range(0, lines, 10_000):
            size = min(10_000, lines - start)
            buffer = io.StringIO()
            for number, message in enumerate(source.choices(messages, weights, k=size), start):
                text = message.format(
                    n=source.randrange(100_000), d=source.randrange(256), h=f"{source.getrandbits(48):012x}",
                    w=source.choice(_THINGS),
                )  # fmt: skip
                level = "ERROR" if number % 97 == 0 else "WARN" if number % 31 == 0 else "INFO"
                at, service = DAY + step * number, _SERVICES[number * 7 % len(_SERVICES)]
                buffer.write(writers[number % len(writers)](at, level, service, text, source) + "\n")
            file.write(buffer.getvalue())


def follow_ups(index: LogIndex) -> dict[str, float]:
    """Return the 95th percentile of thirteen kinds of follow-up questions, in milliseconds of clock and processor."""
    span = index.span
    assert span is not None
    middle = span.start_at + (span.end_at - span.start_at) / 2
    half, rest = Window(span.start_at, middle), Window(middle, span.end_at)
    first = index.templates[0].id
    questions: tuple[Callable[[], object], ...] = (
        lambda: queries.overview(index),
        lambda: queries.templates(index),
        lambda: queries.templates(index, window=half, min_level=17),
        lambda: queries.diff(index, rest, half),
        lambda: queries.shifted(index, rest, half),
        lambda: queries.timeline(index),
        lambda: queries.timeline(index, by="template"),
        lambda: queries.search(index, "invoice dropped"),
        lambda: queries.search(index, r"retry \d+", is_pattern=True, window=half),
        lambda: queries.around(index, middle),
        lambda: queries.trace(index, "0123456789abcdef"),
        lambda: queries.sample(index, first),
        lambda: queries.search(index, "nothing like this"),
    )
    took = [_timed(question)[1:] for question in questions * 5]
    return {
        "follow_up_p95_cpu_ms": round(1000 * statistics.quantiles([cpu for cpu, _ in took], n=20)[-1], 1),
        "follow_up_p95_ms": round(1000 * statistics.quantiles([wall for _, wall in took], n=20)[-1], 1),
    }


def incident_cpu_seconds(lines: int = INCIDENT_LINES) -> float:
    """Return the CPU seconds from a directory of logs to ranked evidence."""
    with TemporaryDirectory() as folder:
        generated = generate(CASES[0], Path(folder) / "incident", lines, seed=3, mixed=False)
        _, seconds, _ = _timed(lambda: inspect([Path(folder) / "incident"], now=NOW))
    print(f"incident of {generated.lines} lines in a directory: {seconds:.2f} CPU s to ranked evidence")
    return round(seconds, 2)


def _scans(path: Path, lines: int) -> dict[str, object]:
    """Return lines per CPU second of scans that only look for a word: the floor of reading at all."""
    scanned = pl.scan_csv(path, has_header=False, separator="\x01", quote_char=None, new_columns=["line"])
    counted = scanned.select(pl.col("line").str.contains("ERROR").sum())
    _, seconds, _ = _timed(lambda: counted.collect(engine="streaming"))
    figures: dict[str, object] = {"polars_scan_lines_per_cpu_second": round(lines / seconds)}
    if shutil.which("rg"):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["rg", "-c", "ERROR", str(path)], check=False, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        figures["ripgrep_lines_per_cpu_second"] = round(lines / max(used, 1e-3))
    try:
        duckdb = importlib.import_module("duckdb")
    except ImportError:
        return figures
    lines_of = f"read_csv('{path}', columns={{'l': 'varchar'}}, delim='\x01', quote='', header=false)"
    query = f"select count(*) from {lines_of} where contains(l, 'ERROR')"
    _, seconds, _ = _timed(lambda: duckdb.sql(query).fetchall())
    return figures | {"duckdb_lines_per_cpu_second": round(lines / seconds)}


def evenly_over(path: Path, lines: int, *, wanted: int, block_lines: int = DRAIN3_BLOCK_LINES) -> list[str]:
    """Return so many lines in blocks that lie evenly over a file of `lines` lines; all where it has no more."""
    every = max(1, lines // wanted)
    with path.open(encoding="utf-8") as file:
        return [line.rstrip("\n") for number, line in enumerate(file) if number // block_lines % every == 0][:wanted]


def _drain3(path: Path, lines: int) -> dict[str, Any]:
    part = evenly_over(path, lines, wanted=DRAIN3_LINES)
    groups, seconds, _ = _timed(lambda: drain3_groups(part))
    if groups is None:
        return {}
    return {
        "drain3_lines": len(part),
        "drain3_lines_drawn": f"blocks of {DRAIN3_BLOCK_LINES} evenly over the file",
        "drain3_clusters": len(set(groups)),
        "drain3_lines_per_cpu_second": round(len(part) / seconds),
    }


def _timed(function: Callable[[], Answer]) -> tuple[Answer, float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    answer = function()
    return answer, time.process_time() - cpu, time.perf_counter() - wall


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _plain(at: datetime, level: str, service: str, text: str, source: random.Random) -> str:
    return f"{_iso(at)} {level} {service} [{source.getrandbits(64):016x}] {text}"


def _logback(at: datetime, level: str, service: str, text: str, source: random.Random) -> str:
    stamp = f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}"
    return f"{stamp} {level:5} [main] com.acme.{service.title()} - {text}"


def _json(at: datetime, level: str, service: str, text: str, source: random.Random) -> str:
    return f'{{"ts":"{_iso(at)}","level":"{level.lower()}","service":"{service}","msg":"{text}"}}'


def _access(at: datetime, level: str, service: str, text: str, source: random.Random) -> str:
    status = 500 if level == "ERROR" else 200
    request = f'"GET /{service}/{at.microsecond} HTTP/1.1" {status} {at.second}'
    return f'10.0.0.{at.second} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] {request} "-" "app/1"'


def _syslog(at: datetime, level: str, service: str, text: str, source: random.Random) -> str:
    return f"{at:%b %d %H:%M:%S} node-{at.second % 9} {service}[{at.microsecond % 30000}]: {text}"


def _logfmt(at: datetime, level: str, service: str, text: str, source: random.Random) -> str:
    return f'ts={_iso(at)} level={level.lower()} service={service} msg="{text}"'
