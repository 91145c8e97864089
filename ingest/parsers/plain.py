"""Parse plain text: paragraphs at blank lines; nothing is taken for a heading."""

from __future__ import annotations

import re

from charset_normalizer import from_bytes

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument
from ingest.parsers.body import BodyBuilder
from ingest.parsers.metadata import pairs_in_lines, read_metadata

PARSER = "plain/1"
_ENOUGH_TO_TELL_BYTES = 1000  # below, detection mistakes an umlaut for Chinese; Windows' own encoding is likelier
_SAMPLE_BYTES = 200_000  # enough to tell an encoding; the whole of a large file would take seconds


def decode(data: bytes, name: str) -> str:
    """Return the bytes as text: UTF-8 where they are, else the likeliest encoding; line ends as \\n.

    Raises:
        DocumentUnreadable: the bytes are no text.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode(_encoding(data[:_SAMPLE_BYTES], name), errors="replace").lstrip("\ufeff")
    if "\x00" in text:
        raise DocumentUnreadable(f"{name}: NUL bytes", reply=f"“{name}” isn't text; I can't read it.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding(sample: bytes, name: str) -> str:
    if b"\x00" not in sample and len(sample) < _ENOUGH_TO_TELL_BYTES:
        return "cp1252"
    best = from_bytes(sample).best()
    if best is None or (b"\x00" in sample and not best.encoding.startswith(("utf_16", "utf_32"))):
        raise DocumentUnreadable(f"{name}: binary", reply=f"“{name}” isn't text; I can't read it.")
    return best.encoding


def parse(data: bytes, name: str) -> ParsedDocument:
    """Return the text's paragraphs.

    Raises:
        DocumentUnreadable: the bytes are no text, or blank.
    """
    text = decode(data, name)
    if not text.strip():
        raise DocumentUnreadable(f"{name}: blank", reply=f"“{name}” is empty.")
    metadata = read_metadata(pairs_in_lines(line[:300] for line in text[:4000].splitlines()[:12]))
    builder = BodyBuilder()
    for paragraph in re.split(r"\n\s*\n", text):
        builder.block(paragraph)
    body, sections = builder.finish()
    return ParsedDocument(
        title=metadata.title or re.sub(r"\.\w+$", "", name).replace("_", " ").replace("-", " ").strip() or name,
        body=body,
        sections=sections,
        parser=PARSER,
        media_type="text/plain",
        language=metadata.language,
        **metadata.of_document(),
    )
