"""systemd's journal: live by journalctl, or from exported and binary journal files.

journalctl is started with a list of arguments, never by a shell. The export format is read as documented: lines of
`NAME=value`, binary values with their length, an empty line between entries.
"""

from __future__ import annotations

import glob
import itertools
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from assistant.log_sources import JournaldSource
from workers.log_sources.port import LogLine, LogQuery, SourceUnreadable

ENTRIES_A_PAGE = 2000
MAX_VALUE_BYTES = 10_000_000  # of one field; a core dump in the journal is larger
_LEVELS = ("FATAL", "FATAL", "FATAL", "ERROR", "WARN", "INFO", "INFO", "DEBUG")  # by PRIORITY
Entry = Mapping[str, str]


class Journald:
    """Reads this machine's journal, or the files declared."""

    def __init__(self, declared: JournaldSource) -> None:
        self._declared = declared

    @property
    def name(self) -> str:
        """As declared."""
        return self._declared.name

    def check(self) -> str:
        """Look whether the files are there, or whether the live journal can be read."""
        if self._declared.files:
            return f"{len(self._files())} journal files"
        for _entry in self._by_journalctl(("--lines=1",)):
            return "journalctl reads the journal"
        raise SourceUnreadable("journalctl shows nothing: may this user read the journal (group systemd-journal)?")

    def read(self, query: LogQuery) -> Iterator[list[LogLine]]:
        """Yield its pages; see the port."""
        page: list[LogLine] = []
        has_entries = False
        for entry in self._entries(query):
            has_entries = True
            line = self._line(entry, query)
            if line is not None:
                page.append(line)
            if len(page) >= ENTRIES_A_PAGE:
                yield page
                page = []
        yield page
        if not has_entries and not self._declared.files:
            self.check()  # journalctl shows nothing, without an error, to whoever may not read the journal

    def _entries(self, query: LogQuery) -> Iterator[Entry]:
        span = (
            f"--since=@{query.window.start_at.timestamp():.6f}",
            f"--until=@{query.window.end_at.timestamp():.6f}",
        )
        if not self._declared.files:
            units = tuple(f"--unit={self._declared.units.get(one, f'{one}.service')}" for one in query.services)
            yield from self._by_journalctl((*span, *units))
            return
        for path in self._files():
            if path.suffix == ".journal":
                yield from self._by_journalctl((f"--file={path}", *span))
                continue
            try:
                with path.open("rb") as file:
                    yield from read_export(file)
            except OSError as error:
                raise SourceUnreadable(f"{path.name} can't be opened: {error.strerror}") from error

    def _line(self, entry: Entry, query: LogQuery) -> LogLine | None:
        stamp = entry.get("__REALTIME_TIMESTAMP", "")
        at = datetime.fromtimestamp(int(stamp) / 1e6, UTC) if stamp.isdigit() else None
        if at is not None and not query.window.start_at <= at < query.window.end_at:
            return None
        service = self._service(entry)
        message = entry.get("MESSAGE", "")
        if query.text not in message or (query.services and service not in query.services):
            return None
        priority = entry.get("PRIORITY", "")
        level = _LEVELS[int(priority)] if priority.isdigit() and int(priority) < len(_LEVELS) else "INFO"
        return LogLine(at, service, f"{level} {message}")

    def _service(self, entry: Entry) -> str:
        unit = entry.get("_SYSTEMD_UNIT", "")
        by_unit = {declared: service for service, declared in self._declared.units.items()}
        return by_unit.get(unit) or unit.removesuffix(".service") or entry.get("SYSLOG_IDENTIFIER", "")

    def _files(self) -> list[Path]:
        found = [
            Path(match)
            for pattern in self._declared.files
            for match in sorted(glob.glob(pattern))  # noqa: PTH207 (an absolute pattern is not Path.glob's)
        ]
        if not found:
            raise SourceUnreadable(f"no file fits {self._declared.files[0]}")
        return found

    def _by_journalctl(self, arguments: tuple[str, ...]) -> Iterator[Entry]:
        if shutil.which("journalctl") is None:
            raise SourceUnreadable("journalctl is not installed here")
        command = ["journalctl", "--no-pager", "--quiet", "--output=export", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                yield from read_export(process.stdout)
                said = process.stderr.read(2000).decode(errors="replace").strip()
                if process.wait(timeout=5) != 0:
                    raise SourceUnreadable(f"journalctl stopped: {said or process.returncode}")
            finally:
                if process.poll() is None:
                    process.kill()


def read_export(file: IO[bytes]) -> Iterator[Entry]:
    """Yield the entries of `journalctl -o export`, or of `-o json`, which is recognised by its first byte.

    Raises:
        SourceUnreadable: it is neither, or breaks off inside an entry.
    """
    first = file.readline()
    if first.lstrip().startswith(b"{"):
        yield from _read_json(first, file)
        return
    entry: dict[str, str] = {}
    line = first
    while line:
        body = line.rstrip(b"\n")
        name, separator, value = body.partition(b"=")
        if not body:
            if entry:
                yield entry
            entry = {}
        elif separator:
            entry[name.decode(errors="replace")] = value.decode(errors="replace")
        else:
            entry[name.decode(errors="replace")] = _binary_value(file).decode(errors="replace")
        line = file.readline()
    if entry:
        yield entry


def _binary_value(file: IO[bytes]) -> bytes:
    head = file.read(8)
    size = int.from_bytes(head, "little")
    if len(head) < 8 or size > MAX_VALUE_BYTES:
        raise SourceUnreadable("is no export of the journal, or breaks off inside an entry")
    value = file.read(size)
    if len(value) < size or file.read(1) != b"\n":
        raise SourceUnreadable("the export breaks off inside an entry")
    return value


def _read_json(first: bytes, file: IO[bytes]) -> Iterator[Entry]:
    for number, line in enumerate(itertools.chain((first,), file), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise SourceUnreadable(f"line {number} of the export is broken JSON") from error
        yield {name: _text(value) for name, value in fields.items()}


def _text(value: object) -> str:
    if isinstance(value, list):  # bytes that are no UTF-8, or a field that came twice
        is_bytes = all(isinstance(part, int) for part in value)
        return bytes(value).decode(errors="replace") if is_bytes else _text(value[0] if value else "")
    return "" if value is None else str(value)
