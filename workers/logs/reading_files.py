"""Find, open and cut log files into blocks of whole lines; say what could not be read.

Takes files, directories, globs and uploaded bytes; plain, gzip and zstd, rotated sets in the
order in which they were written. Memory stays flat whatever the size: a block is at most
BLOCK_BYTES, a line at most MAX_LINE_BYTES. What a line means is for reading.py.
"""

import codecs
import glob
import gzip
import io
import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from zoneinfo import ZoneInfo

import zstandard

FIRST_BLOCK_BYTES = 1 << 20  # it is read in full; from what it says, the next can be learned
BLOCK_BYTES = 6 << 20  # smaller blocks cost time, larger ones memory; measured at 2, 4, 6, 8 and 12 MB
PIECE_BYTES = 1 << 18
MAX_LINE_BYTES = 64 << 10  # a longer line is a dump: its beginning says what it is
SNIFFED_BYTES = 8192
BINARY_SHARE = 0.05  # control characters in the sniffed part; text logs hold a few at most
USUAL_EXPANSION = 8
MAX_EXPANSION = 500  # decompressed to compressed; logs reach 30, a bomb reaches thousands

_SKIPPED_SUFFIXES = (".swp", ".idx", ".offset", ".pid", ".lock", ".pos")
_ROTATION = re.compile(r"(?:[.-](?P<number>\d{1,3}))?(?:\.(?:gz|zst|zstd))?$")
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r\x1b\x0c\x08") + b"\x7f"

# What a terminal draws with: colours, links, character sets; as they are, or as JSON writes them.
_TERMINAL = re.compile(
    rb"(?:\x1b|\\u001[bB])(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\\\n]{0,400}(?:\x07|\x1b\\|\\u0007)|[()][0-9A-B])"
)


@dataclass(frozen=True)
class LogBytes:
    """Log text that is already in memory: an upload, or what a source returned."""

    name: str
    content: bytes


@dataclass(frozen=True)
class NamedFile:
    """A file that a declared source found: `name` is shown, `named_after` tells the service."""

    path: Path
    name: str
    named_after: str
    zone: ZoneInfo | None = None  # of lines that do not say theirs


LogSource = Path | str | LogBytes | NamedFile  # a file, a directory, a glob, bytes with a name, or a found file


@dataclass
class FileProblem:
    """Why a file, or part of it, was not read. `could_not_read` is false for an empty file."""

    name: str
    reason: str
    could_not_read: bool = True


@dataclass
class LogFile:
    """One file to read, found but not yet opened."""

    name: str
    path: Path | None = None
    content: bytes | None = None
    size_bytes: int = 0
    modified_at: datetime | None = None
    named_after: str = ""  # the path that its service is read from, where that is not its name
    zone: ZoneInfo | None = None

    @property
    def expected_bytes(self) -> int:
        """About how much text it holds, by its name."""
        return self.size_bytes * (USUAL_EXPANSION if self.name.endswith((".gz", ".zst")) else 1)


@dataclass
class BlockCounts:
    """What happened to the bytes of one file while it was cut into lines."""

    bytes_read: int = 0
    source_bytes: int = 0  # of the file itself, compressed where it is
    cut_lines: int = 0
    undecodable_bytes: int = 0
    terminal_codes: int = 0  # left out
    problems: list[FileProblem] = field(default_factory=list)


def find_files(sources: Iterable[LogSource]) -> tuple[list[LogFile], list[FileProblem]]:
    """Return the files to read, oldest rotation first, and what was asked for but is not there.

    Symbolic links that leave an asked-for directory, devices and sockets are not followed.
    """
    files: dict[str, LogFile] = {}
    problems: list[FileProblem] = []
    for source in sources:
        if isinstance(source, LogBytes):
            files[f"upload:{len(files)}"] = LogFile(
                source.name, content=source.content, size_bytes=len(source.content)
            )
            continue
        if isinstance(source, NamedFile):
            problem = _unreadable(source.path, None)
            if problem:
                problems.append(FileProblem(source.name, problem))
                continue
            file = _found(source.path, source.name)
            file.named_after, file.zone = source.named_after, source.zone
            files[str(source.path.resolve())] = file
            continue
        found = _paths(str(source))
        if not found:
            problems.append(FileProblem(str(source), "there is no such file or directory"))
        for path, root in found:
            problem = _unreadable(path, root)
            if problem:
                problems.append(FileProblem(str(path), problem))
                continue
            files[str(path.resolve())] = _found(path, str(path.relative_to(root)) if root else path.name)
    return sorted(files.values(), key=_rotation_order), problems


def _found(path: Path, name: str) -> LogFile:
    details = path.stat()
    return LogFile(name, path, None, details.st_size, datetime.fromtimestamp(details.st_mtime, UTC))


def blocks_of(file: LogFile, counts: BlockCounts, *, max_bytes: int | None = None) -> Iterator[bytes]:
    """Yield the file's text as UTF-8 in blocks of whole lines, each ending with a newline.

    Stops at `max_bytes` of decompressed text. A broken archive yields what came before the
    break; that, binary content and an empty file are told in `counts.problems`.
    """
    try:
        with _stream_of(file) as raw, _opened(raw) as pieces:
            for block in _text_blocks(file, pieces, counts, max_bytes):
                counts.source_bytes = raw.tell()
                yield block
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        where = f"after {counts.bytes_read} bytes" if counts.bytes_read else "at its beginning"
        counts.problems.append(FileProblem(file.name, f"stopped {where}: {type(error).__name__}: {error}"))


def _text_blocks(file: LogFile, raw: "_Pieces", counts: BlockCounts, max_bytes: int | None) -> Iterator[bytes]:
    rest = b""
    decoder: codecs.IncrementalDecoder | None = None
    while True:
        wanted = BLOCK_BYTES if counts.bytes_read else FIRST_BLOCK_BYTES
        if max_bytes is not None:
            wanted = min(wanted, max_bytes - counts.bytes_read)
        block = _read_up_to(raw, wanted) if wanted > 0 else b""
        if counts.bytes_read == 0:
            problem = _content_problem(block)
            if problem:
                counts.problems.append(FileProblem(file.name, problem, could_not_read=bool(block)))
                return
            decoder = _wide_decoder(block)
        counts.bytes_read += len(block)
        if file.size_bytes and counts.bytes_read > max(file.size_bytes, 1 << 20) * MAX_EXPANSION:
            counts.problems.append(FileProblem(file.name, f"expands more than {MAX_EXPANSION} times; stopped"))
            return
        final = not block
        if decoder is not None:
            block = decoder.decode(block, final).encode()
        joined = rest + block
        cut = len(joined) if final else joined.rfind(b"\n") + 1
        rest = joined[cut:]
        if len(rest) > MAX_LINE_BYTES * 4:  # a line without end: keep its head, forget its middle
            rest = rest[:MAX_LINE_BYTES] + b"\xff"
        if cut:
            yield _cleaned(joined[:cut], counts)
        if final:
            return


def _read_up_to(raw: "_Pieces", wanted: int) -> bytes:
    """Read until `wanted` bytes or the end, in pieces: a decompressor that breaks loses only its piece."""
    parts, held = [], 0
    piece = wanted if isinstance(raw, _Plain) else PIECE_BYTES
    while held < wanted:
        try:
            part = raw.read1(min(wanted - held, piece))
        except (OSError, EOFError, zlib.error, zstandard.ZstdError):
            if not held:
                raise
            break  # what came before the break is kept; the next read meets the error again
        if not part:
            break
        parts.append(part)
        held += len(part)
    return b"".join(parts)


def _cleaned(block: bytes, counts: BlockCounts) -> bytes:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\x00" in block:
        block = block.translate(None, b"\x00")
    if b"\x1b" in block or (b"\\" in block and b"\\u001" in block):  # within a line: lines keep their numbers
        block, codes = _TERMINAL.subn(b"", block)
        counts.terminal_codes += codes
    if len(block) > MAX_LINE_BYTES:
        block = _with_short_lines(block, counts)
    if not block.isascii():
        try:
            block.decode()
        except UnicodeDecodeError:
            text = block.decode(errors="replace")
            counts.undecodable_bytes += text.count("�")
            block = text.encode()
    return block if block.endswith(b"\n") else block + b"\n"


def without_terminal_codes(text: bytes) -> bytes:
    """Return text of a log as `blocks_of` yields it: without what colours it in a terminal."""
    return _TERMINAL.sub(b"", text)


def _with_short_lines(block: bytes, counts: BlockCounts) -> bytes:
    """Cut the lines that are too long. Nearly every block has none, and looking is cheap."""
    position, long_lines = 0, []
    while position < len(block):
        newline = block.rfind(b"\n", position, position + MAX_LINE_BYTES)
        if newline == -1:
            end = block.find(b"\n", position)
            end = len(block) if end == -1 else end
            if end - position > MAX_LINE_BYTES:
                long_lines.append((position, end))
            position = end + 1
        else:
            position = newline + 1
    if not long_lines:
        return block
    counts.cut_lines += len(long_lines)
    pieces, after = [], 0
    for start, end in long_lines:
        pieces.append(block[after : start + MAX_LINE_BYTES])
        after = end
    return b"".join([*pieces, block[after:]])


def _content_problem(head: bytes) -> str | None:
    if head in (b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "is empty"
    sniffed = head[:SNIFFED_BYTES]
    if sniffed.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    controls = len(sniffed) - len(sniffed.translate(None, _CONTROL))
    return "is binary, not text" if controls > BINARY_SHARE * len(sniffed) else None


def _wide_decoder(head: bytes) -> codecs.IncrementalDecoder | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")(errors="replace")
    if head.startswith(codecs.BOM_UTF8):
        return codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
    return None


def _stream_of(file: LogFile) -> BinaryIO:
    return io.BytesIO(file.content or b"") if file.path is None else file.path.open("rb")


def _opened(raw: BinaryIO) -> "_Pieces":
    magic = raw.read(4)
    raw.seek(0)
    if magic.startswith(_GZIP):
        return gzip.GzipFile(fileobj=raw)
    if magic.startswith(_ZSTD):
        return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True, closefd=False)
    return _Plain(raw)


class _Plain:
    """A file read as it stands."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw

    def read1(self, size: int, /) -> bytes:
        return self._raw.read(size)

    def __enter__(self) -> "_Plain":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing of its own to close."""


class _Pieces(Protocol):
    """What the reader needs of a file or a decompressor."""

    def read1(self, size: int, /) -> bytes: ...
    def __enter__(self) -> Any: ...
    def __exit__(self, *error: Any) -> Any: ...


def _paths(source: str) -> list[tuple[Path, Path | None]]:
    """Return the paths a source stands for, each with the directory that was asked for."""
    path = Path(source)
    if path.is_dir():
        return [
            (child, path)
            for child in sorted(path.rglob("*"))
            if not child.is_dir() and not child.name.startswith(".") and child.suffix not in _SKIPPED_SUFFIXES
        ]
    if path.exists() or path.is_symlink():
        return [(path, None)]
    if any(character in source for character in "*?["):
        matches = sorted(glob.glob(source, recursive=True))  # noqa: PTH207 (an absolute pattern is not Path.glob's)
        return [(Path(match), None) for match in matches if not Path(match).is_dir()]
    return []


def _unreadable(path: Path, root: Path | None) -> str | None:
    try:
        if root is not None and not path.resolve().is_relative_to(root.resolve()):
            return "is a link that leaves the directory"
        mode = path.stat().st_mode
    except OSError as error:
        return f"cannot be opened: {error.strerror}"
    return None if stat.S_ISREG(mode) else "is not a regular file"


def _rotation_order(file: LogFile) -> tuple[str, int, str]:
    """Order app.log.3.gz, app.log.2.gz, app.log.1, app.log: the oldest first."""
    found = _ROTATION.search(file.name)
    number = int(found["number"]) if found and found["number"] else 0
    stem = file.name[: found.start()] if found else file.name
    return stem, -number, file.name
