"""Files and folders as a source of documents.

Hidden files, and what version control and wikis leave behind, are passed over; links are followed only inside the
folder that was named.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import RequestInvalid

PASSED_OVER = frozenset({"__pycache__", "node_modules", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file to ingest. `path` names the document within its space; `source` is what may remove it later."""

    file: Path
    path: str
    source: str
    named: bool  # True: the file itself was named, not a folder around it


def list_files(paths: Sequence[Path]) -> list[FoundFile]:
    """Return the files at and below the paths, sorted by the document's path.

    Raises:
        RequestInvalid: a path doesn't exist or can't be read, a folder holds no files, or two files of different
            folders would have the same name in the space.
    """
    found: dict[str, FoundFile] = {}
    for given in paths:
        root = given.resolve()
        if not root.exists():
            raise RequestInvalid(f"{given} doesn't exist. Name a file or a folder of documents.")
        before = len(found)
        for file in _below(root, given):
            if (other := found.get(file.path)) is not None and other.file != file.file:
                raise RequestInvalid(f"{other.file} and {file.file} would both be {file.path!r}: ingest them apart.")
            found[file.path] = file
        if len(found) == before:
            raise RequestInvalid(f"{given} holds no files. Nothing was changed.")
    return [found[path] for path in sorted(found)]


def _below(root: Path, given: Path) -> Iterator[FoundFile]:
    if root.is_file():
        yield FoundFile(root, root.name, str(root), named=True)
        return
    if not os.access(root, os.R_OK | os.X_OK):
        raise RequestInvalid(f"{given} can't be read: permission denied.")
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not _is_passed_over(name))
        for name in files:
            file = Path(folder, name)
            if not _is_passed_over(name) and file.resolve().is_relative_to(root):
                yield FoundFile(file, file.relative_to(root).as_posix(), str(root), named=False)


def _is_passed_over(name: str) -> bool:
    return name.startswith((".", "~$")) or name in PASSED_OVER
