"""Write minutes of a transcript without a language model: the speakers' own words, chosen, cleaned and cited.

Reads top to bottom: sentences, what matters, topics, summary, items, people, warnings. Nothing is
rephrased, so nothing can be made up; the price is that lines read like speech, and that items are
candidates a person confirms.
"""

from collections import Counter
from collections.abc import Sequence

from workers.jobs.meeting_summary.extract_importance import expected_counts
from workers.jobs.meeting_summary.extract_items import Candidate, find_candidates, is_explicit, status_of
from workers.jobs.meeting_summary.extract_owners import due_of, owner_of
from workers.jobs.meeting_summary.extract_summary import choose_lines
from workers.jobs.meeting_summary.extract_topics import Stretch, find_stretches, topic_sentence
from workers.jobs.meeting_summary.extract_units import Unit, all_sentences, summary_units
from workers.jobs.meeting_summary.schema import (
    ActionItem,
    Decision,
    Evidence,
    MeetingHeader,
    Minutes,
    MinutesWarning,
    OpenQuestion,
    PersonPoints,
    SummaryLine,
    Topic,
)
from workers.transcripts.transcript import Transcript
from workers.validation.due_days import resolve_day
from workers.validation.language import guess_language
from workers.validation.text_support import stem, words_of

BUDGET_WORDS = 120  # of summary lines, for a meeting of up to 24,000 words
WORDS_PER_BUDGET_WORD = 200
LANGUAGE_UTTERANCES = 2_000  # a language is guessed on the beginning only
POINTS_PER_PERSON = 2
MAX_PEOPLE = 12
FOREIGN_SHARE = 0.15  # of the checked stretches in another language than most


def extract_minutes(transcript: Transcript, *, language: str = "en", budget_words: int | None = None) -> Minutes:
    """Return minutes whose every line quotes the transcript.

    `language` is the one asked for; without a model lines stay in the language spoken, and a warning says
    so when the two differ. `budget_words` bounds the summary lines; None lets it grow with the meeting.
    """
    sentences = all_sentences(transcript)
    statements = summary_units(sentences)
    total = transcript.words_kept
    budget = budget_words or max(BUDGET_WORDS, total // WORDS_PER_BUDGET_WORD)
    expected = expected_counts(sentences, statements, words=BUDGET_WORDS)
    stretches = find_stretches(sentences, expected)
    topics = [
        _topic(stretch, number, len(stretches), sentences, transcript) for number, stretch in enumerate(stretches)
    ]
    lines = choose_lines(
        statements, expected, budget_words=budget, already_said=" ".join(topic.text for topic in topics)
    )
    people = participants(transcript)
    candidates = find_candidates(sentences, expected)
    spoken = guess_language(" ".join(u.text for u in transcript.utterances[:LANGUAGE_UTTERANCES]))
    return Minutes(
        meeting=MeetingHeader(
            title=transcript.title,
            date=transcript.date,
            duration_s=round(transcript.duration_seconds or 0),
            participants=tuple(people),
            language=spoken or transcript.language or language,
            source=transcript.source,
            engine="extractive",
        ),
        summary=tuple(
            SummaryLine(text=spoken_line(unit), evidence=evidence_of([unit], transcript)) for unit in lines
        ),
        topics=tuple(topics),
        decisions=tuple(_decision(found, sentences, transcript) for found in candidates["decisions"]),
        action_items=tuple(_action(found, sentences, transcript, people) for found in candidates["actions"]),
        open_questions=tuple(
            OpenQuestion(
                text=sentences[found.best].text,
                raised_by=sentences[found.best].speaker,
                evidence=evidence_of([sentences[found.best]], transcript),
            )
            for found in candidates["questions"]
        ),
        per_person=_per_person(sentences, statements, expected),
        warnings=tuple(_warnings(transcript, spoken, language)),
    )


def participants(transcript: Transcript) -> list[str]:
    """Return who took part: listed in the file or heard, in order, each once."""
    return list(dict.fromkeys([*transcript.attendees, *transcript.speakers]))


def summary_text(minutes: Minutes) -> str:
    """Return topics and summary as running text, topic by topic, as a reader would get them."""
    return "\n".join([*(topic.text for topic in minutes.topics), *(line.text for line in minutes.summary)])


def spoken_line(unit: Unit) -> str:
    """Return a unit as a line of minutes: "Name: cleaned words."."""
    text = unit.text.rstrip(" ,;:-")
    text = text if text.endswith((".", "!", "?", "…")) else text + "."
    return f"{unit.speaker}: {text}" if unit.speaker else text


def evidence_of(units: Sequence[Unit], transcript: Transcript) -> tuple[Evidence, ...]:
    """Return the evidence of units: the words of each in each utterance it was said in, verbatim."""
    return tuple(
        Evidence(
            id=transcript.utterances[index].id,
            quote=quote,
            speaker=transcript.utterances[index].speaker,
            start=transcript.utterances[index].start,
        )
        for unit in units
        for index, quote in unit.parts
        if words_of(quote)
    )


def _topic(stretch: Stretch, number: int, of: int, sentences: Sequence[Unit], transcript: Transcript) -> Topic:
    units = sentences[stretch.first : stretch.last]
    title = ", ".join(phrase.removeprefix("the ") for phrase in stretch.phrases)
    proofs = [unit for phrase in stretch.phrases if (unit := _first_with(phrase, units)) is not None]
    last = transcript.utterances[units[-1].parts[-1][0]]
    return Topic(
        title=title[:1].upper() + title[1:],
        start=units[0].start,
        end=last.end if last.end is not None else last.start,
        text=topic_sentence(stretch.phrases, number, of),
        evidence=evidence_of(list(dict.fromkeys(proofs)), transcript),
    )


def _first_with(phrase: str, units: Sequence[Unit]) -> Unit | None:
    """Return the first sentence that says all words of a phrase."""
    wanted = {stem(word) for word in words_of(phrase.removeprefix("the "))}
    return next((unit for unit in units if wanted <= {stem(word) for word in words_of(unit.text)}), None)


def _decision(found: Candidate, sentences: Sequence[Unit], transcript: Transcript) -> Decision:
    return Decision(
        text=sentences[found.best].text,
        status=status_of(found.best, sentences),
        evidence=evidence_of([sentences[number] for number in found.members], transcript),
    )


def _action(found: Candidate, sentences: Sequence[Unit], transcript: Transcript, people: Sequence[str]) -> ActionItem:
    unit = sentences[found.best]
    owner, stated = owner_of(found.best, sentences, people)
    due = due_of(found.best, sentences, owner)
    evidence = evidence_of([sentences[number] for number in found.members], transcript)
    if (answer := _answer_with(owner, due, found.best, sentences)) is not None:
        evidence += evidence_of([answer], transcript)
    refs = {u.speaker: u.speaker_ref for u in transcript.utterances if u.speaker_ref is not None}
    return ActionItem(
        task=unit.text,
        owner=owner,
        owner_ref=refs.get(owner) if owner else None,
        due=due,
        due_date=resolve_day(due, transcript.date) if due else None,
        evidence=evidence,
        confidence="stated" if stated and is_explicit("actions", found.best, sentences) else "inferred",
    )


def _answer_with(owner: str | None, due: str | None, number: int, sentences: Sequence[Unit]) -> Unit | None:
    """Return the owner's answer when it, not the task's own sentence, is what names them or the due day."""
    unit = sentences[number]
    if owner is None or owner == unit.speaker:
        return None
    following = [u for u in sentences[number + 1 : number + 4] if u.speaker == owner]
    return following[0] if following and (due is None or due not in unit.raw or owner not in unit.raw) else None


def _per_person(
    sentences: Sequence[Unit], statements: Sequence[Unit], expected: dict[str, float]
) -> tuple[PersonPoints, ...]:
    talk: Counter[str] = Counter()
    for unit in sentences:
        if unit.speaker:
            talk[unit.speaker] += len(unit.raw.split())
    total = max(1, talk.total())
    people = []
    for speaker, words in talk.most_common(MAX_PEOPLE):
        own = [unit for unit in statements if unit.speaker == speaker]
        budget = 15 * POINTS_PER_PERSON
        points = choose_lines(own, expected, budget_words=budget)[:POINTS_PER_PERSON] if own else []
        people.append(
            PersonPoints(speaker=speaker, share=round(words / total, 3), points=tuple(u.text for u in points))
        )
    return tuple(people)


def _warnings(transcript: Transcript, spoken: str | None, asked: str) -> list[MinutesWarning]:
    codes = {warning.code: warning.text for warning in transcript.warnings}
    warnings = []
    if not transcript.speakers:
        warnings.append(
            MinutesWarning(code="no_speakers", text="The transcript names no speakers, so no owners could be given.")
        )
    if "asr_low" in codes:
        warnings.append(MinutesWarning(code="asr_low", text=codes["asr_low"]))
    if spoken is not None and spoken != asked:
        warnings.append(
            MinutesWarning(
                code="mixed_language",
                text=f"The meeting was held in “{spoken}”; without a language model lines are not translated to “{asked}”.",  # noqa: E501
            )
        )
    elif len(_languages(transcript)) > 1:
        spoken_ones = " and ".join(f"“{code}”" for code in _languages(transcript))
        warnings.append(MinutesWarning(code="mixed_language", text=f"The meeting was held in {spoken_ones}."))
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
