"""Merge shapes that differ in one place, when that place looks like a value.

Every shape is compared with all others at once: take one token out, and the shapes that
agree on the rest are candidates. A place is a value when enough different words stand in
it, fewer when the words look like identifiers. The result does not depend on the order
of the lines. Measured against Drain3 by bench/logs.py.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from workers.logs.masking import WILDCARD, collapsed, is_punctuation

Tokens = tuple[str, ...]

WORDS_THAT_MAKE_A_VALUE = 5  # different plain words in one place: below that they are wording
IDENTIFIERS_THAT_MAKE_A_VALUE = 3  # camelCase, dotted, with a slash: these are rarely wording
WORDS_AT_THE_START = 10  # the first word is the subject or the verb, and a short rest proves little
WORDS_OF_A_LONG_REST = 3
MAX_PASSES = 6  # a pass merges one place of each shape; more than six changed nothing in any measured set

_PLAIN_WORD = re.compile(r"[A-Z]?[a-z]+$|[A-Z]+$|[a-zA-Z]{1,2}$")


def merge(shapes: Iterable[Tokens]) -> dict[Tokens, Tokens]:
    """Return, for every shape, the pattern it belongs to (itself where nothing merged)."""
    pattern_of = {shape: shape for shape in shapes}
    patterns = set(pattern_of.values())
    for _ in range(MAX_PASSES):
        replaced = _one_pass(patterns)
        if not replaced:
            break
        pattern_of = {shape: replaced.get(pattern, pattern) for shape, pattern in pattern_of.items()}
        patterns = set(pattern_of.values())
    return {shape: collapsed(pattern) for shape, pattern in pattern_of.items()}


def _one_pass(patterns: Collection[Tokens]) -> dict[Tokens, Tokens]:
    agreeing: defaultdict[tuple[int, int], list[Tokens]] = defaultdict(list)
    for pattern in patterns:
        for place, token in enumerate(pattern):
            if not is_punctuation(token):
                agreeing[place, hash(pattern[:place] + pattern[place + 1 :])].append(pattern)
    groups = [
        (len(members), place, members)
        for (place, _), members in agreeing.items()
        if len(members) > 1 and _is_value_place(place, members)
    ]
    groups.sort(key=lambda group: (-group[0], group[1], min(group[2])))
    replaced: dict[Tokens, Tokens] = {}
    for _, place, members in groups:
        free = [member for member in members if member not in replaced]
        if len(free) < 2:
            continue
        merged = (*free[0][:place], WILDCARD, *free[0][place + 1 :])
        replaced.update((member, merged) for member in free)
    return replaced


def _is_value_place(place: int, members: Collection[Tokens]) -> bool:
    first = next(iter(members))
    rest = [token for position, token in enumerate(first) if position != place]
    words = sum(token.isalpha() and len(token) > 2 for token in rest)
    if not words:
        return False
    values = {member[place] for member in members}
    if WILDCARD in values:
        return True
    if place == 0 and words < WORDS_OF_A_LONG_REST:
        return len(values) >= WORDS_AT_THE_START
    identifiers = sum(not _PLAIN_WORD.match(value) for value in values)
    return len(values) >= WORDS_THAT_MAKE_A_VALUE or identifiers >= IDENTIFIERS_THAT_MAKE_A_VALUE
