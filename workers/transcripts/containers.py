"""Get text out of the bytes of a file: encodings, Word documents, zipped Slack exports.

Says in one sentence what a file is when it can't be a transcript. Reads archives with limits, because a
small file can unpack to gigabytes, and Word's XML without entities, because those can as well.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from xml.parsers import expat

from workers.transcripts.transcript import TranscriptUnreadable

MAX_UNPACKED_BYTES = 60_000_000
MAX_MEMBERS = 5_000
_NOT_TEXT: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (.doc)"),
    (b"RIFF", "a recording"),
    (b"OggS", "a recording"),
    (b"ID3", "a recording"),
    (b"fLaC", "a recording"),
    (b"\x1a\x45\xdf\xa3", "a recording"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a gzip archive"),
)


def refuse_other_files(data: bytes) -> None:
    """Raise TranscriptUnreadable, naming the kind, when the first bytes show a file that holds no text."""
    for magic, kind in _NOT_TEXT:
        if data.startswith(magic):
            raise TranscriptUnreadable(f"This is {kind}, not a transcript. Send VTT, SRT, docx, JSON or text.")
    if data[4:8] == b"ftyp":
        raise TranscriptUnreadable("This is a recording, not a transcript. Send VTT, SRT, docx, JSON or text.")


def decode_text(data: bytes) -> tuple[str, bool]:
    """Return the text and whether characters had to be replaced.

    UTF-8 and UTF-16 by their marks, UTF-16 without a mark by its zero bytes, else UTF-8, else Windows-1252.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    elif _looks_like_utf16(data):
        text = data.decode("utf-16-le" if data[1:2] == b"\x00" else "utf-16-be", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    controls = sum(1 for ch in text if ord(ch) < 32 and ch not in "\t\n\r\f\x0b")
    if controls > 2 + len(text) // 200:
        raise TranscriptUnreadable("The file is binary, not text. Send VTT, SRT, docx, JSON or text.")
    text = "".join(ch for ch in text if ord(ch) >= 32 or ch in "\t\n\r\f\x0b")
    return text.lstrip("\ufeff"), "\ufffd" in text


def _looks_like_utf16(data: bytes) -> bool:
    sample = data[:400]
    return len(sample) >= 4 and 0.35 < sample.count(0) / len(sample) < 0.65


def lines_of(text: str) -> list[str]:
    """Return the lines of `text`, whichever line ends it uses; non-breaking blanks become blanks."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\xa0", " ").split("\n")


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Return the opened zip file.

    Raises:
        TranscriptUnreadable: it is damaged, or would unpack to too much.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise TranscriptUnreadable("The document is damaged: it is cut off or was not uploaded whole.") from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise TranscriptUnreadable("The archive unpacks to far more than a transcript and was not opened.")
    return archive


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return one file of the archive, at most MAX_UNPACKED_BYTES of it (sizes in the index can lie).

    Raises:
        TranscriptUnreadable: it is damaged, locked or too large.
    """
    try:
        with archive.open(name) as member:
            content = member.read(MAX_UNPACKED_BYTES + 1)
    except RuntimeError as error:
        raise TranscriptUnreadable("The document is locked with a password.") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, ValueError, OSError) as error:
        raise TranscriptUnreadable("The document is damaged: it is cut off or was not uploaded whole.") from error
    if len(content) > MAX_UNPACKED_BYTES:
        raise TranscriptUnreadable("The archive unpacks to far more than a transcript and was not opened.")
    return content


def docx_lines(archive: zipfile.ZipFile) -> list[str]:
    """Return the lines of a Word document: a blank line after each paragraph, breaks inside one kept."""
    reader = _DocumentReader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.EntityDeclHandler = reader.refuse_entity
    try:
        parser.Parse(read_member(archive, "word/document.xml"), True)
    except TranscriptUnreadable:
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise TranscriptUnreadable("The Word document is damaged: its text part is not valid XML.") from error
    return lines_of("".join(reader.parts))


class _DocumentReader:
    """Collects the text of w:t, with w:br and w:tab as white space, while expat walks the document."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._in_text = False

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        name = _word_tag(tag)
        if name == "t":
            self._in_text = True
        elif name == "tab":
            self.parts.append("\t")
        elif name in ("br", "cr"):
            self.parts.append("\n")

    def end(self, tag: str) -> None:
        name = _word_tag(tag)
        if name == "t":
            self._in_text = False
        elif name == "p":
            self.parts.append("\n\n")

    def characters(self, text: str) -> None:
        if self._in_text:
            self.parts.append(text)

    def refuse_entity(self, *_declaration: object) -> None:
        raise TranscriptUnreadable("The Word document declares XML entities, which none made by Word does.")


def _word_tag(tag: str) -> str:
    """Return "t" of Word's w:t, whichever of its two namespaces is used; "" for tags of drawings and others."""
    namespace, _, name = tag.rpartition(" ")
    return name if "wordprocessingml" in namespace else ""


def slack_archive(archive: zipfile.ZipFile) -> dict[str, object] | None:
    """Return {"messages", "users"} of a zipped Slack export, None when the archive is something else."""
    names = [name for name in archive.namelist() if name.endswith(".json")]
    if "users.json" not in names and not any("/" in name for name in names):
        return None
    messages: list[object] = []
    users: object = []
    for name in sorted(names):
        try:
            content = json.loads(read_member(archive, name))
        except (ValueError, RecursionError) as error:
            raise TranscriptUnreadable("One of the export's JSON files is damaged.") from error
        if name == "users.json":
            users = content
        elif "/" in name and isinstance(content, list):
            messages.extend(content)
    return {"messages": messages, "users": users}
