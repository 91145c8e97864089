"""Secrets have no place in an answer, even when a document holds them: keys, tokens, passwords written out."""

from __future__ import annotations

import re
from collections.abc import Callable

HIDDEN = "•••"

# Formats that name themselves, so that ordinary words and reference numbers are left alone (entropy rules were
# tried: they flag everything).
_SECRET = re.compile(
    r"""
    xox[a-z]-[\w-]{8,} | xapp-[\w-]{8,}                                  # Slack
    | \bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{16,}                             # OpenAI, Anthropic
    | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_\w{20,} | \bglpat-[\w-]{16,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                                      # AWS key id
    | \bAIza[\w-]{30,}                                                   # Google
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,}                               # JSON web token
    | -----BEGIN[ A-Z]*PRIVATE\ KEY-----[\s\S]*?(?:-----END[ A-Z]*-----|$)
    | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)                                    # user:password in an address
    | (?<=Bearer\ )[\w.~+/-]{16,}=*
    | (?i:(?<=password:\ )|(?<=password\ =\ )|(?<=password=)|(?<=passwd=)|(?<=api_key=)|(?<=secret=))
        (?=\S*[0-9!@\#$%^&*])[^\s"'`,;]{6,}
    """,
    re.VERBOSE,
)


def redact_secrets(text: str) -> str:
    """Return the text with every secret replaced by three dots."""
    return hide_secrets(text, lambda _secret: HIDDEN)


def hide_secrets(text: str, hide: Callable[[str], str]) -> str:
    """Return the text with every secret replaced by what `hide` makes of it."""
    return _SECRET.sub(lambda match: hide(match[0]), text)
