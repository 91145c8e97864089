"""Write minutes of a transcript without a language model: the speakers' own words, chosen, cleaned and cited.

Reads top to bottom: sentences, what matters, topics, summary, items, people, warnings. Nothing is
rephrased, so nothing can be made up; the price is that lines read like speech, and that items are
candidates a person confirms.
"""

import re
from collections.abc import Callable, Sequence

from assistant.minutes.schema import (
    ActionItem,
    Decision,
    Evidence,
    Minutes,
    OpenQuestion,
    SummaryLine,
    Topic,
)
from assistant.words import stem, words_of
from workers.jobs.meeting_summary.extract_commitments import Commitment, find_commitments
from workers.jobs.meeting_summary.extract_debated import find_debated
from workers.jobs.meeting_summary.extract_decisions import find_decisions
from workers.jobs.meeting_summary.extract_importance import Weights, expected_counts
from workers.jobs.meeting_summary.extract_item_features import item_features
from workers.jobs.meeting_summary.extract_items import Candidate, find_task_candidates, gives_work, is_explicit_task
from workers.jobs.meeting_summary.extract_meeting import (
    header_of_meeting,
    meeting_warnings,
    participants,
    people_points,
)
from workers.jobs.meeting_summary.extract_notes import with_notes, without_notes
from workers.jobs.meeting_summary.extract_open import OpenMatter, find_open
from workers.jobs.meeting_summary.extract_owners import due_of, owner_of
from workers.jobs.meeting_summary.extract_settled import Settled
from workers.jobs.meeting_summary.extract_summary import choose_lines
from workers.jobs.meeting_summary.extract_topics import Stretch, find_stretches, listed, topic_sentence
from workers.jobs.meeting_summary.extract_units import Unit, all_sentences, summary_units
from workers.jobs.meeting_summary.extract_unsure import find_unsure
from workers.transcripts.transcript import Transcript
from workers.validation.due_days import resolve_day
from workers.validation.text_support import says_the_same

BUDGET_WORDS = 120  # of summary lines, for a meeting of up to 24,000 words
WORDS_PER_BUDGET_WORD = 200
LEAST_WORDS_OF_DEBATE = 1_500  # a short talk hedges out of politeness
NEAR_UNITS = 6  # sentences around an open matter in which another is the same one
# "We decided against the solar cells so": the sentence went on, or was left there. "I think so" is whole.
_LOOSE_END = re.compile(
    r"[ ,]+(?:and|but|or|because|(?<!think )(?<!hope )(?<!guess )(?<!say )(?<!do )(?<!not )so)$", re.IGNORECASE
)
STEPS = 6  # the parts of the work that `watch` counts


def extract_minutes(
    transcript: Transcript,
    *,
    language: str | None = None,
    budget_words: int | None = None,
    watch: Callable[[int, int], None] = lambda _part, _of: None,
    weights: Weights | None = None,
) -> Minutes:
    """Return minutes whose every line quotes the transcript.

    `language` is the one asked for; without a model lines stay in the language spoken, and a warning says
    so when the two differ. `budget_words` bounds the summary lines; None lets it grow with the meeting.
    `watch(part, of)` is called as the work goes on; what it raises ends it (a job's Stop). `weights` are the
    shipped ones unless a bench hands in others. Lines of notes are taken over as they stand.
    """
    if any(one.section for one in transcript.utterances):
        header = header_of_meeting(transcript, language=None, engine="extractive")
        made = Minutes(meeting=header, warnings=tuple(meeting_warnings(transcript, header.spoken, language)))
        if (said := without_notes(transcript)) is not None:
            made = extract_minutes(said, language=language, budget_words=budget_words, watch=watch, weights=weights)
        return with_notes(made.model_copy(update={"meeting": header}), transcript)
    watch(1, STEPS)
    sentences = all_sentences(transcript)
    statements = summary_units(sentences)
    total = transcript.words_kept
    budget = budget_words or max(BUDGET_WORDS, total // WORDS_PER_BUDGET_WORD)
    watch(2, STEPS)
    expected = expected_counts(sentences, statements, words=BUDGET_WORDS)
    stretches = find_stretches(sentences, expected)
    topics = [
        _topic(stretch, number, len(stretches), sentences, transcript) for number, stretch in enumerate(stretches)
    ]
    watch(3, STEPS)
    lines = choose_lines(
        statements, expected, budget_words=budget, already_said=" ".join(topic.text for topic in topics)
    )
    watch(4, STEPS)
    people = participants(transcript)
    features = item_features(sentences, expected)
    guesses = find_task_candidates(sentences, features, weights=weights)
    watch(5, STEPS)
    sure = find_decisions(sentences)
    decisions = _decisions(sure, find_unsure(sentences, features, sure, weights=weights), sentences, transcript)
    actions = _actions(guesses, sentences, transcript, people)
    watch(6, STEPS)
    header = header_of_meeting(transcript, language=None, engine="extractive")
    return Minutes(
        meeting=header,
        summary=tuple(
            SummaryLine(text=spoken_line(unit), evidence=evidence_of([unit], transcript)) for unit in lines
        ),
        topics=tuple(topics),
        decisions=decisions,
        action_items=actions,
        open_questions=_questions(sentences, transcript),
        per_person=people_points(sentences, statements, expected),
        warnings=tuple(meeting_warnings(transcript, header.spoken, language)),
    )


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
    title = listed([phrase.removeprefix("the ") for phrase in stretch.phrases])
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


def _decisions(
    sure: Sequence[Settled], unsure: Sequence[Settled], sentences: Sequence[Unit], transcript: Transcript
) -> tuple[Decision, ...]:
    """Return the decisions in spoken order, those that are only guessed after the others and marked."""
    return tuple(
        Decision(
            text=joined_line(entry.line, sentences),
            status=entry.status,
            evidence=evidence_of([sentences[number] for number in entry.proof], transcript),
            is_unsure=entry in unsure,
        )
        for entry in _unlike([*sure, *unsure], sentences)
    )


def _unlike(entries: Sequence[Settled], sentences: Sequence[Unit]) -> list[Settled]:
    kept: list[Settled] = []
    for entry in entries:
        text = joined_line(entry.line, sentences)
        if text and not any(says_the_same(text, joined_line(other.line, sentences)) for other in kept):
            kept.append(entry)
    return kept


def _actions(
    candidates: Sequence[Candidate], sentences: Sequence[Unit], transcript: Transcript, people: Sequence[str]
) -> tuple[ActionItem, ...]:
    """Return the tasks of plain wording, and beside them what the model found elsewhere, in spoken order."""
    stated = find_commitments(sentences, people)
    taken = {number for commitment in stated for number in commitment.proof}
    actions = [(commitment.line[0], _task(commitment, sentences, transcript)) for commitment in stated]
    guessed = [
        (found.best, _action(found, sentences, transcript, people))
        for found in candidates
        if not taken & {*found.members}
    ]
    actions += [one for one in guessed if one[1].owner or one[1].due or gives_work(sentences[one[0]])]
    kept: list[ActionItem] = []
    for _, action in sorted(actions, key=lambda pair: pair[0]):
        if not any(says_the_same(action.task, other.task) for other in kept):
            kept.append(action)
    return tuple(kept)


def _task(found: Commitment, sentences: Sequence[Unit], transcript: Transcript) -> ActionItem:
    refs = {u.speaker: u.speaker_ref for u in transcript.utterances if u.speaker_ref is not None}
    return ActionItem(
        task=joined_line(found.line, sentences),
        owner=found.owner,
        owner_ref=refs.get(found.owner) if found.owner else None,
        due=found.due,
        due_date=resolve_day(found.due, transcript.date) if found.due else None,
        evidence=evidence_of([sentences[number] for number in found.proof], transcript),
        confidence="stated" if found.stated else "inferred",
    )


def _questions(sentences: Sequence[Unit], transcript: Transcript) -> tuple[OpenQuestion, ...]:
    """Return what was left open in so many words, and in a long meeting what was debated and not settled."""
    matters = find_open(sentences)
    taken = {
        number + step for matter in matters for number in matter.proof for step in range(-NEAR_UNITS, NEAR_UNITS + 1)
    }
    if transcript.words_kept >= LEAST_WORDS_OF_DEBATE:
        matters += [OpenMatter((number,), (number,)) for number in find_debated(sentences) if number not in taken]
    kept: list[OpenQuestion] = []
    for matter in sorted(matters, key=lambda matter: matter.line[0]):
        text = joined_line(matter.line, sentences)
        if not any(says_the_same(text, other.text) for other in kept):
            kept.append(_question(matter, text, sentences, transcript))
    return tuple(kept)


def _question(matter: OpenMatter, text: str, sentences: Sequence[Unit], transcript: Transcript) -> OpenQuestion:
    return OpenQuestion(
        text=text,
        raised_by=sentences[matter.line[-1]].speaker,
        evidence=evidence_of([sentences[number] for number in matter.proof], transcript),
    )


def joined_line(numbers: Sequence[int], sentences: Sequence[Unit]) -> str:
    """Return several sentences as one line; a dash where the speaker changes, dots where one was cut off."""
    text, before = "", None
    for number in numbers:
        unit = sentences[number]
        text += (" – " if unit.speaker != before else " ") * bool(text) + unit.text
        before = unit.speaker
    whole = _LOOSE_END.sub("", text.rstrip(" ,;:-"))
    return text if whole == text else f"{whole} …"


def _action(found: Candidate, sentences: Sequence[Unit], transcript: Transcript, people: Sequence[str]) -> ActionItem:
    owner, stated = owner_of(found.best, sentences, people)
    due = due_of(found.best, sentences, owner)
    evidence = evidence_of([sentences[number] for number in found.members], transcript)
    if (answer := _answer_with(owner, due, found.best, sentences)) is not None:
        evidence += evidence_of([answer], transcript)
    refs = {u.speaker: u.speaker_ref for u in transcript.utterances if u.speaker_ref is not None}
    return ActionItem(
        task=joined_line((found.best,), sentences),
        owner=owner,
        owner_ref=refs.get(owner) if owner else None,
        due=due,
        due_date=resolve_day(due, transcript.date) if due else None,
        evidence=evidence,
        confidence="stated" if stated and is_explicit_task(sentences[found.best]) else "inferred",
    )


def _answer_with(owner: str | None, due: str | None, number: int, sentences: Sequence[Unit]) -> Unit | None:
    """Return the owner's answer when it, not the task's own sentence, is what names them or the due day."""
    unit = sentences[number]
    if owner is None or owner == unit.speaker:
        return None
    following = [u for u in sentences[number + 1 : number + 4] if u.speaker == owner]
    return following[0] if following and (due is None or due not in unit.raw or owner not in unit.raw) else None
