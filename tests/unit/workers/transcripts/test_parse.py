"""Every format a meeting comes in is read, whole, with the right names."""

import io
import json
import random
import zipfile
from datetime import date

import docx
import pytest

from bench import meeting_formats as writers
from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import Transcript, TranscriptUnreadable

TURNS = [
    ("Anna Schmidt", 5, "Good morning, let's start with the vendor contract."),
    ("Ben Okafor", 12, "The offer is 12,500 euros & it ends in May."),
    ("Anna Schmidt", 70, "Fine. Note: the second page is new. Can you check it by Friday?"),
    ("Ben Okafor", 95, "Yes, I will check the second page by Friday."),
    ("Chloé de la Tour", 130, "At 10:30 Meeting rooms are full, so we stay here."),
]
WORDS = sum(len(text.split()) for _, _, text in TURNS)


def slack_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("users.json", json.dumps([{"id": "U0", "profile": {"real_name": "Anna Schmidt"}}]))
        archive.writestr("general/2026-03-05.json", json.loads(json.dumps(writers.slack(TURNS, list).decode())))
    return out.getvalue()


NAMED = {source: write(TURNS) for source, write in writers.NAMED.items()}
LABELLED = {source: write(TURNS) for source, write in writers.LABELLED.items()}


def turns_of(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(utterance.speaker, utterance.text) for utterance in transcript.utterances]


@pytest.mark.parametrize("source", NAMED)
def test_a_format_with_names_gives_every_word_to_the_one_who_said_it(source: str) -> None:
    transcript = parse_transcript(NAMED[source], name="wrong-suffix.pdf")

    assert transcript.source == source
    assert turns_of(transcript) == [(who, text) for who, _, text in TURNS]
    assert transcript.words_kept == transcript.words_read == WORDS


@pytest.mark.parametrize("source", LABELLED)
def test_a_format_without_names_keeps_every_word_and_invents_no_name(source: str) -> None:
    transcript = parse_transcript(LABELLED[source])

    assert transcript.source == source
    assert transcript.words_kept == WORDS
    assert {u.speaker for u in transcript.utterances} <= {None, *(f"Speaker {label}" for label in "ABC012")}
    assert transcript.attendees == ()
    assert {w.code for w in transcript.warnings} & {"no_speakers", "generic_speakers"}


@pytest.mark.parametrize(
    "source",
    ["teams_vtt", "zoom_vtt", "srt", "teams_docx", "otter", "markdown", "assemblyai_json", "whisper_json"],
)
def test_times_are_seconds_from_the_start(source: str) -> None:
    transcript = parse_transcript((NAMED | LABELLED)[source])

    assert [utterance.start for utterance in transcript.utterances] == [at for _, at, _ in TURNS]


def test_ids_count_from_u1_and_each_utterance_says_where_it_stands() -> None:
    transcript = parse_transcript(NAMED["teams_vtt"])

    assert [u.id for u in transcript.utterances] == ["u1", "u2", "u3", "u4", "u5"]
    assert transcript.utterances[3].source_ref == "cue 4"


def test_a_teams_document_gives_title_date_and_length() -> None:
    transcript = parse_transcript(NAMED["teams_docx"])

    assert transcript.title == "Vendor round-20260305_100000-Meeting Recording"
    assert transcript.date == date(2026, 3, 5)
    assert transcript.duration_seconds == 31 * 60 + 20


def test_a_meet_export_gives_title_date_and_attendees() -> None:
    transcript = parse_transcript(NAMED["google_meet"])

    assert (transcript.title, transcript.date) == ("Vendor round", date(2026, 3, 5))
    assert transcript.attendees == ("Anna Schmidt", "Ben Okafor", "Chloé de la Tour")
    assert [u.start for u in transcript.utterances] == [0, 0, 0, 300, 300]


def test_private_chat_lines_are_left_out_and_counted() -> None:
    transcript = parse_transcript(NAMED["zoom_chat"])

    assert "do not tell" not in transcript.model_dump_json()
    assert [w.text for w in transcript.warnings if w.code == "private_left_out"] == [
        "1 private message(s) were left out."
    ]


def test_slack_mentions_links_and_edits_read_as_people_see_them() -> None:
    messages = [
        {"user": "U1", "ts": "1772704800.0001", "text": "first wording"},
        {"user": "U2", "ts": "1772704801.0001", "text": "see <https://a.example|the plan> &amp; ask <@U1> in <#C1|sales>"},  # noqa: E501
        {"subtype": "message_changed", "ts": "1772704900.0001", "message": {"user": "U1", "ts": "1772704800.0001", "text": "second wording"}},  # noqa: E501
        {"subtype": "message_deleted", "ts": "1772704901.0001", "deleted_ts": "1772704802.0001"},
        {"user": "U2", "ts": "1772704802.0001", "text": "oops"},
    ]  # fmt: skip

    transcript = parse_transcript(json.dumps(messages).encode(), people={"U1": "Anna", "U2": "Ben"})

    assert turns_of(transcript) == [("Anna", "second wording"), ("Ben", "see the plan & ask @Anna in #sales")]
    assert transcript.utterances[0].speaker_ref == "slack:U1"


@pytest.mark.parametrize(("offset", "day"), [(0, 5), (3 * 3600, 6), (-36_000, 5), ("east", 5), (10**9, 5)])
def test_a_slack_thread_is_of_the_asker_s_day(offset: object, day: int) -> None:
    late = {"user": "U1", "ts": "1772749800.000100", "text": "Tomorrow then."}  # 2026-03-05 22:30 UTC
    document = {"utc_offset_seconds": offset, "messages": [late, {**late, "ts": "1772749860.000100"}]}
    transcript = parse_transcript(json.dumps(document).encode())

    assert transcript.date == date(2026, 3, day)


def test_a_zipped_slack_export_is_read() -> None:
    transcript = parse_transcript(slack_zip())

    assert turns_of(transcript) == [(who, text) for who, _, text in TURNS]


def test_captions_of_one_sentence_become_one_utterance() -> None:
    vtt = "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Anna>we should move\n\n00:03.200 --> 00:05.000\n<v Anna>the date.\n\n00:05.100 --> 00:06.000\n<v Ben>Agreed.</v>\n"  # noqa: E501

    transcript = parse_transcript(vtt.encode())

    assert turns_of(transcript) == [("Anna", "we should move the date."), ("Ben", "Agreed.")]
    assert (transcript.utterances[0].start, transcript.utterances[0].end) == (1.0, 5.0)


def test_zoom_cues_without_a_name_go_on_with_the_speaker_before() -> None:
    vtt = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:03.000\nAnna Schmidt: First.\n\n2\n00:00:04.000 --> 00:00:05.000\n10:30 Meeting: is moved.\n"  # noqa: E501

    assert turns_of(parse_transcript(vtt.encode())) == [
        ("Anna Schmidt", "First."),
        ("Anna Schmidt", "10:30 Meeting: is moved."),
    ]


def test_notes_and_styles_in_a_vtt_file_are_not_speech() -> None:
    vtt = "WEBVTT - made by X\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE\nnot said\n\n00:01.000 --> 00:02.000\nSaid.\n"  # noqa: E501

    assert turns_of(parse_transcript(vtt.encode())) == [(None, "Said.")]


def test_text_cut_from_its_cue_by_a_stray_blank_line_is_kept() -> None:
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nOne\n\ntwo three.\n\n00:03.000 --> 00:04.000\nFour.\n"

    assert parse_transcript(vtt.encode()).words_kept == 4


def test_a_clock_that_starts_again_is_carried_on() -> None:
    text = "Anna Schmidt  0:05\nHello.\n\nBen Okafor  45:00\nBye.\n\nAnna Schmidt  0:03\nBack again.\n"

    transcript = parse_transcript(text.encode())

    assert [u.start for u in transcript.utterances] == [5, 2700, 2703]
    assert "time_reset" in {w.code for w in transcript.warnings}


def test_older_teams_documents_with_arrow_times_are_read() -> None:
    document = docx.Document()
    document.add_paragraph("0:0:0.0 --> 0:0:4.730\nAnna Schmidt\nGood morning.")
    document.add_paragraph("0:0:5.0 --> 0:0:6.0\nBen Okafor\nMorning.")
    out = io.BytesIO()
    document.save(out)

    assert turns_of(parse_transcript(out.getvalue())) == [
        ("Anna Schmidt", "Good morning."),
        ("Ben Okafor", "Morning."),
    ]


@pytest.mark.parametrize("source", NAMED)
def test_roles_letters_and_titles_are_speakers_when_the_file_uses_them_so(source: str) -> None:
    people = ["Right Hon. Ida Coe", "The Chair", "Marketing", "A", "The Chair (Mr. Tom Roe (Ribble Valley, Lib.))"]
    turns = [(people[number % len(people)], 4000 * number, f"Point {number} is closed.") for number in range(20)]

    transcript = parse_transcript(writers.NAMED[source](turns))

    assert turns_of(transcript) == [(who, text) for who, _, text in turns]


def test_a_sentence_that_ends_in_a_time_heads_no_turn() -> None:
    text = "Anna Schmidt  0:05\nThe bus goes at\nThe Corner  10:30\nWe take it.\n\nBen Okafor  0:12\nYes.\n"

    assert turns_of(parse_transcript(text.encode())) == [
        ("Anna Schmidt", "The bus goes at The Corner 10:30 We take it."),
        ("Ben Okafor", "Yes."),
    ]


def test_words_before_a_colon_that_are_no_name_stay_speech() -> None:
    text = "Anna: We have two points.\nAgenda: prices and dates.\nNote: the room is booked.\nBen: Fine."

    transcript = parse_transcript(text.encode())

    assert transcript.speakers == ("Anna", "Ben")
    assert transcript.utterances[0].text == "We have two points. Agenda: prices and dates. Note: the room is booked."


def test_a_word_that_opens_a_point_is_no_speaker() -> None:
    cues = [
        "Anna Schmidt: Three points.",
        "Training: half a day was not enough.",
        "One: the till is slow.",
        "Ben Okafor: I know.",
        "Lanyards: we have too few.",
        *["Anna Schmidt: Fine.", "Ben Okafor: Good."] * 10,
    ]
    body = "".join(f"\n{n}\n00:00:{n:02d}.000 --> 00:00:{n:02d}.900\n{cue}\n" for n, cue in enumerate(cues, 1))

    transcript = parse_transcript(f"WEBVTT\n{body}".encode())

    assert transcript.speakers == transcript.attendees == ("Anna Schmidt", "Ben Okafor")
    assert ("Anna Schmidt", "One: the till is slow.") in turns_of(transcript)
    assert ("Ben Okafor", "Lanyards: we have too few.") in turns_of(transcript)
    assert transcript.words_kept == transcript.words_read == 41


def test_one_guest_with_a_first_name_is_kept_among_first_names_and_labels() -> None:
    first_names = parse_transcript(b"Anna: Hello.\nBen: Hi.\nChlo: Hi all.\nAnna: Fine.")
    labelled = parse_transcript(b"Anna Schmidt: Hello.\nBen Okafor: Hi.\nSpeaker 3: Hi all.\nAnna Schmidt: Fine.")

    assert first_names.speakers == ("Anna", "Ben", "Chlo")
    assert labelled.speakers == ("Anna Schmidt", "Ben Okafor", "Speaker 3")


@pytest.mark.parametrize("line", ["[00:01:05] Anna: Hello there.", "00:01:05 Anna: Hello there.", "Anna (00:01:05): Hello there.", "- **Anna** [1:05]: Hello there.", "**Anna:** Hello there."])  # fmt: skip  # noqa: E501
def test_a_named_line_is_read_in_many_spellings(line: str) -> None:
    transcript = parse_transcript(f"{line}\nBen: Hi.\n".encode())

    assert turns_of(transcript) == [("Anna", "Hello there."), ("Ben", "Hi.")]
    assert transcript.utterances[0].start in (65.0, None)


def test_german_umlauts_survive_utf16_and_windows_encodings() -> None:
    text = "Jürgen Größe: Die Prüfung läuft.\nÄnne: Schön."

    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"):
        assert turns_of(parse_transcript(text.encode(encoding)))[0] == ("Jürgen Größe", "Die Prüfung läuft.")


def test_text_without_names_is_read_by_paragraph_and_says_so() -> None:
    transcript = parse_transcript(b"We talked about the price.\n\nIt stays as it is.\n")

    assert turns_of(transcript) == [(None, "We talked about the price."), (None, "It stays as it is.")]
    assert [w.code for w in transcript.warnings] == ["no_speakers"]


def test_a_long_line_above_the_first_speaker_is_kept_as_speech() -> None:
    text = "Weekly\nSo before the recorder knew our names somebody said that the launch has to move by a week.\nAnna: Right.\n"  # noqa: E501

    transcript = parse_transcript(text.encode())

    assert transcript.title == "Weekly"
    assert transcript.utterances[0].text.startswith("So before the recorder")


def test_the_files_name_lends_a_title_and_a_date_the_content_lacks() -> None:
    transcript = parse_transcript(b"Anna: Hello.", name="Budget_review_2026-03-05.txt")

    assert (transcript.title, transcript.date) == ("Budget review", date(2026, 3, 5))


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("2026-11-12-harbour-quarterly.zoom.vtt", "Harbour quarterly"),
        ("sales sync - Transcript.docx", "Sales sync"),
        ("Follow-up call 2026-03-05.txt", "Follow-up call"),
        ("Budget_round_(1).txt", "Budget round"),
        ("Teams migration.txt", "Teams migration"),
        ("GMT20261112-150000_Recording.transcript.vtt", None),
        ("transcript.txt", None),
    ],
)
def test_a_title_from_the_files_name_leaves_out_dates_and_what_recorders_add(name: str, title: str | None) -> None:
    assert parse_transcript(b"Anna: Hello.", name=name).title == title


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n \n", "empty"),
        (b"x" * 20, "larger"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"RIFF\x00\x00\x00\x00WAVE", "recording"),
        (b"\x00\x00\x00\x18ftypmp42", "recording"),
        (b"PK\x03\x04 cut off", "damaged"),
        (b"WEBVTT\n\nNOTE nothing\n", "no cue"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n\n", "no speech"),
        (b'{"utterances": [{"speaker": "A", "te', "line 1"),
        (b'{"a": 1}', "no speech"),
        (b'{"messages": []}', "no speech"),
        (bytes(range(256)) * 4, "binary"),
    ],
)
def test_a_broken_file_gets_a_sentence_saying_what_is_wrong(data: bytes, says: str) -> None:
    limit = 10 if says == "larger" else 5_000_000
    with pytest.raises(TranscriptUnreadable) as refusal:
        parse_transcript(data, max_bytes=limit)

    assert ("MB" if says == "larger" else says) in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_an_archive_that_unpacks_to_gigabytes_is_not_opened() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 61_000_000)

    with pytest.raises(TranscriptUnreadable, match="far more"):
        parse_transcript(out.getvalue())


def test_a_word_document_with_xml_entities_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", b'<!DOCTYPE d [<!ENTITY a "aaaa">]><d>&a;</d>')

    with pytest.raises(TranscriptUnreadable, match="entities"):
        parse_transcript(out.getvalue())


@pytest.mark.parametrize("source", sorted(NAMED | LABELLED))
def test_a_damaged_file_is_read_or_refused_in_a_sentence(source: str) -> None:
    rng = random.Random(source)
    for _ in range(25):
        damaged = bytearray((NAMED | LABELLED)[source])
        for _ in range(rng.randrange(1, 10)):
            place = rng.randrange(len(damaged) or 1)
            damaged[place : place + rng.randrange(30)] = rng.randbytes(rng.randrange(8))
        try:
            transcript = parse_transcript(bytes(damaged))
        except TranscriptUnreadable as refusal:
            outcome = str(refusal)
        else:
            outcome = "Read." if transcript.words_kept == transcript.words_read else "words lost"

        assert outcome.endswith(".")


def test_a_cue_without_a_voice_goes_on_with_the_voice_before() -> None:
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>Hello.\n\n00:09.000 --> 00:10.000\nStill me.\n"

    assert turns_of(parse_transcript(vtt.encode())) == [("Anna", "Hello."), ("Anna", "Still me.")]
