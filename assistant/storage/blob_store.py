"""Files that came with questions or were made for answers, kept by their hash in the database.

In the database, not on a disk: bot and workers may run on different machines, and one backup covers all.
Bytes are cut into parts of 1 MB, so that no statement or row grows without bound. Nothing points at a file by a key:
its hash stands in questions, answers, drafts, minutes and watches, and a file that is in none of them is forgotten.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import sqlalchemy as sa

from assistant.errors import NothingFound, RequestInvalid
from assistant.mentions import Attachment
from assistant.settings import Settings
from assistant.storage.database import reading, writing
from assistant.storage.statements import Statement

PART_BYTES = 1_000_000
FORGOTTEN_AT_ONCE = 200  # old files looked at in one go: each is searched for in everything that may name it

_HAS = Statement("SELECT 1 FROM blobs WHERE sha256 = :sha256")
_PUT = Statement(
    "INSERT INTO blobs (sha256, size_bytes, created_at) VALUES (:sha256, :size_bytes, @now) ON CONFLICT DO NOTHING"
)
_PUT_PART = Statement(
    "INSERT INTO blob_parts (sha256, ordinal, data) VALUES (:sha256, :ordinal, :data) ON CONFLICT DO NOTHING"
)
_TOUCH = Statement("UPDATE blobs SET created_at = @now WHERE sha256 = :sha256")
_OLD = Statement("SELECT sha256 FROM blobs WHERE created_at < @in(:seconds) ORDER BY created_at LIMIT :count")
_IN_USE = Statement(
    """
    SELECT 1 WHERE EXISTS (SELECT 1 FROM jobs WHERE @text(mention) LIKE :holds)
    OR EXISTS (SELECT 1 FROM results WHERE @text(reply) LIKE :holds)
    OR EXISTS (SELECT 1 FROM draft_revisions WHERE @text(content) LIKE :holds)
    OR EXISTS (SELECT 1 FROM minutes_revisions WHERE @text(content) LIKE :holds)
    OR EXISTS (SELECT 1 FROM watches WHERE @text(mention) LIKE :holds)
    """
)
_FORGET = Statement("DELETE FROM blobs WHERE sha256 = :sha256 AND created_at < @in(:seconds)")
_PARTS = Statement("SELECT data FROM blob_parts WHERE sha256 = :sha256 ORDER BY ordinal")


class BlobStore:
    """Bytes by hash; the same bytes are kept once."""

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings

    def store(self, data: bytes) -> str:
        """Keep the bytes; return their sha256 in hexadecimal.

        Raises:
            StorageFull: there is no room; nothing was kept.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        with writing(self._engine) as connection:
            if _TOUCH(connection, sha256=sha256).rowcount:  # whoever forgets old files sees that it is wanted again
                return sha256
        parts = [
            {"sha256": sha256, "ordinal": ordinal, "data": data[start : start + PART_BYTES]}
            for ordinal, start in enumerate(range(0, len(data), PART_BYTES))
        ]
        with writing(self._engine) as connection:
            if _PUT(connection, sha256=sha256, size_bytes=len(data)).rowcount:
                _PUT_PART.many(connection, parts)
        return sha256

    def load(self, sha256: str) -> bytes:
        """Return the bytes of this hash.

        Raises:
            NothingFound: they are not kept (any more).
        """
        with reading(self._engine) as connection:
            if not _HAS(connection, sha256=sha256).first():
                raise NothingFound(f"no blob {sha256}", reply="That file isn't kept any more.")
            return b"".join(bytes(part) for part in _PARTS(connection, sha256=sha256).scalars())

    def forget_old(self, days: float) -> int:
        """Delete files that were kept longer than this and that nothing names any more; return how many.

        One that is still named is looked at again after as long.
        """
        seconds = -days * 86_400
        count = 0
        with writing(self._engine) as connection:
            for sha256 in _OLD(connection, seconds=seconds, count=FORGOTTEN_AT_ONCE).scalars().all():
                if is_named(connection, sha256):
                    _TOUCH(connection, sha256=sha256)
                elif _FORGET(connection, sha256=sha256, seconds=seconds).rowcount:
                    count += 1
                    for copy in (self._settings.steward_data / "files").glob(f"{sha256}*"):
                        copy.unlink(missing_ok=True)
        return count

    def read(self, attachment: Attachment) -> bytes:
        """Return the attachment's bytes.

        Raises:
            NothingFound: the file is gone.
            RequestInvalid: its location is one that only the bot can fetch, or it cannot be read.
        """
        scheme, _, rest = attachment.location.partition(":")
        if scheme == "blob":
            return self.load(rest)
        return _local(attachment).read_bytes()

    def local_path(self, attachment: Attachment) -> Path:
        """Return a path that holds the attachment: its own, or a copy in STEWARD_DATA/files with its suffix."""
        scheme, _, sha256 = attachment.location.partition(":")
        if scheme != "blob":
            return _local(attachment)
        folder = self._settings.steward_data / "files"
        path = folder / f"{sha256}{Path(attachment.name).suffix.lower()[:16]}"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as copy:
                copy.write(self.load(sha256))
            os.replace(copy.name, path)  # noqa: PTH105  whole or not at all, also with two workers at it
        return path


def is_named(connection: sa.Connection, sha256: str) -> bool:
    """Return whether a question, an answer, a draft, minutes or a watch names the file of this hash."""
    return _IN_USE(connection, holds=f"%{sha256}%").first() is not None


def _local(attachment: Attachment) -> Path:
    scheme, _, rest = attachment.location.partition(":")
    if scheme != "path":
        raise RequestInvalid(f"attachment {attachment.name!r} is still at {scheme}:, which a worker can't fetch")
    path = Path(rest)
    if not path.exists():
        raise NothingFound(f"attachment {rest} doesn't exist any more", reply=f"I can't find {attachment.name}.")
    if not os.access(path, os.R_OK):
        raise RequestInvalid(f"{rest} is not readable", reply=f"I'm not allowed to read {attachment.name}.")
    return path
