"""Recognise the same failure behind stack traces that differ in lines, addresses and values.

The fingerprint is made of the chain of exception types and the program's own frames; frames
of a runtime or a library count only where there are no others. JVM, Python, Go and Node.
"""

import hashlib
import re
from dataclasses import dataclass

MAX_FRAMES = 8  # the innermost; what is further out is how the request came in

_JVM_FRAME = re.compile(r"^\s+at ([\w.$<>]+)\(", re.M)
_PYTHON_FRAME = re.compile(r'^\s*File "([^"]+)", line \d+, in (\S+)', re.M)
_NODE_FRAME = re.compile(r"^\s+at (?:async )?([\w.<>\[\] ]+?) \(?([^()\s]+):\d+:\d+\)?$", re.M)
_GO_FRAME = re.compile(r"^([\w./*()-]+\.[\w.*()-]+)\(.*\)$", re.M)
_TYPE = re.compile(
    r"^(?:Caused by: |Exception in thread \"[^\"]*\" )?([A-Za-z_$][\w.$]*(?:Error|Exception|Timeout"
    r"|Fault|Exit))\b(?::|$)",
    re.M,
)
_GO_PANIC = re.compile(r"^panic: (.+?)(?: \[recovered\])?$", re.M)
_FOREIGN = re.compile(
    r"^(?:java|javax|jdk|sun|com\.sun|kotlin|scala|org\.springframework|org\.apache|org\.hibernate"
    r"|io\.netty|reactor|runtime|net/http"
    r"|internal/|node:)|site-packages|/lib/python|node_modules|dist-packages"
)


@dataclass(frozen=True)
class StackTrace:
    """What makes traces the same: their types, outermost first, and own frames, innermost first."""

    types: tuple[str, ...]
    frames: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Ten hexadecimal digits, the same for the same failure."""
        text = "\n".join((*self.types, "--", *self.frames))
        return hashlib.blake2s(text.encode("utf-8", "replace"), digest_size=5).hexdigest()

    @property
    def cause(self) -> str:
        """The innermost type: what really failed."""
        return self.types[-1] if self.types else ""


def stack_trace_of(event: str) -> StackTrace | None:
    """Return the trace inside an event of several lines; None where there is none."""
    if "\n" not in event:
        return None
    frames = _frames(event)
    types = tuple(dict.fromkeys(_TYPE.findall(event))) or tuple(
        "panic: " + re.sub(r"0x[0-9a-f]+|\d+", "<*>", found) for found in _GO_PANIC.findall(event)
    )
    if not frames and not types:
        return None
    own = [frame for frame in frames if not _FOREIGN.search(frame)]
    return StackTrace(types, tuple((own or frames)[:MAX_FRAMES]))


def _frames(event: str) -> list[str]:
    python = [_python_frame(path, name) for path, name in _PYTHON_FRAME.findall(event)]
    if python:
        return python[::-1]  # Python prints the innermost last
    node = [f"{name.strip()}@{path}" for name, path in _NODE_FRAME.findall(event)]
    return node or _JVM_FRAME.findall(event) or _GO_FRAME.findall(event)


def _python_frame(path: str, name: str) -> str:
    """Return file and function; of foreign code the whole path, by which it is known to be foreign."""
    return f"{path if _FOREIGN.search(path) else path.rsplit('/', 1)[-1]}:{name}"
