"""Find out what new signatures stand for: read an example in full, change its values, read it again.

What a change of values alters is never taken for granted: such lines are always read in full.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from workers.logs.count_keys import Keys
from workers.logs.learned import DECIDED, HEADED, HEADLESS, Codes, Decisive, Learned, Waiting
from workers.logs.line_bytes import LineBytes, Marks, Words
from workers.logs.line_times import TimeRule, rules_for, time_texts
from workers.logs.masking import shape_expression
from workers.logs.showing import Showing, reads_as, showing_of
from workers.logs.signatures import with_other_values
from workers.logs.timestamps import Clock

OTHER_VALUES = (3, 7)  # how far the digits of an example move in each of its trials

Reads = Callable[[pl.Series], pl.DataFrame]  # lines to time, level, service, host, trace, status, message, format
Prefixes = Callable[[pl.DataFrame], Keys]  # such lines to what they are counted by, but for the minute
Span = tuple[int, int]  # of characters

# Values that decide what a line is: a syslog priority, klog's letter, a level written as a
# number, the status of a request.
_DECISIVE = re.compile(
    r"^<([0-9]{1,3})>"
    r"|^([IWEF])[0-9]{4} "
    r"""|"(?:level|severity|PRIORITY)"\s*:\s*"?([0-9]+)"""
    r"""|" ([1-5][0-9]{2})(?: |$)"""
    r"""|(?i:\bstatus(?:[_ ]?code)?["']?[=: ]+["']?)([1-5][0-9]{2})\b"""
)


@dataclass(frozen=True)
class _Examples:
    """An example of each signature, and what became of it and of its trials."""

    lines: list[str]
    read: pl.DataFrame
    trials: list[tuple[list[str], pl.DataFrame]]


def learn(learned: Learned, waiting: dict[int, Waiting], *, reads: Reads, prefixes: Prefixes, clock: Clock) -> None:
    """Remember what each new signature stands for, and whether all its lines must stand for it."""
    lines = [one.example.decode(errors="replace") for one in waiting.values()]
    decisive = _decisive_spans(lines)
    signatures = _told_apart(learned, waiting, lines, decisive)
    times = time_texts(lines)
    kept: list[list[Span]] = [[span] if span else [] for span in decisive]
    for time in times:
        kept[time.line].append((time.start, time.end))
    examples = _tried(lines, kept, reads)
    rules = rules_for(lines, times, examples.read["time"], clock)
    headed = examples.read["format"].is_not_null().to_numpy()
    steady = headed & np.array([rule is not None for rule in rules], np.bool_)
    for _, read in examples.trials:
        steady &= _same(examples.read, read)
    showing = _showing(examples, rules, clock)
    codes: Codes = np.where(headed, HEADED, HEADLESS).astype(np.int32)
    usable = np.flatnonzero(steady)
    codes[usable] = learned.add_recipes(
        prefixes(examples.read[usable]),
        [rule for number in usable if (rule := rules[number])],
        examples.read["format"].gather(usable).to_list(),
        showing.of(usable),
    )
    learned.remember(signatures, codes)


def _decisive_spans(lines: Sequence[str]) -> list[Span | None]:
    matches = [_DECISIVE.search(line) for line in lines]
    return [match.span(match.lastindex) if match and match.lastindex else None for match in matches]


def _told_apart(
    learned: Learned, waiting: dict[int, Waiting], lines: Sequence[str], spans: Sequence[Span | None]
) -> Words:
    """Note which signatures leave open what their lines are, as a value decides; return all, those refined."""
    signatures = np.array(list(waiting), np.uint64)
    numbers = [
        number
        for number, (span, one) in enumerate(zip(spans, waiting.values(), strict=True))
        if span and not one.is_refined
    ]
    coarse, codes = signatures[numbers], np.zeros(len(numbers), np.int32)
    for place, number in enumerate(numbers):
        span = spans[number]
        assert span is not None
        decisive = Decisive.of(lines[number], span)
        block = LineBytes(lines[number].encode() + b"\n")
        signatures[number] = decisive.refined(block, np.zeros(1, np.int64), coarse[place : place + 1])[0]
        codes[place] = DECIDED - learned.decisive_number(decisive)
    learned.remember(coarse, codes)
    return signatures


def _tried(lines: list[str], kept: Sequence[Sequence[Span]], reads: Reads) -> _Examples:
    """Read the examples, and with them, for reading has its price each time, all their trials."""
    trials = [with_other_values(lines, kept, step=step) for step in OTHER_VALUES]
    texts = [line for part in (lines, *trials) for line in part]
    read = reads(pl.Series(texts, dtype=pl.String))
    parts = [read.slice(start, len(lines)) for start in range(0, len(texts), len(lines))]
    return _Examples(lines, parts[0], list(zip(trials, parts[1:], strict=True)))


def _same(read: pl.DataFrame, changed: pl.DataFrame) -> Marks:
    """Return which lines are read as the same thing, their shape included."""
    shape = shape_expression(pl.col("message")).alias("message")
    columns = ("time", "level", "service", "status", "format")
    first, second = read.select(*columns, shape), changed.select(*columns, shape)
    alike = pl.repeat(True, read.height, eager=True)
    for name in first.columns:
        alike &= first[name].eq_missing(second[name])
    return alike.to_numpy()


def _showing(examples: _Examples, rules: Sequence[TimeRule | None], clock: Clock) -> Showing:
    showing = showing_of(examples.lines, examples.read)
    for lines, read in ((examples.lines, examples.read), *examples.trials):
        showing.is_shown &= reads_as(showing, rules, lines, read, clock)
    return showing
