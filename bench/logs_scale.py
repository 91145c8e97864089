"""Read a gzip archive of gigabytes end to end: memory that stays flat, progress, and a cancel that is prompt.

The archive is written as a stream: one day of the mixed log, again for each day with its own
date, so that only a few megabytes of it exist at a time.
"""

import gzip
import resource
import time
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.logs_speed import DAY, write_mixed_log
from workers.logs.index import build_index
from workers.logs.reading import ReadingCancelled, ReadingOptions

GIGABYTE = 1_000_000_000
LINES_A_DAY = 200_000
QUICK_GIGABYTES = 0.1
CANCEL_AT_SHARE = 0.05  # of the archive


def measure(gigabytes: float = QUICK_GIGABYTES) -> dict[str, object]:
    """Return the cost of reading the archive, the growth of memory, and the seconds a cancel takes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mixed.log.gz"
        days = _write_archive(path, Path(folder) / "day.log", gigabytes)
        memory: list[tuple[float, int]] = []
        options = ReadingOptions(
            now=DAY + timedelta(days=days + 1),
            max_bytes=round(gigabytes * 2 * GIGABYTE),
            progress=lambda done, total: memory.append((done / total, _peak_megabytes())),
        )
        cpu, wall = time.process_time(), time.perf_counter()
        index = build_index([path], options)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        early = max((peak for share, peak in memory if share <= 0.25), default=_peak_megabytes())
        figures: dict[str, object] = {
            "lines": index.report.lines,
            "gigabytes": round(index.report.bytes_read / GIGABYTE, 2),
            "compressed_megabytes": round(path.stat().st_size / 1e6),
            "cpu_seconds": round(cpu, 1),
            "wall_seconds": round(wall, 1),
            "lines_per_cpu_second": round(index.report.lines / cpu),
            "peak_megabytes": _peak_megabytes(),
            "peak_megabytes_at_a_quarter": early,
            "progress_reports": len(memory),
            "templates": len(index.templates),
            "cancel_seconds": _cancel_seconds(path, options),
        }
    rate, peak = figures["lines_per_cpu_second"], figures["peak_megabytes"]
    print(f"archive: {rate:,} lines a CPU second, {peak} MB at its peak, {early} MB after a quarter")
    return figures


def _write_archive(path: Path, day_file: Path, gigabytes: float) -> int:
    """Write so much text, compressed; return how many days it covers."""
    write_mixed_log(day_file, LINES_A_DAY)
    text, written, day = day_file.read_bytes(), 0, 0
    with gzip.open(path, "wb", compresslevel=1) as archive:
        while written < gigabytes * GIGABYTE:
            at = DAY + timedelta(days=day)
            dated = text
            for form in ("%Y-%m-%d", "%d/%b/%Y", "%b %d "):
                dated = dated.replace(f"{DAY:{form}}".encode(), f"{at:{form}}".encode())
            written += archive.write(dated)
            day += 1
    return day


def _cancel_seconds(path: Path, options: ReadingOptions) -> float:
    """Return the seconds from asking to stop until reading has stopped."""
    asked_at: list[float] = []

    def progress(done: int, total: int) -> None:
        if done > CANCEL_AT_SHARE * total and not asked_at:
            asked_at.append(time.perf_counter())

    cancelled = ReadingOptions(
        now=options.now, max_bytes=options.max_bytes, progress=progress, is_cancelled=lambda: bool(asked_at)
    )
    try:
        build_index([path], cancelled)
    except ReadingCancelled:
        return round(time.perf_counter() - asked_at[0], 2)
    raise AssertionError("reading went on after it was cancelled")


def _peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
