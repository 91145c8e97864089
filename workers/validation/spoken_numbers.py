"""Read numbers as written and as spoken, so that "12.50" in a line finds "twelve fifty" in a transcript.

Speech is ambiguous ("twelve fifty" is 12.50 or 1250 or two numbers), so each stretch of number words yields
every value it may mean. A line is supported when each of its numbers may be one its source means.
"""

import re
from collections.abc import Sequence

_UNITS = {
    word: value
    for value, words in enumerate(
        ["zero null nil", "one eins", "two zwei deux", "three drei trois", "four vier quatre", "five fünf cinq", "six sechs",  # noqa: E501
         "seven sieben sept", "eight acht huit", "nine neun neuf", "ten zehn dix", "eleven elf onze", "twelve zwölf douze",  # noqa: E501
         "thirteen dreizehn", "fourteen vierzehn", "fifteen fünfzehn", "sixteen sechzehn", "seventeen siebzehn",
         "eighteen achtzehn", "nineteen neunzehn"]
    )
    for word in words.split()
}  # fmt: skip
_TENS = {
    word: 10 * (index + 2)
    for index, words in enumerate(
        ["twenty zwanzig vingt", "thirty dreißig trente", "forty fourty vierzig quarante", "fifty fünfzig cinquante",
         "sixty sechzig soixante", "seventy siebzig", "eighty achtzig", "ninety neunzig"]
    )
    for word in words.split()
}  # fmt: skip
_SCALES = {"hundred": 100, "hundert": 100, "cent": 100, "thousand": 1_000, "tausend": 1_000, "mille": 1_000, "grand": 1_000,  # noqa: E501
           "k": 1_000, "million": 1_000_000, "millions": 1_000_000, "millionen": 1_000_000, "m": 1_000_000, "mio": 1_000_000,  # noqa: E501
           "billion": 1_000_000_000, "bn": 1_000_000_000, "dozen": 12}  # fmt: skip
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,  # noqa: E501
             "tenth": 10, "eleventh": 11, "twelfth": 12, "fifteenth": 15, "twentieth": 20, "thirtieth": 30}  # fmt: skip  # noqa: E501
_OTHER = {"half": 0.5, "quarter": 0.25, "couple": 2, "both": 2, "pair": 2, "twice": 2, "once": 1, "single": 1}
_TOKEN = re.compile(r"[0-9][0-9.,:'’]*[0-9]|[0-9]|[^\W\d_]+")
_VAGUE_ONE = 1.0  # "one" is mostly a pronoun: never asked of a line, always granted by a source


def unsupported_numbers(line: str, source: str) -> list[str]:
    """Return the numbers of `line`, as written there, that `source` can't mean.

    A stretch such as "five hundred and one thousand" is supported when one of its values is, or each of its
    parts. "One", ordinals and vague words ("both", "half") are not asked for: they are rarely a claim about
    an amount.
    """
    possible = possible_numbers(source)
    missing = []
    for run in _runs(line):
        if all(token in _ORDINALS or token in _OTHER or token in ("one", "eins") for token in run):
            continue
        parts = [_values_of(token) for token in run if _values_of(token)]
        if not any(value in possible for value in _readings(run)) and not all(
            any(value in possible for value in values) for values in parts
        ):
            missing.append(" ".join(run))
    return missing


def possible_numbers(text: str) -> set[float]:
    """Return every value the numbers of a source may mean."""
    values = {_VAGUE_ONE}
    for run in _runs(text):
        singles = [value for token in run for value in _values_of(token)]
        values.update(singles)
        for start in range(len(run)):
            for end in range(start + 1, min(len(run), start + 6) + 1):
                values.update(_readings(run[start:end]))
    return values


def _runs(text: str) -> list[list[str]]:
    """Return the stretches of neighbouring number tokens; "and" and "point" inside a stretch are kept."""
    runs: list[list[str]] = []
    last_end = None
    for match in _TOKEN.finditer(text.replace("-", " ")):
        token = match.group().lower()
        begins = token in ("hundred", "thousand", "million", "billion", "dozen", "hundert", "tausend")
        numeric = (
            begins
            or token[0].isdecimal()
            or token in _UNITS
            or token in _TENS
            or token in _ORDINALS
            or token in _OTHER
        )
        gap = text[last_end : match.start()] if last_end is not None else ""
        goes_on = bool(runs) and last_end is not None and gap.strip(" -$€£") == ""
        if goes_on and token[0].isdecimal() and runs[-1][-1][0].isdecimal():
            goes_on = False  # two written figures side by side are two figures
        scale = token in _SCALES and goes_on
        linking = token in ("and", "point", "und", "komma", "a") and goes_on
        if numeric or scale or linking:
            if goes_on:
                runs[-1].append(token)
            else:
                runs.append([token])
            last_end = match.end()
        else:
            last_end = None
    return [_trimmed(run) for run in runs if _trimmed(run)]


def _trimmed(run: list[str]) -> list[str]:
    while run and run[-1] in ("and", "point", "und", "komma", "a"):
        run = run[:-1]
    return run


def _values_of(token: str) -> list[float]:
    if token[0].isdecimal():
        return _written(token)
    if token in _SCALES:
        return [float(_SCALES[token])]
    for table in (_UNITS, _TENS, _ORDINALS, _OTHER):
        if token in table:
            return [float(table[token])]
    return []


def _written(token: str) -> list[float]:
    """Return what a written figure may mean: 12,500 is 12500 (or 12.5), 10:30 gives both parts and itself."""
    plain = token.replace("'", "").replace("’", "")
    if ":" in plain:
        parts = [part for part in plain.split(":") if part.isdigit()]
        return [*(float(part) for part in parts), float("".join(parts))] if parts else []
    readings: list[float] = []
    for text in (plain.replace(",", ""), plain.replace(".", "").replace(",", ".")):
        if text.count(".") <= 1 and text.strip("."):
            readings.append(float(text))
        elif text.replace(".", "").isdigit():
            readings.extend(float(part) for part in text.split(".") if part)  # 3.11.7, 05.03.2026
    return list(dict.fromkeys(readings))


def _readings(run: Sequence[str]) -> list[float]:
    """Return the values a stretch may mean, the likeliest first."""
    words = [token for token in run if token not in ("and", "und", "a")]
    if not words:
        return []
    if "point" in words or "komma" in words:
        mark = words.index("point") if "point" in words else words.index("komma")
        whole, fraction = words[:mark], words[mark + 1 :]
        digits = "".join(str(int(_values_of(token)[0])) for token in fraction if _values_of(token))
        base = _summed(whole) if whole else 0.0
        return [base + float(f"0.{digits}")] if digits else [base]
    readings = [_summed(words)]
    groups = _groups(words)
    if len(groups) == 2:  # "twelve fifty", "twenty twenty six"
        first, second = groups
        if second < 100:
            readings = (
                [first * 100 + second, first + second / 100]
                if first + second != readings[0] or second >= 10
                else readings
            )
    if len(groups) > 1 and all(group < 100 for group in groups):  # digits read out: "four two"
        joined = "".join(str(int(group)) for group in groups)
        readings.append(float(joined))
    if len(words) == 1:
        readings = [*_values_of(words[0]), *readings] or readings
    return list(dict.fromkeys(readings))


def _groups(words: Sequence[str]) -> list[float]:
    """Return the separate numbers of "twelve | fifty" and "twenty | twenty six"; scales join what is before them."""
    groups: list[float] = []
    room = 0  # what may still be added to the last group: 10 after "twenty", 0 after "twelve"
    for token in words:
        if token in _SCALES:
            if not groups:
                return [float(_SCALES[token])]
            groups[-1] *= _SCALES[token]
            room = _SCALES[token]
            continue
        values = _values_of(token)
        if not values:
            continue
        value = values[0]
        if groups and 0 < value < room:
            groups[-1] += value
            room = 10 if token in _TENS and room > 10 else 0
        else:
            groups.append(value)
            room = 10 if token in _TENS else 0
    return groups


def _summed(words: Sequence[str]) -> float:
    total = 0.0
    current = 0.0
    for token in words:
        if token in _SCALES:
            scale = _SCALES[token]
            current = (current or 1) * scale
            if scale >= 1_000:
                total += current
                current = 0.0
        else:
            values = _values_of(token)
            current += values[0] if values else 0.0
    return total + current
