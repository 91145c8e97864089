"""Measure tasks, decisions and open questions against those that people linked to AMI's and ICSI's minutes.

An item counts as found when a listed line cites an utterance within NEAR_UTTERANCES of one that people linked.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assistant.minutes.schema import ActionItem, Decision, OpenQuestion
from bench.meeting_data import LabelledMeeting
from bench.train_meeting_weights import fit_items, item_rows
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.extract_importance import Weights, load_weights
from workers.jobs.meeting_summary.extract_units import all_sentences
from workers.transcripts.transcript import Transcript

ITEM_SOURCES = {"actions": "actions", "decisions": "decisions", "questions": "problems"}  # by the corpora's names
NEAR_UTTERANCES = 3
CANDIDATES = 8  # of the trivial lists
GROUPS = 5  # meetings of one series, which share people and task, stay in one group


def measure_items(meetings: Sequence[LabelledMeeting]) -> dict[str, Any]:
    """Return precision, recall and F1 of the lines listed, by utterance and by item, beside chance.

    "engine" is what the product lists; its weights have seen some of these meetings. "held_out" lists with weights
    fitted to the other groups of meetings. Of decisions both hold the unsure lines too; "sure_only" leaves those out
    and, like questions, rests on wordings alone.
    """
    held_out = _held_out_weights(meetings)
    totals: dict[str, dict[str, list[int]]] = {}
    rng = random.Random(11)
    for meeting in meetings:
        shipped, fair = _listed(meeting, None), _listed(meeting, held_out[meeting.series])
        parts = [
            [meeting.transcript.utterances[index].id for index, _ in unit.parts]
            for unit in all_sentences(meeting.transcript)
        ]
        last = parts[-CANDIDATES:]
        some = [parts[number] for number in rng.sample(range(len(parts)), min(CANDIDATES, len(parts)))]
        for kind, source in ITEM_SOURCES.items():
            if source not in meeting.items:
                continue
            gold = [item.evidence for item in meeting.items[source] if item.evidence]
            as_many = min(len(fair[kind]), len(parts))
            systems = {
                "held_out": fair[kind],
                "engine": shipped[kind],
                "random_as_many": [parts[number] for number in rng.sample(range(len(parts)), as_many)],
                "last_8": last,
                "random_8": some,
            }
            if kind == "decisions":
                systems["sure_only"] = fair["sure_decisions"]
                systems["unsure_held_out"] = [one for one in fair[kind] if one not in fair["sure_decisions"]]
            for name, candidates in systems.items():
                tally = totals.setdefault(f"{meeting.corpus}.{kind}", {}).setdefault(name, [0] * 9)
                _count(tally, candidates, gold, meeting.transcript)
    return {key: {name: _figures(tally) for name, tally in systems.items()} for key, systems in totals.items()}


def _held_out_weights(meetings: Sequence[LabelledMeeting]) -> dict[str, Weights]:
    """Return by series of meetings the weights fitted to the other groups of series."""
    series = sorted({meeting.series for meeting in meetings})
    random.Random(3).shuffle(series)
    group = {name: number % GROUPS for number, name in enumerate(series)}
    rows = {meeting.name: item_rows(meeting) for meeting in meetings}
    fitted = [
        fit_items([rows[meeting.name] for meeting in meetings if group[meeting.series] != number])
        for number in range(min(GROUPS, len(series)))
    ]
    return {name: replace(load_weights(), items=fitted[group[name]]) for name in series}


def _listed(meeting: LabelledMeeting, weights: Weights | None) -> dict[str, list[list[str]]]:
    """Return the utterances that each listed line cites, by kind."""
    minutes = extract_minutes(meeting.transcript, weights=weights)
    entries: dict[str, Sequence[ActionItem | Decision | OpenQuestion]] = {
        "actions": minutes.action_items,
        "decisions": minutes.decisions,
        "sure_decisions": [one for one in minutes.decisions if not one.is_unsure],
        "questions": minutes.open_questions,
    }
    return {kind: [[one.id for one in entry.evidence] for entry in listed] for kind, listed in entries.items()}


def _count(
    tally: list[int],
    candidates: Sequence[Sequence[str]],
    gold: Sequence[Sequence[str]],
    transcript: Transcript,
) -> None:
    place = {utterance.id: index for index, utterance in enumerate(transcript.utterances)}
    said = {key for evidence in gold for key in evidence if key in place}
    given = {key for candidate in candidates for key in candidate}

    def near(left: Sequence[str], right: Sequence[str]) -> bool:
        places = [place[key] for key in right if key in place]
        return any(abs(place[a] - b) <= NEAR_UTTERANCES for a in left if a in place for b in places)

    tally[0] += len(said & given)
    tally[1] += len(given - said)
    tally[2] += len(said - given)
    tally[3] += sum(any(near(candidate, item) for item in gold) for candidate in candidates)
    tally[4] += len(candidates)
    tally[5] += sum(any(near(item, candidate) for candidate in candidates) for item in gold)
    tally[6] += len(gold)
    tally[7] += not gold and not candidates
    tally[8] += not gold


def _figures(tally: Sequence[int]) -> dict[str, float]:
    def f1(precision: float, recall: float) -> float:
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    precision, recall = tally[0] / max(1, tally[0] + tally[1]), tally[0] / max(1, tally[0] + tally[2])
    item_precision, item_recall = tally[3] / max(1, tally[4]), tally[5] / max(1, tally[6])
    return {
        "precision": round(100 * precision, 1),
        "recall": round(100 * recall, 1),
        "f1": round(100 * f1(precision, recall), 1),
        "item_precision": round(100 * item_precision, 1),
        "item_recall": round(100 * item_recall, 1),
        "item_f1": round(100 * f1(item_precision, item_recall), 1),
        "listed": tally[4],
        "items": tally[6],
        "none_right": tally[7],
        "none_wanted": tally[8],
    }
