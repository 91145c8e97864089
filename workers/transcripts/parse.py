"""Read any meeting transcript into one shape; the format is recognised from the content, never from the name.

This module recognises and dispatches. Each reader knows one family of formats and fills a Draft;
`pieces.finish` turns that into the Transcript. Nothing spoken is dropped: `words_read` equals `words_kept`.
"""

import json
import re
import zipfile
from collections.abc import Mapping

from workers.transcripts.captions import read_captions
from workers.transcripts.clock import TIMING_LINE, date_in
from workers.transcripts.colon_lines import named_line
from workers.transcripts.containers import (
    decode_text,
    docx_lines,
    lines_of,
    open_archive,
    refuse_other_files,
    slack_archive,
)
from workers.transcripts.notes_page import is_notes_page, read_notes_page
from workers.transcripts.pieces import Draft, finish
from workers.transcripts.slack_messages import is_slack, read_slack
from workers.transcripts.speakers import is_speaker_name
from workers.transcripts.speech_json import read_speech_json
from workers.transcripts.text_lines import read_text_lines
from workers.transcripts.transcript import Transcript, TranscriptUnreadable
from workers.transcripts.turns import count_headings, read_turns
from workers.transcripts.zoom_chat import count_chat_lines, read_zoom_chat

MAX_BYTES = 5_000_000  # ten hours of talk as VTT are about 1.5 MB
_FILE_STAMP = re.compile(
    r"(?<!\d)(?:GMT)?\d{4}([-. ]?)\d{2}\1\d{2}(?!\d)(?:[T -]?\d{4,6}(?!\d)|[T -]\d{2}[-.h]\d{2}(?:[-.]\d{2})?(?!\d))?"
)
# What recorders add: the product, the kind of file, "(1)" of a second download.
_FILE_SUFFIX = re.compile(
    r"(?:[\s\-–—.]*(?<![^\W_])(?:zoom|teams|google meet|meet|webex|otter(?: ai)?|slack|transcript(?:ion)?"
    r"|transkript|recording|captions?|subtitles|cc|vtt|srt|docx|txt|json|\(\d{1,2}\))(?![^\W_]))+\W*$|^(?:zoom|teams|transcript|recording)$",
    re.IGNORECASE,
)
_JSON_OPENING = re.compile(r"^\s*(?:\{|\[\s*(?:[\[{\"\]]|$))")


def parse_transcript(
    data: bytes,
    *,
    name: str | None = None,
    max_bytes: int = MAX_BYTES,
    people: Mapping[str, str] | None = None,
) -> Transcript:
    """Return what `data` says was spoken.

    `name` (the file's, if it has one) only lends the title and the date when the content has none. `people`
    maps chat account ids to names.

    Raises:
        TranscriptUnreadable: too large, empty, damaged, not a transcript; the message says which.
    """
    if len(data) > max_bytes:
        raise TranscriptUnreadable(
            f"The file has {len(data) / 1e6:.1f} MB; transcripts up to {max_bytes / 1e6:g} MB are read."
        )
    if not data.strip(b"\x00 \t\r\n"):
        raise TranscriptUnreadable("The file is empty.")
    draft = _read(data, people=people or {})
    if name is not None:
        stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
        draft.date = draft.date or date_in(stem.replace("_", " "))
        draft.title = draft.title or _title_of(stem)
    return finish(draft)


def _title_of(stem: str) -> str | None:
    """Return "Redfern quarterly" of "2026-11-12-redfern-quarterly.zoom", None when only such marks are left."""
    spaced = re.sub(r"[_\s]+", " ", stem)
    words = _FILE_STAMP.sub(" ", spaced)
    if " " not in spaced.strip():
        words = words.replace("-", " ")  # a blank between words means a dash was meant as a dash
    words = _FILE_SUFFIX.sub("", re.sub(r"(?<=[^\W\d_])\.(?=[^\W\d_])", " ", words).strip(" -–—.,"))
    words = " ".join(words.split()).strip(" -–—.,([")
    if not re.search(r"[^\W\d_]{3}", words):
        return None
    return words[:1].upper() + words[1:] if words.split()[0].islower() else words


def _read(data: bytes, *, people: Mapping[str, str]) -> Draft:
    refuse_other_files(data)
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        with open_archive(data) as archive:
            return _read_archive(archive, people=people)
    text, replaced = decode_text(data)
    draft = _read_text(text, people=people)
    if replaced:
        draft.warn("undecodable_characters", "Some characters of the file could not be read.")
    return draft


def _read_archive(archive: zipfile.ZipFile, *, people: Mapping[str, str]) -> Draft:
    if "word/document.xml" in archive.namelist():
        lines = docx_lines(archive)
        if not any(line.strip() for line in lines):
            raise TranscriptUnreadable("The Word document holds no text.")
        return _read_lines(lines, from_docx=True)
    if (document := slack_archive(archive)) is not None and is_slack(document):
        draft = read_slack(document, people=people)
        draft.source = "slack_export"
        return draft
    raise TranscriptUnreadable("The archive is neither a Word document nor a Slack export.")


def _read_text(text: str, *, people: Mapping[str, str]) -> Draft:
    if _JSON_OPENING.match(text):
        document = _json_of(text)
        return read_slack(document, people=people) if is_slack(document) else read_speech_json(document)
    return _read_lines(lines_of(text), from_docx=False)


def _json_of(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise TranscriptUnreadable("The JSON is nested too deeply to be a transcript.") from error
    except ValueError as error:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]  # one object a line
        except (ValueError, RecursionError):
            pass
        place = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise TranscriptUnreadable(f"The file starts like JSON but breaks off or is faulty{place}.") from error


def _read_lines(lines: list[str], *, from_docx: bool) -> Draft:
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("WEBVTT") or any(TIMING_LINE.match(line) for line in lines):
        return read_captions(lines, from_docx=from_docx)
    filled = sum(1 for line in lines if line.strip())
    chat = count_chat_lines(lines)
    if chat and chat * 5 >= filled:
        return read_zoom_chat(lines)
    if is_notes_page(lines):
        return read_notes_page(lines)
    headings = count_headings(lines)
    colons = sum(1 for line in lines if (found := named_line(line)) is not None and is_speaker_name(found.name))
    markdown = any(line.lstrip().startswith("#") for line in lines)
    if headings and headings * 2 >= colons and not (markdown and colons):
        return read_turns(lines, source="teams_docx" if from_docx else "otter")
    return read_text_lines(lines)
