"""Count lines whose like was read before, without taking them apart again.

In a big log nearly every line repeats one that was read already, with other values. Where
every line of a signature (signatures.py) must have the same service, level and shape, only
its minute is read, and it is counted. The others, and the few lines that are kept to be
shown, are read in full.

What a signature stands for is learned from full reading and tried: an example is read again
with its values changed, and what a change alters is never counted this way. So the counts
are those that full reading gives, only sooner.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from workers.logs.line_times import TimeRule, rules_for, times_by_rule
from workers.logs.masking import shape_expression
from workers.logs.sampling import Sample
from workers.logs.signatures import fingerprints, with_other_values
from workers.logs.timestamps import Clock

MAX_KNOWN = 100_000  # signatures remembered for one kind of file, about 10 MB
LEARN_FROM_SHARE = 0.02  # of a block's lines: a trial costs as much as reading thousands of lines
OTHER_VALUES = (3, 7)  # how far the digits of an example move in each of its trials
SEEN_TO_LEARN = 2  # times in a block: what comes once is not worth trying
MIN_COUNTED_SHARE = 0.3  # of a block; below it the signatures cost more than they save
PATIENCE_BLOCKS = 4  # blocks in a row below that share, and the kind of file is read without them

Reads = Callable[[pl.Series], pl.DataFrame]  # lines to time, level, service, status, message, format

# Values that decide what a line is: a syslog priority, klog's letter, a level written as a
# number, the status of a request.
_DECISIVE = (
    r"^<([0-9]{1,3})>"
    r"|^([IWEF])[0-9]{4} "
    r"""|"(?:level|severity|PRIORITY)"\s*:\s*"?([0-9]+)"""
    r"""|" ([1-5][0-9]{2})(?: |$)"""
    r"""|(?i:\bstatus(?:[_ ]?code)?["']?[=: ]+["']?)([1-5][0-9]{2})\b"""
)
_DECISIVE_FOUND = re.compile(_DECISIVE)
_KNOWN_SCHEMA: dict[str, pl.DataType] = {
    "signature": pl.UInt64(),
    "recipe": pl.UInt32(),  # null: always to be read
    "is_headed": pl.Boolean(),  # begins an event
    "is_decided": pl.Boolean(),  # by a value: look again with the refined signature
}
_RECIPE_SCHEMA: dict[str, pl.DataType] = {
    "shape": pl.UInt32(),
    "service": pl.Categorical(),
    "level": pl.Int8(),
    "format": pl.String(),
    "rule": pl.UInt32(),
}


@dataclass(frozen=True)
class Sorted:
    """What became of a block of lines."""

    rest: pl.Series  # Boolean: to be read in full
    formats: Counter[str]  # of the lines that were only counted
    unordered: int
    first_at: datetime | None
    last_at: datetime | None
    ends_at: datetime | None  # the time of the block's last line, if it was counted


@dataclass
class _Known:
    """What was learned about one kind of file."""

    signatures: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_KNOWN_SCHEMA))
    recipes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_RECIPE_SCHEMA))
    rules: list[TimeRule] = field(default_factory=list)
    poor_blocks: int = 0

    def remember(self, entries: pl.DataFrame) -> None:
        missing = [pl.lit(None, dtype).alias(name) for name, dtype in _KNOWN_SCHEMA.items() if name not in entries]
        table = entries.with_columns(missing).select(*_KNOWN_SCHEMA)
        self.signatures = pl.concat([self.signatures, table])

    def position_of(self, rule: TimeRule) -> int:
        if rule not in self.rules:
            self.rules.append(rule)
        return self.rules.index(rule)


class Shortcut:
    """Sorts the lines of blocks into counted ones and ones to be read. One serves a whole index."""

    def __init__(self, numbered: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """`numbered` gives fully read events the shape, service and level that the index counts them by."""
        self._numbered = numbered
        self._known: dict[object, _Known] = {}
        self._counts: list[pl.DataFrame] = []
        self.sample: Sample | None = None  # None: every line is kept, so every line must be read

    def take_counts(self) -> list[pl.DataFrame]:
        """Return the counts since the last call: shape, service, level, minute, lines."""
        taken, self._counts = self._counts, []
        return taken

    def sort_out(
        self, lines: pl.Series, text: bytes, *, kind: object, reads: Reads, clock: Clock, latest: datetime
    ) -> Sorted | None:
        """Count the familiar lines of a block; None where all are to be read.

        Files of one `kind` share what is learned. Lines later than `latest` are left to be read.
        """
        known = self._known.setdefault(kind, _Known())
        if self.sample is None or known.poor_blocks >= PATIENCE_BLOCKS:
            return None
        signatures = fingerprints(text)
        if signatures.len() != lines.len():
            return None
        table = self._looked_up(known, lines, signatures, reads, clock)
        headed = table["is_headed"].fill_null(False)
        # What follows and is no line of its own may belong to this one: both are read.
        countable = table["recipe"].is_not_null() & headed.shift(-1, fill_value=True)
        rows = table.select("recipe").with_row_index("row").filter(countable)
        rows = _timed(rows.hstack(known.recipes[rows["recipe"]]), lines, known.rules, clock)
        rows = rows.filter(pl.col("time") <= latest)
        poor = rows.height < MIN_COUNTED_SHARE * lines.len()
        known.poor_blocks = known.poor_blocks + 1 if poor else 0
        rows = rows.filter(~self.sample.take(rows))
        by = ("shape", "service", "level", pl.col("time").dt.truncate("1m").alias("minute"))
        self._counts.append(rows.group_by(by).agg(pl.len().alias("lines")))
        return _sorted(rows, lines.len())

    def _looked_up(
        self, known: _Known, lines: pl.Series, signatures: pl.Series, reads: Reads, clock: Clock
    ) -> pl.DataFrame:
        """Return what is known of each line, having learned what is new in them."""
        found = _joined(signatures, known)
        new = _new(found, known)
        decided = new.filter(lines.gather(new["row"]).str.contains(_DECISIVE))
        if not decided.is_empty():
            known.remember(decided.select("signature", is_headed=False, is_decided=True))
            found = _joined(signatures, known)
        places = found["is_decided"].fill_null(False).arg_true()
        if places.len():
            signatures = signatures.scatter(places, _refined(signatures.gather(places), lines.gather(places)))
            found = _joined(signatures, known)
        new = _new(found, known)
        if new["seen"].sum() < LEARN_FROM_SHARE * lines.len():
            return found
        self._learn(known, new, lines.gather(new["row"]), reads, clock)
        return _joined(signatures, known)

    def _learn(self, known: _Known, new: pl.DataFrame, examples: pl.Series, reads: Reads, clock: Clock) -> None:
        """Find out what each new signature stands for, and whether all its lines must stand for it."""
        read = reads(examples)
        texts = examples.to_list()
        rules, spans = rules_for(texts, read["time"], clock)
        for text, kept in zip(texts, spans, strict=True):
            decisive = _DECISIVE_FOUND.search(text)
            if decisive and decisive.lastindex:
                kept.append(decisive.span(decisive.lastindex))
        others = [line for step in OTHER_VALUES for line in with_other_values(texts, spans, step=step)]
        changed = reads(pl.Series(others, dtype=pl.String))
        steady = pl.Series([rule is not None for rule in rules], dtype=pl.Boolean)
        for first in range(0, len(others), len(texts)):
            steady &= _same(read, changed.slice(first, len(texts)))
        positions = [known.position_of(rule) if rule else None for rule in rules]
        recipes = self._numbered(read).with_columns(
            read["format"], pl.Series("rule", positions, dtype=pl.UInt32), steady.alias("steady")
        )
        usable = recipes["steady"] & recipes["format"].is_not_null()
        first, count = known.recipes.height, int(usable.sum())
        numbers = pl.repeat(None, usable.len(), dtype=pl.UInt32, eager=True).scatter(
            usable.arg_true(), pl.int_range(first, first + count, dtype=pl.UInt32, eager=True)
        )
        known.recipes = pl.concat([known.recipes, recipes.filter(usable).select(*_RECIPE_SCHEMA)])
        headed = read["format"].is_not_null().alias("is_headed")
        known.remember(new.select("signature", numbers.alias("recipe"), headed, is_decided=False))


def _joined(signatures: pl.Series, known: _Known) -> pl.DataFrame:
    table = pl.DataFrame({"signature": signatures})
    return table.join(known.signatures, on="signature", how="left", maintain_order="left")


def _new(found: pl.DataFrame, known: _Known) -> pl.DataFrame:
    """Return the signatures that are worth learning, each with the row of its first line."""
    unknown = found.with_row_index("row").filter(pl.col("is_decided").is_null())
    counted = unknown.group_by("signature", maintain_order=True).agg(pl.col("row").first(), pl.len().alias("seen"))
    return counted.filter(pl.col("seen") >= SEEN_TO_LEARN).head(max(0, MAX_KNOWN - known.signatures.height))


def _refined(signatures: pl.Series, lines: pl.Series) -> pl.Series:
    """Return the signatures told apart by the value that decides what each line is."""
    groups = lines.str.extract_groups(_DECISIVE).struct.unnest()
    deciding = groups.select(pl.coalesce(pl.all()).fill_null("")).to_series()
    return signatures ^ deciding.hash(seed=7)


def _same(read: pl.DataFrame, changed: pl.DataFrame) -> pl.Series:
    """Return which lines are read as the same thing, their shape included."""
    shape = shape_expression(pl.col("message")).alias("message")
    columns = ("time", "level", "service", "status", "format")
    first, second = read.select(*columns, shape), changed.select(*columns, shape)
    alike = pl.repeat(True, read.height, eager=True)
    for name in first.columns:
        alike &= first[name].eq_missing(second[name])
    return alike


def _timed(rows: pl.DataFrame, lines: pl.Series, rules: Sequence[TimeRule], clock: Clock) -> pl.DataFrame:
    """Return the rows with their times, in order; null where a rule finds none in its line."""
    times = pl.repeat(None, rows.height, dtype=pl.Datetime("us", "UTC"), eager=True)
    for number in rows["rule"].unique():
        places = (rows["rule"] == number).arg_true()
        chosen = lines.gather(rows["row"].gather(places))
        times = times.scatter(places, times_by_rule(chosen, rules[number], clock))
    return rows.with_columns(times.alias("time"))


def _sorted(rows: pl.DataFrame, lines: int) -> Sorted:
    times = rows["time"]
    first, last = times.min(), times.max()
    ends = times[-1] if rows.height and rows["row"][-1] == lines - 1 else None
    return Sorted(
        rest=pl.repeat(True, lines, eager=True).scatter(rows["row"], False),
        formats=Counter(dict(rows["format"].value_counts().iter_rows())),
        unordered=int((times.diff() < timedelta(seconds=-1)).sum() or 0),
        first_at=first if isinstance(first, datetime) else None,
        last_at=last if isinstance(last, datetime) else None,
        ends_at=ends,
    )
