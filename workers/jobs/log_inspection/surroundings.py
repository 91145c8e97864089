"""Put the lines around each line of evidence beside it: what stands behind "show around".

They are taken when the answer is made, through the same redaction as everything else, because the bot that shows
them has no index and no right to the file.
"""

from __future__ import annotations

from workers.logs.index import LogIndex
from workers.logs.inspection_report import EvidenceLine, Inspection
from workers.logs.queries import FoundLine, context

LINES_EACH_SIDE = 4
LINE_CHARS = 300  # of one surrounding line


def with_surroundings(inspection: Inspection, index: LogIndex) -> Inspection:
    """Return the inspection with up to LINES_EACH_SIDE lines before and after each line of evidence."""
    lines = tuple(_surrounded(line, index) for line in inspection.evidence_lines)
    return inspection.model_copy(update={"evidence_lines": lines})


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
