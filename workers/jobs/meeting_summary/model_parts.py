"""Cut a transcript into parts that fit a model's context: on utterance borders, overlapping, with nothing between.

One part means a single pass. Ids stay those of the whole meeting, whatever part an utterance is shown in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.minutes.moments import clock
from workers.llm.model_entry import ModelEntry
from workers.transcripts.transcript import Transcript, Utterance

CHARS_PER_TOKEN = 2  # pessimistic: names, numbers and languages other than English take more tokens than prose
CONTEXT_SHARE = 0.65  # of the declared context for transcript and prompt; models read the rest badly
PROMPT_TOKENS = 3_000  # prompt, schema and request
MAX_PART_CHARS = 60_000  # about 10,000 words; notes of more would outgrow an answer's usual limit
OVERLAP_UTTERANCES = 3  # shown again, so that a question and its answer are seen together
LEAST_PART_CHARS = 2_000


@dataclass(frozen=True)
class Piece:
    """One utterance as shown, or a stretch of one too long to show at once."""

    index: int  # of the utterance in the transcript
    text: str


@dataclass(frozen=True)
class Part:
    """Pieces shown together; the first `overlap` of them end the part before."""

    pieces: tuple[Piece, ...]
    overlap: int = 0

    @property
    def first(self) -> int:
        """Index of the first utterance that is new in this part."""
        return self.pieces[self.overlap].index

    @property
    def last(self) -> int:
        """Index of the last utterance."""
        return self.pieces[-1].index

    @property
    def words(self) -> int:
        """Spoken words that are new in this part."""
        return sum(len(piece.text.split()) for piece in self.pieces[self.overlap :])

    def halves(self) -> tuple[Part, Part] | None:
        """Return the part cut in two, the second overlapping the first; None when there is nothing to cut."""
        if len(self.pieces) - self.overlap < 2:
            return None
        middle = self.overlap + (len(self.pieces) - self.overlap) // 2
        lead = min(OVERLAP_UTTERANCES, middle - self.overlap)
        return Part(self.pieces[:middle], self.overlap), Part(self.pieces[middle - lead :], lead)


def part_chars(entry: ModelEntry) -> int:
    """Return how many characters of transcript one request to this model may hold."""
    tokens = CONTEXT_SHARE * entry.max_input_tokens - PROMPT_TOKENS
    return max(LEAST_PART_CHARS, int(tokens * CHARS_PER_TOKEN))


def plan_parts(transcript: Transcript, *, max_chars: int) -> list[Part]:
    """Return one part where the whole transcript fits, else parts of at most MAX_PART_CHARS that cover all of it."""
    pieces = [piece for index, one in enumerate(transcript.utterances) for piece in _pieces(index, one, max_chars)]
    sizes = [len(show_piece(piece, transcript)) + 1 for piece in pieces]
    if sum(sizes) <= max_chars:
        return [Part(tuple(pieces))]
    limit = min(max_chars, MAX_PART_CHARS)
    parts: list[Part] = []
    first = new = 0  # index of the first piece shown, and of the first one that is new
    while new < len(pieces):
        after, used = first, 0
        while after < len(pieces) and (after <= new or used + sizes[after] <= limit):
            used += sizes[after]
            after += 1
        parts.append(Part(tuple(pieces[first:after]), overlap=new - first))
        new = after  # what was really shown, never the nominal end: text between parts would be lost
        first = max(new - OVERLAP_UTTERANCES, 0)
        while first < new and sum(sizes[first:new]) > limit // 4:
            first += 1
    return parts


def show_part(part: Part, transcript: Transcript) -> str:
    """Return a part as a model reads it."""
    return "\n".join(show_piece(piece, transcript) for piece in part.pieces)


def show_piece(piece: Piece, transcript: Transcript) -> str:
    """Return "[u12] 0:03:10 Name: words", without what isn't known."""
    said: Utterance = transcript.utterances[piece.index]
    place = " ".join(part for part in (f"[{said.id}]", clock(said.start), f"{said.speaker}:" if said.speaker else "") if part)  # fmt: skip  # noqa: E501
    return f"{place} {' '.join(piece.text.split())}"


def transcript_of(part: Part, transcript: Transcript) -> Transcript:
    """Return what is new in a part as a transcript of its own, ids kept: for the extractive engine."""
    return transcript.model_copy(update={"utterances": transcript.utterances[part.first : part.last + 1]})


def _pieces(index: int, said: Utterance, max_chars: int) -> Sequence[Piece]:
    """Return the utterance whole, or cut between words when it alone would fill a third of a request."""
    limit = max(LEAST_PART_CHARS, min(max_chars, MAX_PART_CHARS)) // 3
    if len(said.text) <= limit:
        return [Piece(index, said.text)]
    pieces, start = [], 0
    while start < len(said.text):
        end = start + limit
        if end < len(said.text):  # scripts without blanks are cut between letters
            end = max(said.text.rfind(" ", start + 1, end), 0) or end
        pieces.append(Piece(index, said.text[start:end].strip()))
        start = end
    return [piece for piece in pieces if piece.text]
