"""Parse a file of any known format into a ParsedDocument. What a file is, its content says; its name only hints.

Each format is a module with `parse(data, name)`; adding one is a line in `_PARSERS` and a rule in `media_type_of`.
"""

from __future__ import annotations

import importlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import PurePath

from assistant.errors import DocumentUnreadable
from ingest.parsed import ParsedDocument

Parser = Callable[[bytes, str], ParsedDocument]

_OFFICE = "application/vnd.openxmlformats-officedocument."
_PARSERS: dict[str, str] = {  # imported when first needed: a folder of Markdown needs no PDF library
    "application/pdf": "ingest.parsers.pdf:parse",
    f"{_OFFICE}wordprocessingml.document": "ingest.parsers.word:parse",
    f"{_OFFICE}presentationml.presentation": "ingest.parsers.slides:parse",
    f"{_OFFICE}spreadsheetml.sheet": "ingest.parsers.sheets:parse_xlsx",
    "text/html": "ingest.parsers.html:parse",
    "text/markdown": "ingest.parsers.markdown:parse",
    "text/csv": "ingest.parsers.sheets:parse_csv",
    "message/rfc822": "ingest.parsers.mail:parse",
    "text/plain": "ingest.parsers.plain:parse",
}
_OFFICE_MEMBERS = {
    "word/": f"{_OFFICE}wordprocessingml.document",
    "ppt/": f"{_OFFICE}presentationml.presentation",
    "xl/": f"{_OFFICE}spreadsheetml.sheet",
}
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_OF_SUFFIX = {
    ".docx": "wordprocessingml.document", ".doc": "wordprocessingml.document", ".xlsx": "spreadsheetml.sheet",
    ".xls": "spreadsheetml.sheet", ".pptx": "presentationml.presentation", ".ppt": "presentationml.presentation",
}  # fmt: skip
_MARKDOWN_SUFFIXES = (".md", ".markdown", ".mdown", ".mkd")
_SNIFF_BYTES = 4096
_HTML = re.compile(rb"<(?:!doctype html|html|head|body|article|main|h1|div|p|table)[\s>]", re.IGNORECASE)
_MAIL_HEADER = re.compile(rb"^(?:from|to|subject|date|received|return-path|message-id|mime-version):", re.IGNORECASE)
_MARKDOWN_SIGNS = re.compile(rb"^(?:---\r?\n|#{1,6} \S)|^#{1,6} \S", re.MULTILINE)
_PICTURES = {b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"GIF8": "a GIF picture"}


def parse_document(data: bytes, name: str, *, media_type: str | None = None) -> ParsedDocument:
    """Return the parsed file.

    Raises:
        DocumentUnreadable: empty, of an unknown format, damaged or locked; `reply` says which, and what to do.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise DocumentUnreadable(f"{name}: empty", reply=f"“{name}” is empty.")
    found = media_type if media_type in _PARSERS else media_type_of(data, name)
    module, _, function = _PARSERS[found].partition(":")
    parse: Parser = getattr(importlib.import_module(module), function)
    return parse(data, name)


def media_type_of(data: bytes, name: str) -> str:
    """Return which format the bytes are.

    Raises:
        DocumentUnreadable: a format that isn't read here (a picture, an archive, a program).
    """
    head, suffix = data[:_SNIFF_BYTES], PurePath(name).suffix.lower()
    if head.lstrip()[:5] == b"%PDF-":
        return "application/pdf"
    if head[:4] == b"PK\x03\x04":
        return _office_type(data, name)
    if head[:8] == _OLE_MAGIC and suffix in _OLE_OF_SUFFIX:
        return _OFFICE + _OLE_OF_SUFFIX[suffix]  # its parser explains passwords and old formats
    for magic, words in _PICTURES.items():
        if head.startswith(magic):
            raise DocumentUnreadable(f"{name}: {words}", reply=f"“{name}” is {words}; I read text, not pictures.")
    if suffix in _MARKDOWN_SUFFIXES:
        return "text/markdown"
    if _HTML.search(head) and (suffix in (".html", ".htm", ".xhtml") or head.lstrip()[:1] == b"<"):
        return "text/html"
    if suffix in (".csv", ".tsv"):
        return "text/csv"
    if suffix == ".eml" or _is_mail(head):
        return "message/rfc822"
    return "text/markdown" if suffix == "" and _MARKDOWN_SIGNS.search(head) else "text/plain"


def _is_mail(head: bytes) -> bool:
    lines = head.split(b"\n")[:12]
    return bool(_MAIL_HEADER.match(head)) and sum(bool(_MAIL_HEADER.match(line)) for line in lines) >= 3


def _office_type(data: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
    except zipfile.BadZipFile as error:
        raise DocumentUnreadable(
            f"{name}: damaged zip", reply=f"“{name}” is damaged: it can't be opened. Save it again and retry."
        ) from error
    for start, media_type in _OFFICE_MEMBERS.items():
        if any(member.startswith(start) for member in members):
            return media_type
    raise DocumentUnreadable(f"{name}: zip", reply=f"“{name}” is an archive. Unpack it and give me what is inside.")
