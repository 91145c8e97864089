"""Read the meeting corpora that the benches measure on: QMSum rows, and AMI and ICSI rows with linked
minutes.

The files are the user's; nothing of them is kept here. Shapes are told by their fields, not by file names.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.transcripts.transcript import Transcript, Utterance


@dataclass(frozen=True)
class QmsumMeeting:
    """A meeting with reference summaries and topic spans (turn numbers, both ends included)."""

    name: str
    transcript: Transcript
    references: tuple[str, ...]
    topics: tuple[tuple[tuple[int, int], ...], ...]
    questions: tuple[tuple[str, str], ...]  # (specific query, reference answer)


@dataclass(frozen=True)
class LinkedItem:
    """An action, decision or problem of the human minutes, and the utterances that say it."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class LabelledMeeting:
    """An AMI or ICSI meeting."""

    name: str
    corpus: str
    transcript: Transcript
    items: dict[str, tuple[LinkedItem, ...]]  # by "actions", "decisions", "problems", "abstract"

    @property
    def series(self) -> str:
        """The meetings that share people and task: "ES2002" of ES2002c, "Bmr" of Bmr012."""
        return re.split(r"(?<=\d{4})|(?<=\D)(?=\d{3}$)", self.name)[0]


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSON-lines file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def read_qmsum(path: Path) -> list[QmsumMeeting]:
    """Return the meetings of a QMSum file; utterance uN is turn N-1."""
    return [
        QmsumMeeting(
            name=str(row.get("meeting", "?")),
            transcript=_transcript(
                (f"u{n}", t["speaker"], None, None, t["content"]) for n, t in enumerate(row["meeting_transcripts"], 1)
            ),
            references=tuple(query["answer"] for query in row.get("general_query_list", [])),
            topics=tuple(
                tuple((int(first), int(last)) for first, last in topic["relevant_text_span"])
                for topic in row.get("topic_list", [])
            ),
            questions=tuple((query["query"], query["answer"]) for query in row.get("specific_query_list", [])),
        )
        for row in rows_of(path)
        if "meeting_transcripts" in row
    ]


def read_labelled(path: Path) -> list[LabelledMeeting]:
    """Return the meetings of an AMI or ICSI file."""
    return [
        LabelledMeeting(
            name=str(row.get("meeting", "?")),
            corpus=str(row.get("corpus", "?")).lower(),
            transcript=_transcript(
                (u["id"], u["speaker"], u["start"], u["end"], u["text"]) for u in row["utterances"]
            ),
            items={
                kind: tuple(
                    LinkedItem(item["text"], tuple(item["evidence"]))
                    for item in items
                    if item["text"].strip(" .").upper() != "NA"
                )
                for kind, items in row["minutes"].items()
            },
        )
        for row in rows_of(path)
        if "utterances" in row
    ]


def _transcript(turns: Iterator[tuple[str, str | None, float | None, float | None, str]]) -> Transcript:
    return Transcript(
        source="generic_json",
        utterances=tuple(
            Utterance(
                id=key,
                speaker=speaker,
                start=start,
                end=None if end is None or start is None else max(start, end),
                text=words,
            )
            for key, speaker, start, end, text in turns
            if (words := " ".join(text.split()))
        ),
    )
