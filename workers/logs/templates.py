"""Mine templates from whole logs: many lines in, a few hundred message patterns out.

Lines are grouped by shape first (masking.py, vectorised), and only the shapes are compared
with each other (merging.py). A miner takes chunks as they are read, so that a stream and a
file are mined alike, and can be saved: a template keeps its id when mining goes on.

It knows messages only; when and where each was written is kept by index.py.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from workers.logs.masking import collapsed, readable, shape_expression, tokens_of
from workers.logs.merging import Tokens, merge

MAX_SHAPES = 20_000  # real estates stay under 5,000; merging 20,000 takes about 3 CPU seconds
MAX_MESSAGE_CHARS = 2_000  # what follows is arguments and dumps, and costs as much as the rest
MAX_TOKENS = 120
RARE_WORD_LINES = (2, 10, 50, 250, 1000)  # under the guard, a word in no more lines of a chunk is taken for a value
SHARE_AT_ONCE = 0.05  # of the limit: what a chunk may bring under the guard
NEW_SHAPES_SHARE = 0.4  # of a chunk's lines: more of them new, and values stand in words that no mask knows
NEW_SHAPES_ALLOWED = 4_000  # in a chunk, whatever their share: a short log may say everything once
SHAPES_ALIKE = 12  # under the guard, so many shapes that differ in such words only are one
WORDS_KEPT_BY_GUARD = 4  # when even that is not enough, the first words stand for the message
UNSORTED_SHAPE = "(too many different messages)"


class Template(BaseModel):
    """One message pattern. The id is a hash of the text it was first seen with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern="^[0-9a-f]{10}$")
    text: str  # values are written <*>
    example: str  # one message, verbatim but for its length


class MinerState(BaseModel):
    """What a miner has learned, for the next run: shape to an example and the template's id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    examples: dict[str, str] = Field(default_factory=dict)
    template_ids: dict[str, str] = Field(default_factory=dict)


@dataclass
class _Shapes:
    numbers: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)


class TemplateMiner:
    """Numbers the shape of each message and, when asked, says which template each shape is."""

    def __init__(self, *, max_shapes: int = MAX_SHAPES, state: MinerState | None = None) -> None:
        self._max_shapes = max_shapes
        self._shapes = _Shapes()
        self._known_ids: Mapping[str, str] = state.template_ids if state else {}
        self._mined_shapes = -1
        self._templates: list[Template] = []
        self._template_of_shape: list[int] = []
        self._guards = 0  # how many of RARE_WORD_LINES were needed
        self.guarded_lines = 0  # lines whose shape was made coarser to keep the number of shapes down
        for shape, example in (state.examples if state else {}).items():
            self._number(shape, example)

    def add(self, messages: pl.Series) -> pl.Series:
        """Return the shape number of each message (UInt32), learning the new shapes."""
        # Most lines are short: slicing only where needed keeps the fast path free of it.
        text = pl.col("message")
        if messages.len() and (messages.str.len_bytes().max() or 0) > MAX_MESSAGE_CHARS:  # type: ignore[operator]
            text = text.str.slice(0, MAX_MESSAGE_CHARS)
        frame = pl.DataFrame({"message": messages.fill_null("")}).with_columns(text)
        frame = frame.with_columns(shape_expression(pl.col("message")).alias("shape"))
        shapes = frame.group_by("shape", maintain_order=True).agg(pl.col("message").first(), pl.len())
        keys = self._within_limit(shapes)
        numbers = [self._number(key, example) for key, example in zip(keys, shapes["message"], strict=True)]
        numbered = shapes.select("shape", pl.Series("number", numbers, dtype=pl.UInt32))
        return frame.join(numbered, on="shape", how="left", maintain_order="left")["number"]

    @property
    def examples(self) -> Sequence[str]:
        """The first message of each shape, by shape number."""
        return self._shapes.examples

    @property
    def templates(self) -> Sequence[Template]:
        """The templates found so far, in the order in which their first line came."""
        self._mine()
        return self._templates

    def template_numbers(self) -> pl.Series:
        """Return, for each shape number, the position of its template in `templates` (UInt32)."""
        self._mine()
        return pl.Series("template", self._template_of_shape, dtype=pl.UInt32)

    def state(self) -> MinerState:
        """Return what is needed to go on later with the same template ids."""
        self._mine()
        numbers = self._shapes.numbers
        return MinerState(
            examples={shape: self._shapes.examples[number] for shape, number in numbers.items()},
            template_ids={
                shape: self._templates[self._template_of_shape[number]].id for shape, number in numbers.items()
            },
        )

    def _number(self, shape: str, example: str) -> int:
        number = self._shapes.numbers.setdefault(shape, len(self._shapes.examples))
        if number == len(self._shapes.examples):
            self._shapes.examples.append(example)
        return number

    def _within_limit(self, shapes: pl.DataFrame) -> list[str]:
        """Return the key of each shape, coarser where there would be too many."""
        shape, lines = shapes["shape"], shapes["len"]
        # Known shapes keep their number: only what is new is made coarser.
        new = pl.Series([key not in self._shapes.numbers for key in shape], dtype=pl.Boolean)
        keys = self._without_values(shape, lines, new)
        # Once it has to be coarser, it leaves room: messages that matter may come late.
        leaving_room = self._guards > 0 or self._says_everything_once(keys, lines)
        while self._guards < len(RARE_WORD_LINES) and not self._would_fit(keys, leaving_room=leaving_room):
            leaving_room = True
            self._guards += 1
            keys = self._without_values(shape, lines, new)
        if not self._would_fit(keys):
            keys = pl.select(pl.when(new).then(_first_words(keys)).otherwise(keys)).to_series()
        self.guarded_lines += int(lines.filter(keys != shape).sum())
        return keys.to_list() if self._would_fit(keys) else self._only_known(keys)

    def _without_values(self, shapes: pl.Series, lines: pl.Series, new: pl.Series) -> pl.Series:
        """Return the keys as coarse as had to be so far: what came in one chunk will come in the next."""
        if not self._guards:
            return shapes
        return _without_rare_words(shapes, lines, new, RARE_WORD_LINES[self._guards - 1])

    def _says_everything_once(self, keys: pl.Series, lines: pl.Series) -> bool:
        if len(keys) <= NEW_SHAPES_ALLOWED:
            return False
        new = sum(key not in self._shapes.numbers for key in keys)
        return new > max(NEW_SHAPES_ALLOWED, NEW_SHAPES_SHARE * int(lines.sum()))

    def _only_known(self, keys: pl.Series) -> list[str]:
        free = self._max_shapes - len(self._shapes.numbers) - 1
        admitted = set(self._shapes.numbers)
        kept = []
        for key in keys:
            if key not in admitted and free > 0:
                admitted.add(key)
                free -= 1
            kept.append(key if key in admitted else UNSORTED_SHAPE)
        return kept

    def _would_fit(self, keys: pl.Series, *, leaving_room: bool = False) -> bool:
        known = self._shapes.numbers
        if len(known) + len(keys) <= self._max_shapes and not leaving_room:
            return True
        new = sum(key not in known for key in set(keys))
        return new <= (SHARE_AT_ONCE * self._max_shapes if leaving_room else self._max_shapes - len(known))

    def _mine(self) -> None:
        if self._mined_shapes == len(self._shapes.examples):
            return
        tokens = [
            (shape,) if shape == UNSORTED_SHAPE else tokens_of(example)[:MAX_TOKENS]
            for shape, example in zip(self._shapes.numbers, self._shapes.examples, strict=True)
        ]
        patterns = merge(tokens)
        self._templates, self._template_of_shape = [], []
        positions: dict[Tokens, int] = {}
        for shape, example, shape_tokens in zip(self._shapes.numbers, self._shapes.examples, tokens, strict=True):
            pattern = collapsed(patterns[shape_tokens])
            if pattern not in positions:
                positions[pattern] = len(self._templates)
                text = readable(pattern)
                template_id = self._known_ids.get(shape) or template_id_of(text)
                self._templates.append(Template(id=template_id, text=text, example=example))
            self._template_of_shape.append(positions[pattern])
        self._mined_shapes = len(self._shapes.examples)


def mine(messages: Sequence[str]) -> list[Template]:
    """Return the template of each message, in order."""
    miner = TemplateMiner()
    shapes = miner.add(pl.Series("message", messages, dtype=pl.String))
    numbers = miner.template_numbers()
    return [miner.templates[number] for number in numbers.gather(shapes)]


def template_id_of(text: str) -> str:
    """Return the id of a template with this text: ten hexadecimal digits."""
    return hashlib.blake2s(text.encode("utf-8", "replace"), digest_size=5).hexdigest()


def _without_rare_words(shapes: pl.Series, lines: pl.Series, new: pl.Series, rare_lines: int) -> pl.Series:
    """Replace the words that few lines have, names and ids that no mask knows, in shapes that come by the dozen.

    A message that comes seldom has rare words too, but few like it when they are taken out: it stays.
    """
    words = pl.DataFrame({"shape": shapes, "lines": lines}).with_row_index("row").with_columns(
        pl.col("shape").str.split(" ")
    )  # fmt: skip
    words = words.explode("shape", empty_as_null=True)
    rare = pl.col("lines").sum().over("shape") <= rare_lines
    coarse = (
        words.with_columns(pl.when(rare).then(pl.lit("#")).otherwise(pl.col("shape")).alias("shape"))
        .group_by("row", maintain_order=True)
        .agg(pl.col("shape").str.join(" "))["shape"]
    )
    table = pl.DataFrame({"shape": shapes, "new": new, "coarse": coarse})
    many = pl.len().over("coarse") >= SHAPES_ALIKE
    return table.select(pl.when(many & pl.col("new")).then("coarse").otherwise("shape")).to_series()


def _first_words(shapes: pl.Series) -> pl.Series:
    return shapes.str.split(" ").list.head(WORDS_KEPT_BY_GUARD).list.join(" ") + " …"
