"""Parse documents in a child process with limits on time and memory.

A file that makes its parser crash, loop or eat the machine costs one document: the child is ended and a new one
takes the next file. What comes back is JSON, not pickle, since the child has been fed strangers' bytes.
"""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType

from pydantic import TypeAdapter

from assistant.errors import DocumentUnreadable, RequestInvalid
from ingest.parsed import ParsedDocument

_PARSED = TypeAdapter(ParsedDocument)
_OK, _UNREADABLE, _FAILED = b"+", b"-", b"!"
_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy locks of threads that are gone


class ParsingProcess:
    """Parses one document at a time; a context manager. Not thread-safe."""

    def __init__(self, *, seconds: float, memory_bytes: int) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._child: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> ParsingProcess:
        self._ensure()  # its imports overlap with what the caller does next
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def parse(self, data: bytes, name: str) -> ParsedDocument:
        """Return the parsed document.

        Raises:
            DocumentUnreadable: its parser refused it, crashed, or passed a limit.
        """
        pipe = self._ensure()
        try:
            pipe.send_bytes(name.encode("utf-8", "surrogateescape"))
            pipe.send_bytes(data)
            if not pipe.poll(self._seconds):
                self._end()
                raise DocumentUnreadable(
                    f"{name}: not parsed after {self._seconds:g} s",
                    reply=f"“{name}” takes too long to read. Split it, or save it in a simpler format.",
                )
            answer = pipe.recv_bytes()
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            status = self._end()
            raise DocumentUnreadable(
                f"{name}: the parser ended with status {status}",
                reply=f"“{name}” can't be read: it makes its reader crash, or needs too much memory.",
            ) from error
        return _answer(answer, name)

    def _ensure(self) -> Connection:
        if self._pipe is not None and self._child is not None and self._child.is_alive():
            return self._pipe
        self._end()
        self._pipe, theirs = _SPAWN.Pipe()
        self._child = _SPAWN.Process(target=_serve, args=(theirs, self._memory_bytes), daemon=True)
        self._child.start()
        theirs.close()
        return self._pipe

    def _end(self) -> int | None:
        status = None
        if self._child is not None:
            self._child.join(timeout=0.2)
            if self._child.is_alive():
                self._child.kill()
                self._child.join()
            status = self._child.exitcode
        if self._pipe is not None:
            self._pipe.close()
        self._child = self._pipe = None
        return status


def _answer(answer: bytes, name: str) -> ParsedDocument:
    kind, body = answer[:1], answer[1:]
    if kind == _OK:
        return _PARSED.validate_json(body)
    message, _, reply = body.decode().partition("\x1f")
    if kind == _UNREADABLE:
        raise DocumentUnreadable(message, reply=reply)
    raise DocumentUnreadable(message, reply=f"“{name}” can't be read: its reader failed on it.")


def _serve(pipe: Connection, memory_bytes: int) -> None:
    _limit_memory(memory_bytes)
    os.nice(5)  # ingest makes room for answers
    from ingest.parsers import parse_document

    while True:
        try:
            name = pipe.recv_bytes().decode("utf-8", "surrogateescape")
            data = pipe.recv_bytes()
        except EOFError:
            return
        try:
            pipe.send_bytes(_OK + _PARSED.dump_json(parse_document(data, name)))
        except RequestInvalid as error:
            pipe.send_bytes(_UNREADABLE + f"{error}\x1f{error.reply}".encode(errors="replace"))
        except MemoryError:
            os._exit(137)  # whatever is left of this process can't be trusted; the parent tells the reason
        except Exception as error:  # noqa: BLE001  one document's failure, told to the pipeline (house.md, section 6)
            pipe.send_bytes(_FAILED + f"{name}: {type(error).__name__}: {error}".encode(errors="replace")[:2000])


def _limit_memory(memory_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the time limit holds there
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
