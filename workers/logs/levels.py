"""Levels of log lines as one scale: OpenTelemetry's severity numbers.

TRACE 1, DEBUG 5, INFO 9, WARN 13, ERROR 17, FATAL 21. Words, syslog and pino numbers, klog and
logcat letters all map onto it; a message without a level is read for what it says.
"""

import re

import polars as pl

TRACE, DEBUG, INFO, WARN, ERROR, FATAL = 1, 5, 9, 13, 17, 21
LEVEL_NAMES = {TRACE: "TRACE", DEBUG: "DEBUG", INFO: "INFO", WARN: "WARN", ERROR: "ERROR", FATAL: "FATAL"}

# The words a header may carry, for the formats' patterns; longer ones first.
_HEADER_WORDS = (
    "trace",
    "debug",
    "information",
    "info",
    "notice",
    "warning",
    "warn",
    "error",
    "err",
    "critical",
    "crit",
    "fatal",
    "panic",
    "severe",
    "emergency",
    "emerg",
    "alert",
    "finest",
    "finer",
    "fine",
    "config",
    "verbose",
)
# Spelled out in three cases: ignoring case would cost the engine its one-pass mode, and three times the time.
LEVEL_WORDS = "(?:" + "|".join(f"{word.upper()}|{word}|{word.title()}" for word in _HEADER_WORDS) + ")"

_BY_WORD = {
    TRACE: "trace finest finer verbose v silly",
    DEBUG: "debug fine d dbg debug1 debug2 debug3 debug4 debug5",
    INFO: "info information informational notice log config i n statement detail hint context default",
    WARN: "warn warning w wrn",
    ERROR: "error err e severe critical crit failure fail",
    FATAL: "fatal f panic emerg emergency alert a dpanic",
}
_LEVEL_OF_WORD = {word: level for level, words in _BY_WORD.items() for word in words.split()}
# RFC 5424: 0 emergency, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 informational, 7 debug.
_LEVEL_OF_SYSLOG = {0: FATAL, 1: FATAL, 2: ERROR, 3: ERROR, 4: WARN, 5: INFO, 6: INFO, 7: DEBUG}

_SAYS_FATAL = re.compile(r"\b(?:panic|FATAL|fatal error|Out of memory|oom-kill|segfault|core dumped)\b", re.I)
_SAYS_ERROR = re.compile(
    r"\bERROR\b|\b(?:error|exception|failed|failure|refused|denied|unreachable|timed? ?out|cannot|could not"
    r"|unable to|abort(?:ed|ing)?|corrupt(?:ed)?|server error)\b|(?:Exception|Error)\b",
    re.I,
)
_SAYS_NO_ERROR = re.compile(
    r"\b(?:no|0|without|zero) (?:error|failure|exception)s?\b|\berrors?[=:] ?0\b|\bfailed[=:] ?0\b", re.I
)
_SAYS_WARNING = re.compile(
    r"\b(?:warn(?:ing)?|deprecated|retry(?:ing)?|slow|degraded|throttl\w+|client error|dropp(?:ed|ing))\b",
    re.I,
)


def level_of(word: str | None) -> int | None:
    """Return the level a header's word or number stands for; None for none, or one not known.

    Numbers up to 7 are syslog severities, those that are multiples of 10 up to 60 are pino's
    and Python's (10 is TRACE for pino and DEBUG for Python; read as DEBUG).
    """
    if not word:
        return None
    if word.isdigit():
        return _level_of_number(int(word))
    return _LEVEL_OF_WORD.get(word.strip("[]<>():").lower())


def level_expression(word: pl.Expr) -> pl.Expr:
    """Return the levels (Int8) of a column of header words and numbers; null for what is not known."""
    return word.replace_strict(_LEVEL_OF_SPELLING, default=None, return_dtype=pl.Int8)


def priority_expression(priority: pl.Expr) -> pl.Expr:
    """Return the levels (Int8) of a column of syslog priorities, written as text."""
    return priority.replace_strict(_LEVEL_OF_PRIORITY, default=None, return_dtype=pl.Int8)


def level_of_message(message: str) -> int:
    """Return the level that a message without one speaks of: INFO unless it tells of trouble."""
    opening = message[:400]
    if _SAYS_FATAL.search(opening):
        return FATAL
    if _SAYS_ERROR.search(opening) and not _SAYS_NO_ERROR.search(opening):
        return ERROR
    return WARN if _SAYS_WARNING.search(opening) else INFO


def name_of(level: int | None) -> str:
    """Return the name of a level, for people; "-" where there is none."""
    return LEVEL_NAMES.get(level or 0, "-")


def _level_of_number(number: int) -> int | None:
    if number <= 7:
        return _LEVEL_OF_SYSLOG[number]
    if number % 10 == 0 and number <= 60:
        return (DEBUG, INFO, WARN, ERROR, FATAL, FATAL)[number // 10 - 1]
    return None


_LEVEL_OF_SPELLING = {
    spelling: level_of(spelling)
    for word in (*_LEVEL_OF_WORD, *(str(number) for number in (*range(8), *range(10, 70, 10))))
    for spelling in (word, word.upper(), word.title())
}
# A syslog priority is facility × 8 + severity; there are 24 facilities.
_LEVEL_OF_PRIORITY = {str(priority): _LEVEL_OF_SYSLOG[priority % 8] for priority in range(192)}
