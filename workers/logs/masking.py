"""Turn a log message into its shape: what stays when the values are taken out.

Two steps, used by templates.py. `shape_expression` is coarse and vectorised: it runs over
every line, so that millions of lines become a few thousand shapes. `tokens_of` is fine
and plain Python: it runs once a shape, on one example message, and knows what an address,
a path, a size or a duration looks like.

No rule here knows a product: each names a kind of value that any program may write.
"""

import re
from collections.abc import Sequence

import polars as pl

WILDCARD = "<*>"

# One alternation, one replacement and ASCII classes only: the Rust engine then reads about
# a million lines a CPU second; two passes, or \w, cost half as much again.
_COARSE_VALUE = (
    r'="[^"]*"|'
    r"=[^ \t=,;:()\[\]{}\"'|]+|"
    r"(?:[A-Za-z_@/+-]+\.)*[A-Za-z_@/+-]*[0-9](?:\.?[A-Za-z0-9_@/+-]+)*"
)
_COARSE_MARK = "#"


def shape_expression(message: pl.Expr) -> pl.Expr:
    """Return the expression that masks `key=value` values and every word with a digit in it."""
    return message.str.replace_all(_COARSE_VALUE, _COARSE_MARK)


_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_UNIT = r"(?:[kKMGT]i?B|B|bytes|ms|us|ns|µs|s|m|h|min|[sS]ecs?|%)"
_HOST = r"(?:[A-Za-z0-9_-]+\.)+[A-Za-z0-9_-]+|localhost"

_VALUES = re.compile(
    "|".join(
        (
            r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>\]]+",  # a URL
            r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",  # a UUID
            r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",  # an e-mail address
            r"/?\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b",  # an IPv4 address, with its port
            rf"\b(?:{_HOST}):\d{{1,5}}\b",  # an endpoint
            r"\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b",  # a MAC address
            r"\b0x[0-9a-fA-F]+\b",
            r"(?<![\w/])(?:/[\w.@+$~-]+){2,}/?",  # a path
            r"\b[A-Za-z]:\\[^\s\"']+",  # a Windows path
            r"\b(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b",  # a digest
            rf"\b{_DAY}\s+{_MONTH}\s+\d+\s+\d\d:\d\d:\d\d\s+(?:[A-Z]{{3,4}}\s+)?\d{{4}}\b",
            r"\b[\w-]*\[\d+(?:[-,]\d+)+\]",  # a range of hosts, node-[40-63]
            r"\b[A-Z]{2,}\(\d+\)",  # an indexed name, LOCAL(0)
            rf"<\d+\s?{_UNIT}(?!\w)",  # less than a unit
            rf"[-+]?\d+(?:[.:,]\d+)*\s?{_UNIT}?(?!\w)",  # a number, with its unit
            r"(?<=\s)\*{3,}(?!\S)",  # a value that the writer itself has starred out
        )
    )
)
_TOKEN = re.compile(r"\.{2,}|(?:[^\s=,:;()\[\]{}\"'|.]|\.(?!\.))+|[=,:;()\[\]{}\"'|]")
_DIGIT = re.compile(r"\d")
_WRAPPED_VALUE = re.compile(r'="[^"]*"|=[\w.$@]+\{[^{}]*\}')  # a quoted value, or an object written out
_QUALIFIED = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*){2,}(?:/[\w.$]+)?$")
# Qualified names that are wording all the same: kinds of failure, and enumerated constants.
_TELLING_NAME = re.compile(r"(?:Exception|Error|Failure|Fault|Timeout)\b|\.[A-Z][A-Z0-9_]+$")
_PUNCTUATION = frozenset("=,:;()[]{}\"'|")
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_LITERALS = frozenset(["true", "false", "null", "None", "True", "False", "TRUE", "FALSE", "nil"])
_CALENDAR = frozenset(
    [
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Sun",
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "May",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
        "UTC",
        "GMT",
        "EST",
        "EDT",
        "PST",
        "PDT",
        "CET",
        "CEST",
        "AM",
        "PM",
    ]
)
# A word after one of these is a name somebody chose, unless it is grammar.
_NAMING = frozenset(["user", "User", "host", "username", "account", "tenant", "uid", "pid", "port", "hostname"])
_GRAMMAR = frozenset(
    ["from", "by", "on", "to", "is", "has", "for", "at", "in", "of", "was", "not", "and", "or", "name", "id"]
)


def tokens_of(message: str) -> tuple[str, ...]:
    """Return the message as words and punctuation, values replaced by `<*>`.

    Neighbouring wildcards, and lists of them with commas between, become one, so that a
    list of two and a list of five give the same tokens.
    """
    words = _TOKEN.findall(_VALUES.sub(WILDCARD, _WRAPPED_VALUE.sub("=" + WILDCARD, message)))
    tokens: list[str] = []
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        after = words[position + 1] if position + 1 < len(words) else ""
        token = WILDCARD if _is_value(word, before, after) else word
        if tokens and _CLOSES.get(tokens[-1]) == token:
            tokens.append(WILDCARD)
        _append_collapsed(tokens, token)
    return tuple(tokens)


def collapsed(tokens: Sequence[str]) -> tuple[str, ...]:
    """Return the tokens with neighbouring wildcards, also across a comma, made one."""
    kept: list[str] = []
    for token in tokens:
        _append_collapsed(kept, token)
    return tuple(kept)


def readable(tokens: Sequence[str]) -> str:
    """Return the tokens as one line, spaced as people write."""
    line = " ".join(tokens)
    line = re.sub(r" ([,;:)\]}|])", r"\1", line)
    line = re.sub(r"([(\[{|]) ", r"\1", line)
    line = re.sub(r" ?= ?", "=", line)
    return re.sub(r"([\"']) ([^\"']*?) \1", r"\1\2\1", line)


def is_punctuation(token: str) -> bool:
    """Return whether the token is one of the separators that `tokens_of` keeps."""
    return token in _PUNCTUATION


def _append_collapsed(tokens: list[str], token: str) -> None:
    if token == WILDCARD and tokens:
        if tokens[-1] == WILDCARD:
            return
        if tokens[-1] == "," and len(tokens) > 1 and tokens[-2] == WILDCARD:
            tokens.pop()
            return
    tokens.append(token)


def _is_value(word: str, before: str, after: str) -> bool:
    if WILDCARD in word or _DIGIT.search(word) or word in _LITERALS or word in _CALENDAR:
        return True
    if word in _PUNCTUATION or not before:
        return False
    if before == "=" and after != "=":
        return True
    if before in _NAMING and word not in _GRAMMAR and word not in _NAMING:
        return True
    return bool(_QUALIFIED.match(word)) and not _TELLING_NAME.search(word)
