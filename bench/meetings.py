"""Measure minutes without a model: summaries, items, the validator, formats, speed.

`python -m bench.meetings --data DIR` reads every QMSum, AMI and ICSI file in DIR (*.jsonl, told by their
fields); QMSum files named "train" only fit the weights and are left out. Prints tables, then one JSON line
with every figure. ROUGE by rouge-score with stemming, mean over references, in per cent.
"""

import argparse
import json
import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from rouge_score import rouge_scorer

from assistant.minutes.schema import Minutes
from bench.meeting_baselines import BASELINES, eighths
from bench.meeting_data import QmsumMeeting, read_labelled, read_qmsum
from bench.meeting_formats import LABELLED, NAMED
from bench.meeting_items import measure_items
from bench.meeting_long import long_meeting
from bench.meeting_spoils import MEANING_SPOILINGS, SPOILINGS, Spoiling
from workers.jobs.meeting_summary.extract import extract_minutes, summary_text
from workers.jobs.meeting_summary.extract_answer import answer_from_meeting
from workers.jobs.meeting_summary.extract_importance import expected_counts
from workers.jobs.meeting_summary.extract_summary import choose_lines
from workers.jobs.meeting_summary.extract_units import Unit, all_sentences, summary_units
from workers.jobs.meeting_summary.validate import validate_minutes
from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import Transcript

BUDGET_WORDS = 120
SPOILS_PER_KIND = 2  # a meeting
LONG_MEETING_WORDS = 60_000  # six hours
FORMAT_MEETINGS = 6  # about so many are written in every format
Scores = dict[str, float]
_SCORER = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeLsum"], use_stemmer=True)


def rouge(text: str, references: Sequence[str]) -> list[Scores]:
    """Return R-1, R-2 and R-Lsum F1 in per cent for each reference; lines are split by line breaks."""
    split = [reference.replace(". ", ".\n") for reference in references]
    return [
        {name: 100 * score.fmeasure for name, score in _SCORER.score(reference, text).items()} for reference in split
    ]


def mean_scores(scores: Sequence[Scores]) -> Scores:
    """Return the mean of each figure."""
    return {name: round(fmean(score[name] for score in scores), 2) for name in scores[0]} if scores else {}


def family(name: str) -> str:
    """Return which kind of meeting a QMSum name belongs to."""
    return "ami" if name[:2] in ("ES", "IS", "TS") else "icsi" if name.startswith("B") else "committee"


def coverage(utterance_ids: Sequence[str], meeting: QmsumMeeting) -> float | None:
    """Return the share of annotated topics in whose span an utterance lies, None without topics."""
    if not meeting.topics:
        return None
    turns = [int(key[1:]) - 1 for key in utterance_ids]
    return fmean(any(first <= turn <= last for first, last in spans for turn in turns) for spans in meeting.topics)


def measure_summaries(meetings: Sequence[QmsumMeeting]) -> dict[str, Any]:
    """Return ROUGE and coverage of the engine, its extracts alone, and each baseline."""
    scores: dict[str, list[Scores]] = {name: [] for name in ("engine", "extracts_only", *BASELINES)}
    by_family: dict[str, list[Scores]] = {}
    covered: dict[str, list[float]] = {name: [] for name in ("engine", "summary_lines", "extracts_only", "eighths")}
    lengths: list[int] = []
    for meeting in meetings:
        if not meeting.references:
            continue
        sentences = all_sentences(meeting.transcript)
        units = summary_units(sentences)
        minutes = extract_minutes(meeting.transcript, budget_words=None)
        text = summary_text(minutes)
        lengths.append(len(text.split()))
        found = rouge(text, meeting.references)
        scores["engine"] += found
        by_family.setdefault(family(meeting.name), []).extend(found)
        expected = expected_counts(sentences, units, words=BUDGET_WORDS)
        extracts = choose_lines(units, expected, budget_words=BUDGET_WORDS)
        scores["extracts_only"] += rouge("\n".join(unit.text for unit in extracts), meeting.references)
        for name, baseline in BASELINES.items():
            chosen = baseline(units, BUDGET_WORDS)
            scores[name] += rouge("\n".join(unit.text for unit in chosen), meeting.references)
        lines = [item.id for line in minutes.summary for item in line.evidence]
        topics = [item.id for topic in minutes.topics for item in topic.evidence]
        for name, ids in (
            ("engine", lines + topics),
            ("summary_lines", lines),
            ("extracts_only", _ids(extracts, meeting.transcript)),
            ("eighths", _ids(eighths(units, BUDGET_WORDS), meeting.transcript)),
        ):
            share = coverage(ids, meeting)
            covered[name] += [] if share is None else [share]
    means = {name: mean_scores(found) for name, found in scores.items()}
    best = max((means[name]["rouge1"] for name in BASELINES), default=0.0)
    return {
        "meetings": len(lengths),
        "words": round(fmean(lengths), 1),
        "rouge": means,
        "by_family": {name: mean_scores(found) | {"references": len(found)} for name, found in by_family.items()},
        "best_baseline_rouge1": best,
        "ratio": round(means["engine"]["rouge1"] / best, 3) if best else None,
        "ratio_extracts_only": round(means["extracts_only"]["rouge1"] / best, 3) if best else None,
        "topic_coverage": {name: round(100 * fmean(found), 1) for name, found in covered.items() if found},
    }


def _ids(units: Sequence[Unit], transcript: Transcript) -> list[str]:
    return [transcript.utterances[unit.first].id for unit in units]


def measure_answers(meetings: Sequence[QmsumMeeting], *, most: int) -> dict[str, Any]:
    """Return ROUGE of answers to at most `most` specific questions."""
    pairs = [(meeting, question, answer) for meeting in meetings for question, answer in meeting.questions]
    random.Random(7).shuffle(pairs)
    found: list[Scores] = []
    for meeting, question, answer in pairs[:most]:
        lines = answer_from_meeting(meeting.transcript, question)
        found += rouge("\n".join(line.text for line in lines), [answer])
    return {"questions": len(found)} | mean_scores(found)


def measure_validator(transcripts: Sequence[Transcript]) -> dict[str, Any]:
    """Return how many spoiled minutes are caught and how many clean ones raise anything."""
    rng = random.Random(5)
    caught: dict[str, list[int]] = {name: [0, 0] for name in (*SPOILINGS, *MEANING_SPOILINGS)}
    alarms = 0
    for transcript in transcripts:
        minutes = extract_minutes(transcript)
        before = validate_minutes(minutes, transcript)
        alarms += bool(before)
        for name, spoiling in (SPOILINGS | MEANING_SPOILINGS).items():
            for _ in range(SPOILS_PER_KIND):
                _spoil(caught[name], spoiling, minutes, transcript, rng, len(before))
    known = [caught[name] for name in SPOILINGS]
    total = sum(tally[1] for tally in known)
    return {
        "caught": {name: f"{tally[0]}/{tally[1]}" for name, tally in caught.items()},
        "caught_percent": round(100 * sum(tally[0] for tally in known) / max(1, total), 2),
        "meaning_percent": {
            name: round(100 * caught[name][0] / max(1, caught[name][1]), 1) for name in MEANING_SPOILINGS
        },
        "spoiled": total,
        "false_alarms": alarms,
        "clean": len(transcripts),
    }


def _spoil(
    tally: list[int],
    spoiling: Spoiling,
    minutes: Minutes,
    transcript: Transcript,
    rng: random.Random,
    before: int,
) -> None:
    spoiled = spoiling(minutes, transcript, rng)
    if spoiled is not None:
        tally[1] += 1
        tally[0] += len(validate_minutes(spoiled, transcript)) > before


def measure_invention(transcripts: Sequence[Transcript]) -> dict[str, Any]:
    """Return how many owners and due days were given, and how many of them nobody said (by the validator)."""
    owners = dues = invented = 0
    for transcript in transcripts:
        minutes = extract_minutes(transcript)
        owners += sum(action.owner is not None for action in minutes.action_items)
        dues += sum(action.due is not None for action in minutes.action_items)
        wrong = {"unknown_owner", "owner_not_said", "due_not_said", "due_date_wrong"}
        invented += sum(problem.code in wrong for problem in validate_minutes(minutes, transcript))
    return {"owners": owners, "dues": dues, "invented": invented}


def measure_formats(transcripts: Sequence[Transcript]) -> dict[str, Any]:
    """Return by format the per cent of words kept, and of those that went to the one who said them.

    Each meeting is written in each format and read again; formats that only label voices have no names to get right.
    """
    figures: dict[str, Any] = {}
    for source, write in {**NAMED, **LABELLED}.items():
        words = kept = right = recognised = 0
        for transcript in transcripts:
            turns = [(one.speaker or "Nobody Known", n * 5, one.text) for n, one in enumerate(transcript.utterances)]
            read = parse_transcript(write(turns))
            said, got = _words_by_speaker(turns), _words_by_speaker([(u.speaker, 0, u.text) for u in read.utterances])
            words += said.total()
            kept += min(said.total(), read.words_kept)
            right += (said & got).total()
            recognised += read.source == source
        figures[source] = {
            "recognised": f"{recognised}/{len(transcripts)}",
            "words_kept": round(100 * kept / max(1, words), 2),
            "speakers_right": round(100 * right / max(1, words), 2) if source in NAMED else None,
        }
    return figures


def _words_by_speaker(turns: Sequence[tuple[str | None, int, str]]) -> Counter[tuple[str | None, str]]:
    return Counter((who, word) for who, _, text in turns for word in text.split())


def measure_long_meeting() -> dict[str, float]:
    """Return CPU seconds and memory growth (MB) of six hours of invented talk, read, written up and checked."""
    text = long_meeting(words=LONG_MEETING_WORDS)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    transcript = parse_transcript(text.encode())
    minutes = extract_minutes(transcript)
    problems = validate_minutes(minutes, transcript)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "words": transcript.words_kept,
        "hours": round((transcript.duration_seconds or 0) / 3600, 2),
        "cpu_seconds": round(time.process_time() - began, 2),
        "memory_growth_mb": round(grown / 1024, 1),
        "lines": len(minutes.summary),
        "problems": len(problems),
    }


def measure_speed(transcripts: Sequence[Transcript]) -> dict[str, float]:
    """Return CPU seconds per 10,000 words and the process's peak memory in MB."""
    words = sum(transcript.words_kept for transcript in transcripts)
    began = time.process_time()
    for transcript in transcripts:
        extract_minutes(transcript)
    seconds = time.process_time() - began
    return {
        "cpu_seconds_per_10000_words": round(10_000 * seconds / max(1, words), 3),
        "words": words,
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run every measure for which DIR holds data; return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="directory with *.jsonl of QMSum, AMI, ICSI")
    parser.add_argument("--questions", type=int, default=120, help="specific questions to answer")
    arguments = parser.parse_args(argv)
    files = sorted(arguments.data.glob("*.jsonl"))
    qmsum = [m for path in files if "train" not in path.name for m in read_qmsum(path)]
    labelled = [m for path in files for m in read_labelled(path)]
    transcripts = [m.transcript for m in qmsum] + [m.transcript for m in labelled]
    steps: dict[str, Callable[[], Any]] = {}
    if transcripts:
        steps["speed"] = lambda: measure_speed(transcripts[:20])
        steps["long_meeting"] = measure_long_meeting
        steps["formats"] = lambda: measure_formats(transcripts[:: max(1, len(transcripts) // FORMAT_MEETINGS)])
    if any(meeting.references for meeting in qmsum):
        steps["summaries"] = lambda: measure_summaries(qmsum)
        steps["answers"] = lambda: measure_answers(qmsum, most=arguments.questions)
    if labelled:
        steps["items"] = lambda: measure_items(labelled)
    if transcripts:
        steps["invention"] = lambda: measure_invention(transcripts)
        steps["validator"] = lambda: measure_validator(transcripts[::2])
    report: dict[str, Any] = {"bench": "meetings"}
    for name, step in steps.items():
        report[name] = step()
        print(f"{name}:\n{json.dumps(report[name], indent=1)}")
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
