"""What the library keeps of a meeting, and how it becomes a meeting again: utterances, search words, addresses."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.minutes.kept import SpokenLine
from assistant.minutes.schema import Minutes
from assistant.words import content_stems
from workers.transcripts.transcript import Transcript, Utterance


def spoken_lines(transcript: Transcript) -> tuple[SpokenLine, ...]:
    """Return what was said, to be kept."""
    return tuple(
        SpokenLine(id=one.id, speaker=one.speaker, start=one.start, text=one.text, url=one.url)
        for one in transcript.utterances
    )


def transcript_of(spoken: Sequence[SpokenLine], minutes: Minutes) -> Transcript:
    """Return the kept meeting as a transcript; there must be at least one line."""
    utterances = tuple(
        Utterance(id=one.id, speaker=one.speaker, start=one.start, text=one.text, url=one.url) for one in spoken
    )
    header = minutes.meeting
    return Transcript(source="generic_json", utterances=utterances, title=header.title, date=header.date)


def terms_of(minutes: Minutes, spoken: Sequence[SpokenLine]) -> tuple[str, ...]:
    """Return the stems the meeting is found by: of its title, its people, its lines and all that was said."""
    header = minutes.meeting
    texts = [header.title or "", *header.participants]
    texts += [line.text for line in minutes.summary]
    texts += [line.text for line in minutes.decisions]
    texts += [line.text for line in minutes.open_questions]
    texts += [f"{item.task} {item.owner or ''}" for item in minutes.action_items]
    texts += [f"{topic.title} {topic.text}" for topic in minutes.topics]
    texts += [f"{line.speaker or ''} {line.text}" for line in spoken]
    return tuple(sorted({stem for text in texts for stem in content_stems(text)}))


def urls_of(transcript: Transcript) -> dict[str, str]:
    """Return where each utterance can be opened, for those that can."""
    return {utterance.id: utterance.url for utterance in transcript.utterances if utterance.url}
