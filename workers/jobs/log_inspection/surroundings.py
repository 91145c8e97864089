"""Put the lines around each line of evidence beside it: what stands behind "show around".

They are taken when the answer is made, through the same redaction as everything else, because the bot that shows
them has no index and no right to the file.
"""

from __future__ import annotations

from datetime import datetime

from workers.logs.index import LogIndex
from workers.logs.inspection_report import EvidenceLine, Inspection
from workers.logs.queries import FoundLine, around, context

LINES_EACH_SIDE = 4
NEAR_SECONDS, NEAR_LINES = 60.0, 12  # around a moment that was asked about
LINE_CHARS = 300  # of one surrounding line


def with_surroundings(inspection: Inspection, index: LogIndex) -> Inspection:
    """Return the inspection with up to LINES_EACH_SIDE lines before and after each line of evidence."""
    lines = tuple(_surrounded(line, index) for line in inspection.evidence_lines)
    return inspection.model_copy(update={"evidence_lines": lines})


def lines_around(index: LogIndex, moment: datetime | None) -> tuple[EvidenceLine, ...]:
    """Return the lines nearest to a moment that was asked about, in order of time; none without one."""
    if moment is None:
        return ()
    near = around(index, moment, seconds=NEAR_SECONDS, limit=NEAR_LINES).lines
    return tuple(
        EvidenceLine(
            line=_first_line(one),
            at=one.at,
            service=one.service,
            file=one.file,
            line_number=one.line_number,
            why=f"around {moment:%H:%M}",
        )
        for one in near
    )


def _surrounded(line: EvidenceLine, index: LogIndex) -> EvidenceLine:
    near = context(index, line.file, line.line_number, lines=LINES_EACH_SIDE).lines
    return line.model_copy(
        update={
            "before": tuple(_first_line(one) for one in near if one.line_number < line.line_number),
            "after": tuple(_first_line(one) for one in near if one.line_number > line.line_number),
        }
    )


def _first_line(found: FoundLine) -> str:
    first = found.line.split("\n", 1)[0]
    return first if len(first) <= LINE_CHARS else f"{first[:LINE_CHARS]} …"
