"""Choose the lines of a summary: those that together say most of what minutes would say, without saying it
twice.

Each word is worth the chance that minutes use it once more than the lines chosen so far; a line is worth
its words for its length, less for leaning on "it" and "I". Words of the meeting decide first; function
words count for less, enough to prefer written-sounding statements to chatter. No eighth of the meeting may
fill the summary.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from assistant.words import STOPWORDS, words_of
from workers.jobs.meeting_summary.extract_importance import reading_tokens
from workers.jobs.meeting_summary.extract_units import Unit
from workers.validation.text_support import says_the_same

PARTS = 8
PART_SHARE = 1.8  # no eighth gets more than this multiple of its even share
FUNCTION_WORD_WORTH = 0.5
LENGTH_POWER = 0.8  # 1 prefers short lines, 0 long ones
PRONOUN_COST = 1.0  # by the share of the line's words
LEANING_START_COST = 0.1
PERSONAL_COST = 1.0  # by the share of the line's words
OVERSHOOT_WORDS = 12
PROCEDURE_SHARE = 0.5  # of its worth that a line keeps which runs the meeting rather than says what it was about

_POINTING = frozenset(
    [
        "it", "this", "that", "they", "he", "she", "them", "one", "those", "these", "es", "das", "er", "sie",
        "il", "elle", "ce",
    ]
)  # fmt: skip
_STARTS = _POINTING - {"one", "them"}
_PERSONAL = frozenset(["i", "you", "me", "my", "your", "ich", "mir", "mein", "du", "je", "tu"])

# "Suzy, very briefly, one question", "I'd like to thank the member for her question", "let's go to the next slide".
_PROCEDURE = re.compile(
    r"\bthank(?:s| you)?\b.{0,40}\b(?:question|time|coming|everyone|everybody|all)\b|\b(?:a|one|any|your|my|had a"
    r"|the (?:first|next|final|last)) questions?\b"
    r"|\bwould like to (?:come in|welcome|thank|remind)\b|\bmove on\b|\bnext (?:slide|item|speaker)\b"
    r"|\bgo(?:es)? (?:now )?to \w+ .{0,20}\b(?:for|now)\b"
    r"|\bwelcome (?:to|back)\b|\b(?:hear|see) me\b|\bit is a pleasure\b|\bfor (?:his|her|their|your|that"
    r"|the) question\b",
    re.IGNORECASE,
)


def choose_lines(
    units: Sequence[Unit], expected: Mapping[str, float], *, budget_words: int, already_said: str = ""
) -> list[Unit]:
    """Return the chosen units in the meeting's order, together about `budget_words` long.

    `already_said` is text the reader sees anyway (the topic lines); saying its words again is worth less.
    """
    tokens = [reading_tokens(unit.text) for unit in units]
    worth = [clarity(unit) for unit in units]
    said = Counter(reading_tokens(already_said))
    chances: dict[tuple[str, int], float] = {}

    def chance(word: str, times: int) -> float:
        if (word, times) not in chances:
            value = _at_least(expected.get(word, 0.0), times)
            chances[word, times] = value * (FUNCTION_WORD_WORTH if word in STOPWORDS else 1.0)
        return chances[word, times]

    def gain(number: int) -> float:
        here: Counter[str] = Counter()
        total = 0.0
        for word in tokens[number]:
            here[word] += 1
            total += chance(word, said[word] + here[word])
        return float(total / units[number].words ** LENGTH_POWER * worth[number])

    # Gains only shrink as lines are chosen, so an old gain is an upper bound and most need no second look.
    bounds = {number: gain(number) for number in range(len(units))}
    chosen: list[int] = []
    used = 0
    filled: Counter[int] = Counter()
    allowance = budget_words / PARTS * PART_SHARE
    while used < budget_words and bounds:
        best: tuple[float, int] | None = None
        repeated: list[int] = []
        for number in sorted(bounds, key=lambda key: (-bounds[key], key)):
            if best is not None and bounds[number] <= best[0]:
                break
            part = int(units[number].position * PARTS)
            if filled[part] and filled[part] + units[number].words > allowance:
                continue
            if used + units[number].words > budget_words + OVERSHOOT_WORDS:
                continue
            if any(says_the_same(units[number].text, units[other].text) for other in chosen):
                repeated.append(number)
                continue
            bounds[number] = gain(number)
            if best is None or bounds[number] > best[0]:
                best = (bounds[number], number)
        for number in repeated:
            del bounds[number]
        if best is None:
            break
        number = best[1]
        del bounds[number]
        chosen.append(number)
        used += units[number].words
        filled[int(units[number].position * PARTS)] += units[number].words
        said.update(tokens[number])
    return [units[number] for number in sorted(chosen)]


def clarity(unit: Unit) -> float:
    """Return 1 for a line that stands alone, less (not below 0.1) the more it points at things said elsewhere."""
    words = [word.split("'")[0] for word in words_of(unit.text)]
    if not words:
        return 0.1
    pointing = sum(word in _POINTING for word in words) / len(words)
    personal = sum(word in _PERSONAL for word in words) / len(words)
    cost = PRONOUN_COST * pointing + PERSONAL_COST * personal + LEANING_START_COST * (words[0] in _STARTS)
    return max(0.1, 1 - cost) * (PROCEDURE_SHARE if _PROCEDURE.search(unit.raw) else 1.0)


def _at_least(mean: float, times: int) -> float:
    """Return the chance of `times` or more when `mean` are expected (Poisson)."""
    term = math.exp(-mean)
    below = 0.0
    for count in range(times):
        below += term
        term *= mean / (count + 1)
    return max(0.0, 1 - below)
