"""What is known of a meeting as a whole: its header, who spoke how much, and what to warn its reader of."""

from collections import Counter
from collections.abc import Mapping, Sequence

from assistant.minutes.schema import MeetingHeader, MinutesWarning, PersonPoints
from workers.jobs.meeting_summary.extract_importance import expected_counts
from workers.jobs.meeting_summary.extract_summary import choose_lines
from workers.jobs.meeting_summary.extract_units import Unit, all_sentences, summary_units
from workers.jobs.meeting_summary.wording import make_warning
from workers.transcripts.transcript import Transcript
from workers.validation.language import guess_language

LANGUAGE_UTTERANCES = 2_000  # a language is guessed on the beginning only
POINTS_PER_PERSON = 2
POINT_WORDS = 15
MAX_PEOPLE = 12
FOREIGN_SHARE = 0.15  # of the checked stretches in another language than most
REFERENCE_WORDS = 120  # of the summary that words are weighed for


def header_of_meeting(transcript: Transcript, *, language: str | None, engine: str) -> MeetingHeader:
    """Return what the file says of the meeting; without a `language` the lines are in the one spoken."""
    spoken = guess_language(" ".join(one.text for one in transcript.utterances[:LANGUAGE_UTTERANCES]))
    spoken = spoken or transcript.language
    return MeetingHeader(
        title=transcript.title,
        date=transcript.date,
        began_at=transcript.began_at,
        duration_s=round(transcript.duration_seconds or 0),
        participants=tuple(participants(transcript)),
        language=language or spoken or "en",
        spoken=spoken,
        source=transcript.source,
        engine=engine,
    )


def participants(transcript: Transcript) -> list[str]:
    """Return who took part: listed in the file or heard, in order, each once."""
    return list(dict.fromkeys([*transcript.attendees, *transcript.speakers]))


def people_of(transcript: Transcript) -> tuple[PersonPoints, ...]:
    """Return who spoke how much, and what they said that matters most."""
    sentences = all_sentences(transcript)
    statements = summary_units(sentences)
    return people_points(sentences, statements, expected_counts(sentences, statements, words=REFERENCE_WORDS))


def people_points(
    sentences: Sequence[Unit], statements: Sequence[Unit], expected: Mapping[str, float]
) -> tuple[PersonPoints, ...]:
    """Return the same from sentences already at hand; `statements` are those fit for a summary."""
    talk: Counter[str] = Counter()
    for unit in sentences:
        if unit.speaker:
            talk[unit.speaker] += len(unit.raw.split())
    total = max(1, talk.total())
    people = []
    for speaker, words in talk.most_common(MAX_PEOPLE):
        own = [unit for unit in statements if unit.speaker == speaker]
        budget = POINT_WORDS * POINTS_PER_PERSON
        points = choose_lines(own, expected, budget_words=budget)[:POINTS_PER_PERSON] if own else []
        people.append(
            PersonPoints(speaker=speaker, share=round(words / total, 3), points=tuple(u.text for u in points))
        )
    return tuple(people)


def meeting_warnings(transcript: Transcript, spoken: str | None, asked: str | None) -> list[MinutesWarning]:
    """Return what to know before trusting a line; `asked` is the language asked for, if one was."""
    codes = {warning.code: warning.text for warning in transcript.warnings}
    warnings = []
    if not transcript.speakers and not any(one.section for one in transcript.utterances):
        warnings.append(make_warning("no_speakers"))
    if "cut" in codes:
        warnings.append(make_warning("truncated", detail=codes["cut"]))
    if "asr_low" in codes:
        warnings.append(make_warning("asr_low", detail=codes["asr_low"]))
    if spoken is not None and asked is not None and spoken != asked:
        warnings.append(make_warning("mixed_language", "not_translated", spoken=spoken, asked=asked))
    elif len(_languages(transcript)) > 1:
        spoken_ones = ", ".join(f"“{code}”" for code in _languages(transcript))
        warnings.append(make_warning("mixed_language", "several_languages", languages=spoken_ones))
    return warnings


def _languages(transcript: Transcript) -> list[str]:
    """Return the languages that hold at least FOREIGN_SHARE of the talk, commonest first."""
    counts: Counter[str] = Counter()
    block: list[str] = []
    for utterance in transcript.utterances:
        block.append(utterance.text)
        if sum(len(text) for text in block) > 600:
            counts.update([code] if (code := guess_language(" ".join(block))) else [])
            block = []
    return [code for code, count in counts.most_common() if count >= FOREIGN_SHARE * counts.total()]
