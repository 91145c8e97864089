"""Hold an inspection against the logs it was made from: each line it shows must stand where it says."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable

from assistant.jobs import Check
from workers.logs.inspection_report import EvidenceLine, Inspection
from workers.logs.reading_files import LogFile, LogSource, find_files, without_terminal_codes

MOST_BYTES_READ_AGAIN = 200_000_000  # of all files; beyond it a line is counted as not checked


def check_inspection(inspection: Inspection, sources: Iterable[LogSource]) -> tuple[Check, ...]:
    """Return the verdicts: lines stand verbatim, the cause has evidence, the first bad moment is inside the logs."""
    missing, unread = _missing_lines(inspection.evidence_lines, sources)
    checks = [
        Check(
            name="lines_verbatim",
            passed=not missing,
            detail=f"{len(inspection.evidence_lines) - len(missing) - unread} of {len(inspection.evidence_lines)} "
            f"lines read again{f'; not there: {missing[0]}' if missing else ''}",
        )
    ]
    if inspection.root_cause_service is not None:
        named = any(line.service == inspection.root_cause_service for line in inspection.evidence_lines)
        checks.append(Check(name="cause_has_evidence", passed=named and bool(inspection.hypotheses)))
        start, end, bad = inspection.coverage.start_at, inspection.coverage.end_at, inspection.first_bad
        inside = bad is not None and start is not None and end is not None and start <= bad <= end
        checks.append(Check(name="first_bad_in_range", passed=inside))
    return tuple(checks)


def _missing_lines(lines: Iterable[EvidenceLine], sources: Iterable[LogSource]) -> tuple[list[str], int]:
    """Return the places whose line does not stand there, and how many lines could not be read again."""
    files = {file.name: file for file in find_files(sources)[0]}
    by_file: defaultdict[str, list[EvidenceLine]] = defaultdict(list)
    for line in lines:
        by_file[line.file].append(line)
    missing: list[str] = []
    unread, budget = 0, MOST_BYTES_READ_AGAIN
    for file, wanted in by_file.items():
        text = _read(files.get(file), budget)
        if text is None:
            unread += len(wanted)
            continue
        budget -= len(text)
        text = without_terminal_codes(text)
        missing += [f"{file}:{line.line_number}" for line in wanted if not _stands_in(line.line, text)]
    return missing, unread


def _stands_in(line: str, text: bytes) -> bool:
    return line.encode("utf-8", "replace") in text or line in text.decode("utf-8", "replace")


def _read(file: LogFile | None, budget: int) -> bytes | None:
    """Return the file's text, or None when it can't be read again within the budget."""
    if file is None:
        return None
    if file.content is not None:
        return file.content
    assert file.path is not None
    try:
        if file.path.suffix == ".gz":
            with gzip.open(file.path) as stream:
                data = stream.read(budget + 1)
            return data if len(data) <= budget else None
        if file.path.suffix == ".zst" or file.size_bytes > budget:
            return None
        return file.path.read_bytes()
    except OSError:
        return None
