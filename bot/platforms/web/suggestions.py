"""Questions to begin with: what an empty conversation offers, with the files that belong to them.

The demo's stand in deploy/demo/suggested.toml; other installations offer what each job kind is for.
"""

from __future__ import annotations

import mimetypes
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field, TypeAdapter, ValidationError

from assistant.access import may_run
from assistant.errors import SettingsInvalid
from assistant.frozen import Frozen
from assistant.job_kinds import JOB_KINDS
from assistant.mentions import Attachment, Person
from assistant.storage.blob_store import BlobStore

MAX_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question to begin with. `kind` is set when it must not be left to routing."""

    text: str
    kind: str | None = None
    note: str = ""  # what there is to see
    best_as: str | None = None  # the id of the person it is best asked as
    files: tuple[Path, ...] = ()


class _Row(Frozen):
    text: str = Field(min_length=1)
    kind: str | None = None
    shows: str = ""
    best_as: str | None = Field(None, alias="as")
    files: tuple[str, ...] = ()


_ROWS = TypeAdapter(tuple[_Row, ...])


def load_suggestions(file: Path, roots: Sequence[Path]) -> tuple[Suggestion, ...]:
    """Read a file of suggestions; its files are looked for in the roots, first root first.

    A file that is nowhere (logs that were not generated yet) and a folder are left out of their question.

    Raises:
        SettingsInvalid: the file cannot be read, or is not as deploy/demo/suggested.toml says.
    """
    try:
        rows = _ROWS.validate_python(tomllib.loads(file.read_text(encoding="utf-8")).get("suggested", []))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsInvalid(f"Suggested questions can't be read from {file}: {error}") from error
    return tuple(
        Suggestion(row.text, row.kind, row.shows, row.best_as, tuple(_found(name, roots) for name in row.files))
        if all(_is_there(name, roots) for name in row.files)
        else Suggestion(row.text, row.kind, row.shows, row.best_as)
        for row in rows
    )


def suggestions_for(person: Person, suggestions: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    """Return what this person may ask, what is best asked as them first, MAX_SHOWN at most."""
    allowed = [item for item in suggestions if item.kind not in JOB_KINDS or may_run(person, JOB_KINDS[item.kind])]
    return tuple(sorted(allowed, key=lambda item: item.best_as not in (person.id, None))[:MAX_SHOWN])


def attach(suggestion: Suggestion, blobs: BlobStore) -> tuple[Attachment, ...]:
    """Keep the suggestion's files in the blob store and return them as attachments. Blocking."""
    attachments = []
    for path in suggestion.files:
        data = path.read_bytes()
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        location = f"blob:{blobs.store(data)}"
        attachments.append(Attachment(name=path.name, media_type=media_type, size_bytes=len(data), location=location))
    return tuple(attachments)


def _is_there(name: str, roots: Sequence[Path]) -> bool:
    return any((root / name).is_file() for root in roots)


def _found(name: str, roots: Sequence[Path]) -> Path:
    return next(root / name for root in roots if (root / name).is_file())
