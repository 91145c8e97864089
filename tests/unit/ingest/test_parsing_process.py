"""A hostile document costs itself and nothing else."""

from __future__ import annotations

import io
import zipfile

import pytest

from assistant.errors import DocumentUnreadable
from ingest.parsing_process import ParsingProcess


def bomb(megabytes: int) -> bytes:
    """A docx of a few kilobytes whose text unpacks to that many megabytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w>" + "a" * (megabytes * 1_000_000) + "</w>")
    return data.getvalue()


def test_a_bomb_is_refused_and_the_next_document_is_read() -> None:
    with ParsingProcess(seconds=60, memory_bytes=700_000_000) as parsing:
        with pytest.raises(DocumentUnreadable) as raised:
            parsing.parse(bomb(400), "bomb.docx")
        after = parsing.parse(b"# Title\n\nStill here.\n", "next.md")

    assert "bomb.docx" in raised.value.reply
    assert after.body == "# Title\n\nStill here.\n"


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_read() -> None:
    with ParsingProcess(seconds=60, memory_bytes=1_500_000_000) as parsing:
        parsing.parse(b"warm", "warm.txt")
        parsing._seconds = 0.05
        slow = b"\n\n".join(b"%d | a | b | c" % number for number in range(200_000))
        with pytest.raises(DocumentUnreadable) as raised:
            parsing.parse(slow, "slow.md")
        parsing._seconds = 60
        after = parsing.parse(b"fine", "next.txt")

    assert "too long" in raised.value.reply
    assert after.body == "fine\n"
