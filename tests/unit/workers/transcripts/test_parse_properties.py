"""Whatever is thrown at the parser, it answers with a transcript or a sentence, and loses no word."""

import json
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import TranscriptUnreadable

NAMES = st.sampled_from(
    [
        "Anna Schmidt",
        "Ben",
        "Chloé de la Tour",
        "O'Neil, Pat",
        "Dr. Ruiz",
        "Speaker 1",
        "李雷",
        "Müller-Lüdenscheidt",
    ]
)
# No word here may look like structure (a time, a name with a colon), so that the count is exact.
WORD = st.text(alphabet=string.ascii_lowercase + "äéß'", min_size=1, max_size=9).filter(lambda w: w.strip("'") != "")
SENTENCE = st.lists(WORD, min_size=2, max_size=12).map(lambda words: " ".join(words) + ".")
TURNS = st.lists(st.tuples(NAMES, SENTENCE), min_size=1, max_size=12)
END = st.sampled_from(["\n", "\r\n", "\r"])


def words_of(turns: list[tuple[str, str]]) -> list[str]:
    return [word for _, text in turns for word in text.split()]


def spoken(data: bytes) -> list[str]:
    return [word for utterance in parse_transcript(data).utterances for word in utterance.text.split()]


def speakers(data: bytes) -> list[str | None]:
    heard = [u.speaker for u in parse_transcript(data).utterances for _ in u.text.split()]
    return heard


def clock(seconds: int, sep: str) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{sep}000"


def expected_speakers(turns: list[tuple[str, str]]) -> list[str]:
    return [who for who, text in turns for _ in text.split()]


@given(TURNS, END, st.integers(0, 9))
def test_voice_captions_keep_every_word_with_its_speaker(turns: list[tuple[str, str]], end: str, gap: int) -> None:
    cues = [
        f"{clock(n * (3 + gap), '.')} --> {clock(n * (3 + gap) + 3, '.')}{end}<v {who}>{text}"
        for n, (who, text) in enumerate(turns)
    ]
    data = (f"WEBVTT{end}{end}" + (end * 2).join(cues) + end).encode()

    assert spoken(data) == words_of(turns)
    assert speakers(data) == expected_speakers(turns)


@given(TURNS, END, st.booleans())
def test_srt_keeps_every_word_with_its_speaker(turns: list[tuple[str, str]], end: str, bom: bool) -> None:
    cues = [
        f"{n}{end}{clock(n * 5, ',')} --> {clock(n * 5 + 4, ',')}{end}{who}: {text}"
        for n, (who, text) in enumerate(turns, 1)
    ]
    data = ("\ufeff" * bom + (end * 2).join(cues) + end).encode()

    assert spoken(data) == words_of(turns)
    assert speakers(data) == expected_speakers(turns)


@given(TURNS, END)
def test_plain_lines_keep_every_word_with_its_speaker(turns: list[tuple[str, str]], end: str) -> None:
    data = end.join(f"{who}: {text}" for who, text in turns).encode()

    assert spoken(data) == words_of(turns)
    assert speakers(data) == expected_speakers(turns)


@given(TURNS, END)
def test_headed_turns_keep_every_word_with_its_speaker(turns: list[tuple[str, str]], end: str) -> None:
    data = (end * 2).join(f"{who}   {n}:{n:02}{end}{text}" for n, (who, text) in enumerate(turns)).encode()

    assert spoken(data) == words_of(turns)
    assert speakers(data) == expected_speakers(turns)


@given(st.lists(st.tuples(NAMES, st.text(min_size=1, max_size=60)), min_size=1, max_size=8))
def test_json_keeps_every_word_of_any_text(turns: list[tuple[str, str]]) -> None:
    rows = [
        {"speaker": who, "start": n * 1000, "end": n * 1000 + 900, "text": text}
        for n, (who, text) in enumerate(turns)
    ]
    if not words_of(turns):
        return

    assert spoken(json.dumps({"utterances": rows}).encode()) == words_of(turns)


def answers(data: bytes) -> None:
    """The one promise about any bytes: a whole transcript or a refusal in a sentence."""
    try:
        transcript = parse_transcript(data, name="x.vtt")
    except TranscriptUnreadable as refusal:
        sentence = str(refusal)
    else:
        sentence = "Read."
        assert transcript.words_kept == transcript.words_read > 0
        assert [u.id for u in transcript.utterances] == [f"u{n}" for n in range(1, len(transcript.utterances) + 1)]
        assert all(u.start is None or u.end is None or u.end >= u.start for u in transcript.utterances)
    assert sentence.endswith(".")


@given(st.binary(max_size=400))
def test_random_bytes_never_crash_the_parser(data: bytes) -> None:
    answers(data)


FRAGMENTS = st.sampled_from(
    ["WEBVTT", "NOTE", "STYLE", "1", "00:01.000 --> 00:02.000", "99:99:99,999 --> 0:0:0.0", "<v Anna>", "</v>", "<v ", "Anna: hi",  # noqa: E501
     "Anna  0:33", "**Anna** (0:10): hi", "# Title", "10:03:12 From Ana to Everyone:", "10:03:12 From Ana to Ben (Privately):",  # noqa: E501
     "\thello", "Attendees", "Attendees: Anna, Ben", "Date: 2026-13-45", "00:05:00", "Meeting ended after 00:10:00", "---", "",  # noqa: E501
     "Transcribed by https://otter.ai", "{", "[", '{"messages":[{"ts":"1","text":3}]}', "&amp;&#xFFFFFFFF;", "：", "Note: x", ">>", "- ",  # noqa: E501
     "Summary", "## Action items", "Decisions:", "Transcript", "[10:00 AM] Anna: hi"]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=14), END)
@settings(max_examples=200)
def test_shuffled_pieces_of_formats_never_crash_the_parser(lines: list[str], end: str) -> None:
    answers(end.join(lines).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["messages", "utterances", "segments", "results", "channels", "alternatives", "words", "text", "ts", "user", "speaker",  # noqa: E501
             "start", "end", "users", "profile", "message", "subtype", "files", "metadata", "paragraphs", "transcript", "offsets"]  # noqa: E501
        ),
        inner,
        max_size=5,
    ),
    max_leaves=16,
)  # fmt: skip


@given(JSON)
@settings(max_examples=300)
def test_json_of_any_shape_never_crashes_the_parser(document: object) -> None:
    answers(json.dumps(document).encode())
