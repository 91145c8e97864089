"""Guess which words of a meeting its minutes will need, from how the meeting uses them.

A word counts as important by how often, how widely and by how many people it is said; the weights are in
extract_weights.json, fitted by bench/train_meeting_weights.py. Nothing here knows any subject: a meeting
about remote controls and one about schools are read by the same few figures.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from assistant.words import STOPWORDS, WORD, content_stems, stem, words_of
from workers.jobs.meeting_summary.extract_units import Unit

FEATURES = (
    "bias", "log_rate", "log_count", "log_share_of_top", "eighths", "twentieths", "speakers", "length", "capital",
    "digit", "short", "in_first_tenth", "in_last_tenth", "in_statements", "twentieths_squared", "log_rate_squared",
)  # fmt: skip
REFERENCE_WORDS = 110  # the summaries that the weights were fitted to are about this long
MAX_PROBABILITY = 0.95


@dataclass(frozen=True)
class Weights:
    """The fitted figures, as they stand in extract_weights.json."""

    words: Mapping[str, float]  # by feature: log-odds that a summary uses the word
    function_words: Mapping[str, float]  # how often a summary of REFERENCE_WORDS words uses "the", "of", …
    items: Mapping[str, Mapping[str, float]]  # by kind and feature of extract_item_features.py: log-odds


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    """Return the weights shipped with this package."""
    text = files(__package__).joinpath("extract_weights.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    return Weights(words=stored["words"], function_words=stored["function_words"], items=stored.get("items", {}))


def reading_tokens(text: str) -> list[str]:
    """Return every word of `text`: stems of content words, function words as they are."""
    return [word if word in STOPWORDS else stem(word) for word in words_of(text)]


def word_features(sentences: Sequence[Unit], statements: Sequence[Unit]) -> dict[str, tuple[float, ...]]:
    """Return the FEATURES of each content stem said in the meeting."""
    counts: Counter[str] = Counter()
    eighths: dict[str, set[int]] = defaultdict(set)
    twentieths: dict[str, set[int]] = defaultdict(set)
    speakers: dict[str, set[str | None]] = defaultdict(set)
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    capitals: Counter[str] = Counter()
    for unit in sentences:
        for word in content_stems(unit.text):
            counts[word] += 1
            eighths[word].add(int(unit.position * 8))
            twentieths[word].add(int(unit.position * 20))
            speakers[word].add(unit.speaker)
            first.setdefault(word, unit.position)
            last[word] = unit.position
        capitals.update(
            stem(word) for word in WORD.findall(unit.text)[1:] if word[0].isupper() and word.lower() not in STOPWORDS
        )
    in_statements: Counter[str] = Counter()
    for unit in statements:
        in_statements.update(set(content_stems(unit.text)))
    total = max(1, counts.total())
    top = max(counts.values(), default=1)
    people = max(1, len({unit.speaker for unit in sentences}))
    features: dict[str, tuple[float, ...]] = {}
    for word, count in counts.items():
        rate = math.log1p(1000 * count / total)
        spread = len(twentieths[word]) / 20
        features[word] = (
            1.0,
            rate,
            math.log1p(count),
            math.log(count / top),
            len(eighths[word]) / 8,
            spread,
            len(speakers[word]) / people,
            min(len(word), 12) / 10,
            float(capitals[word] * 2 > count),
            float(any(ch.isdigit() for ch in word)),
            float(len(word) <= 3),
            float(first[word] < 0.1),
            float(last[word] > 0.9),
            in_statements[word] / count,
            spread**2,
            rate**2,
        )
    return features


def expected_counts(
    sentences: Sequence[Unit], statements: Sequence[Unit], *, words: int, weights: Weights | None = None
) -> dict[str, float]:
    """Return how often minutes of about `words` words would use each word of the meeting, on average."""
    weights = weights or load_weights()
    row = [weights.words[name] for name in FEATURES]
    expected: dict[str, float] = {}
    for word, features in word_features(sentences, statements).items():
        log_odds = sum(weight * value for weight, value in zip(row, features, strict=True))
        probability = min(MAX_PROBABILITY, 1 / (1 + math.exp(-log_odds)))
        expected[word] = -math.log(1 - probability)
    scale = words / REFERENCE_WORDS
    expected.update({word: count * scale for word, count in weights.function_words.items()})
    return expected
