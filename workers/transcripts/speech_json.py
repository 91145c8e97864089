"""Read what speech-to-text services return as JSON: AssemblyAI, Deepgram, Whisper and its relatives.

Their speakers are labels ("A", 0), never names: "Speaker A". Lists of {speaker, text} objects are read as
well.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workers.transcripts.clock import date_in, seconds_of
from workers.transcripts.pieces import Draft, Piece
from workers.transcripts.transcript import TranscriptUnreadable

LOW_LOGPROB = -1.0  # Whisper's own threshold for calling a segment failed (its logprob_threshold default)
LOW_SHARE = 0.2
_SPEAKER_KEYS = ("speaker", "speaker_name", "speakerName", "name", "user", "participant", "speaker_label")
_TEXT_KEYS = ("text", "content", "transcript", "message", "body", "words", "utterance")


def read_speech_json(document: object) -> Draft:
    """Return the draft of a speech service's answer.

    Raises:
        TranscriptUnreadable: it is JSON, but nothing in it looks like a transcript.
    """
    if isinstance(document, Mapping):
        if isinstance(document.get("results"), Mapping):
            return _deepgram(document)
        if isinstance(document.get("segments"), list) or isinstance(document.get("transcription"), list):
            return _whisper(document)
        if "utterances" in document or "audio_duration" in document or _is_words(document.get("words")):
            return _assemblyai(document)
        for value in document.values():
            if isinstance(value, list) and any(_generic_piece(item, 1) for item in value):
                return _generic(value, document)
        if isinstance(document.get("text"), str):
            return _whisper(document)
    if isinstance(document, list) and any(_generic_piece(item, 1) for item in document):
        return _generic(document, {})
    raise TranscriptUnreadable(
        "The file is JSON, but it holds neither utterances, segments nor messages, so there is no speech to read."
    )


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e15 else None
    return seconds_of(value) if isinstance(value, str) else None


_BARE_LABEL = re.compile(r"(?:[A-Za-z]?\d{1,3}|[A-Za-z])$")  # "A", "0", "S1"; "Bo" and "田中" are names


def _label(value: object) -> str | None:
    """Return "Speaker A" for a bare label and the value itself when it is a longer name."""
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("id")
    if value is None or isinstance(value, bool | list | Mapping) or not str(value).strip():
        return None
    text = str(value).strip()
    return f"Speaker {text}" if _BARE_LABEL.match(text) else text


def _milliseconds(value: object) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000


def _is_words(value: object) -> bool:
    return any("start" in item for item in _objects(value))


def _assemblyai(document: Mapping[str, Any]) -> Draft:
    draft = Draft(source="assemblyai_json", duration_seconds=_number(document.get("audio_duration")))
    draft.language = _language(document.get("language_code"))
    utterances = _objects(document.get("utterances"))
    for number, item in enumerate(utterances, 1):
        draft.pieces.append(
            Piece(
                _text(item.get("text")),
                _label(item.get("speaker")),
                _milliseconds(item.get("start")),
                _milliseconds(item.get("end")),
                f"utterance {number}",
            )
        )
    if not utterances:
        words = [
            (
                _text(w.get("text")),
                _label(w.get("speaker")),
                _milliseconds(w.get("start")),
                _milliseconds(w.get("end")),
            )
            for w in _objects(document.get("words"))
        ]
        draft.pieces.extend(_grouped(words) or [Piece(_text(document.get("text")))])
    return draft


def _deepgram(document: Mapping[str, Any]) -> Draft:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    draft = Draft(
        source="deepgram_json",
        duration_seconds=_number(metadata.get("duration")),
        date=date_in(_text(metadata.get("created")).replace("T", " ")),
    )
    results = document["results"]
    for number, item in enumerate(_objects(results.get("utterances")), 1):
        draft.pieces.append(
            Piece(
                _text(item.get("transcript")),
                _label(item.get("speaker")),
                _number(item.get("start")),
                _number(item.get("end")),
                f"utterance {number}",
            )
        )
    if not draft.pieces:
        for channel in _objects(results.get("channels")):
            draft.language = draft.language or _language(channel.get("detected_language"))
            for alternative in _objects(channel.get("alternatives"))[:1]:
                draft.pieces.extend(_deepgram_alternative(alternative))
    return draft


def _deepgram_alternative(alternative: Mapping[str, Any]) -> list[Piece]:
    paragraphs = alternative.get("paragraphs")
    pieces = [
        Piece(_text(s.get("text")), _label(p.get("speaker")), _number(s.get("start")), _number(s.get("end")))
        for p in _objects(paragraphs.get("paragraphs") if isinstance(paragraphs, Mapping) else None)
        for s in _objects(p.get("sentences"))
    ]
    words = [
        (
            _text(w.get("punctuated_word")) or _text(w.get("word")),
            _label(w.get("speaker")),
            _number(w.get("start")),
            _number(w.get("end")),
        )
        for w in _objects(alternative.get("words"))
    ]
    return pieces or _grouped(words) or [Piece(_text(alternative.get("transcript")))]


def _grouped(words: Sequence[tuple[str, str | None, float | None, float | None]]) -> list[Piece]:
    """Put single words together: a new piece at each change of speaker and each end of a sentence."""
    pieces: list[Piece] = []
    for text, speaker, start, end in words:
        if not text.strip():
            continue
        before = pieces[-1] if pieces else None
        if before is not None and before.speaker == speaker and not before.text.endswith((".", "?", "!")):
            pieces[-1] = Piece(f"{before.text} {text}", speaker, before.start, end, before.ref)
        else:
            pieces.append(Piece(text, speaker, start, end))
    return pieces


def _whisper(document: Mapping[str, Any]) -> Draft:
    draft = Draft(source="whisper_json", duration_seconds=_number(document.get("duration")), join_captions=True)
    draft.language = _language(document.get("language"))
    segments = _objects(document.get("segments")) or _objects(document.get("transcription"))
    doubtful = 0
    for number, item in enumerate(segments, 1):
        offsets = item.get("offsets")
        start, end = _number(item.get("start")), _number(item.get("end"))
        if isinstance(offsets, Mapping):  # whisper.cpp counts in milliseconds
            start, end = _milliseconds(offsets.get("from")), _milliseconds(offsets.get("to"))
        logprob = _number(item.get("avg_logprob"))
        doubtful += logprob is not None and logprob < LOW_LOGPROB
        draft.pieces.append(
            Piece(_text(item.get("text")), _label(item.get("speaker")), start, end, f"segment {number}")
        )
    if segments and doubtful > LOW_SHARE * len(segments):
        draft.warn("asr_low", f"The recogniser was unsure of {doubtful} of {len(segments)} segments.")
    if not segments:
        draft.pieces.append(Piece(_text(document.get("text"))))
    return draft


def _language(value: object) -> str | None:
    text = _text(value).lower()
    names = {"english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "dutch": "nl"}
    return names.get(text) or (text[:2] if len(text) in (2, 5) and text[:2].isalpha() else None)


def _generic(items: Sequence[object], document: Mapping[str, Any]) -> Draft:
    draft = Draft(source="generic_json")
    title = document.get("title") or document.get("name") or document.get("meeting")
    draft.title = title if isinstance(title, str) else None
    draft.began_at = _moment(document.get("began_at"))
    draft.date = date_in(_text(document.get("date")).replace("T", " "))
    if draft.began_at is not None:
        draft.date = draft.began_at.date()
    draft.pieces = [piece for number, item in enumerate(items, 1) if (piece := _generic_piece(item, number))]
    return draft


def _moment(value: object) -> datetime | None:
    """Return when a chat began, as whoever fetched its messages says; None for what is no aware moment."""
    try:
        found = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _generic_piece(item: object, number: int) -> Piece | None:
    if not isinstance(item, Mapping):
        return None
    text = next((item[key] for key in _TEXT_KEYS if isinstance(item.get(key), str) and item[key].strip()), None)
    if text is None:
        return None
    speaker = next((label for key in _SPEAKER_KEYS if (label := _label(item.get(key))) is not None), None)
    start = next(
        (
            n
            for key in ("start", "start_time", "startTime", "ts", "time")
            if (n := _number(item.get(key))) is not None
        ),
        None,
    )
    end = next((n for key in ("end", "end_time", "endTime") if (n := _number(item.get(key))) is not None), None)
    url = _text(item.get("url"))
    return Piece(
        text, speaker, start, end, f"entry {number}", url=url if url.startswith(("https://", "http://")) else None
    )
