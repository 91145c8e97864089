"""What reading met, counted: files, formats, times, and what was odd."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from workers.logs.reading_files import FileProblem


@dataclass
class FileReport:
    """What one file held."""

    name: str
    formats: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    events: int = 0
    bytes_read: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass
class ReadingReport:
    """What reading met, over all files. Counts are lines unless the name says otherwise."""

    files: list[FileReport] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    without_time: int = 0
    future_times: int = 0
    unordered_times: int = 0
    cut_lines: int = 0
    undecodable_bytes: int = 0
    terminal_codes: int = 0
    zone_assumed: set[str] = field(default_factory=set)  # files whose lines do not say their zone
    stopped_at_bytes: int | None = None  # the byte limit, where it cut
    source_bytes: int = 0  # of all files as they lie there, compressed where they are
    source_bytes_read: int = 0

    @property
    def lines(self) -> int:
        """Lines read, continuations included."""
        return sum(file.lines for file in self.files)

    @property
    def events(self) -> int:
        """Events read: lines with their continuations."""
        return sum(file.events for file in self.files)

    @property
    def bytes_read(self) -> int:
        """Bytes read, after decompression."""
        return sum(file.bytes_read for file in self.files)
