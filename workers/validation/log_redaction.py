"""Hide what logs should not have told: secrets always, personal data as the operator set it.

One `LogRedaction` serves one inspection, and everything that leaves the index passes through it: what a model's
tools return, the answer, the chart, the stored result. A value becomes a typed placeholder such as `[email#1]`,
the same value the same one, so that "is it always the same customer?" can still be answered. Precise shapes only:
entropy rules were tried and flag every request id.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from assistant.settings import PersonalKind, Settings
from workers.validation.injection import strip_invisible
from workers.validation.redaction import hide_secrets

PLACEHOLDER = re.compile(r"\[(?:secret|email|card|iban|phone|ip|user)#\d+\]")
_CUT_PLACEHOLDER = re.compile(r"\[(?:secret|email|card|iban|phone|ip|user)(?:#\d*)?\]?…?$")  # shortened by who quotes
Model = TypeVar("Model", bound=BaseModel)

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_KEY = (
    r"(?P<key>[\w.-]*(?:passw(?:or)?d|passwd|passphrase|pwd|secret|(?:api|access|private|account|signing)[_-]?key|"
    r"token|credentials?|authorization|session[_-]?id|sessionid|cookie))"
)
# key=value, key: value and "key": "value". The value of a quoted one ends at its quote.
_KEYED = re.compile(
    rf"""(?<![\w]){_KEY}(?P<sign>\\?["']?\s*(?P<by>[=:])\s*)(?:(?P<quote>\\?["'])(?P<quoted>[^"'\\]{{3,}})(?=\\?["'])|"""
    r"""(?P<scheme>(?:Basic|Bearer|Digest|Token)\s+)?(?P<bare>[^\s"',;&)}\]]{3,}))""",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"(?i)\b((?:set-)?cookie:\s*)([^\r\n]{3,})")
# What stands after such a key and is no secret: the message is about the key.
_WORDS = re.compile(
    r"(?:null|none|nil|true|false|empty|missing|invalid|expired|unknown|required|revoked|rejected|refused|denied|"
    r"unset|absent|malformed|wrong|not|is|was|for|has|must|could|cannot|failed|signature|\*+|<[\w*]+>|•+)",
    re.IGNORECASE,
)
_OTHER_SECRETS = re.compile(
    r"\b(?:sk|rk|pk)_(?:live|test)_\w{10,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bnpm_\w{30,}|\bAccountKey=[\w+/=]{20,}"
)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)*\.[A-Za-z][A-Za-z\d-]*[A-Za-z\d]")
_CARD = re.compile(
    r"(?<![\w.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?![\w-]|\.\d)"
)
_CARD_NUMBER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|6(?:011|5\d\d|4[4-9]\d)\d{12}"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?(?!\w)")
_PHONE = re.compile(r"(?<![\w+])\+\d{1,3}[ ()-]{0,2}\d(?:[ ()-]{0,2}\d){6,12}(?!\w)")
_IP = re.compile(
    r"(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)|(?=[\dA-Fa-f:]*:[\dA-Fa-f]*:)[\dA-Fa-f:]{3,39}(?![\w:]))"
)
_USER = re.compile(r"""(?i)(?<![\w])((?:user(?:[_-]?name)?|login|customer)["']?\s*[=:]\s*["']?)([\w.@+-]{2,})""")


def redaction_for(settings: Settings, sources: Iterable[object]) -> LogRedaction:
    """Return the redaction for these sources: personal data is shown if all are paths that are declared clear."""
    clear = [Path(name.strip()).resolve() for name in settings.steward_log_clear_folders.split(",") if name.strip()]
    places = [source.resolve() if isinstance(source, Path) else None for source in sources]
    is_clear = bool(places) and all(place and any(place.is_relative_to(one) for one in clear) for place in places)
    return LogRedaction(() if is_clear else settings.log_hidden_kinds)


class LogRedaction:
    """Placeholders of one inspection. `kinds` are the sorts of personal data to hide besides secrets."""

    def __init__(self, kinds: Iterable[PersonalKind]) -> None:
        self._kinds = frozenset(kinds)
        self._known: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def text(self, text: str) -> str:
        """Return the text as it may be shown: without colours, what is invisible, secrets and what is personal."""
        shown = strip_invisible(_ANSI.sub("", text))
        shown = hide_secrets(shown, self._secret)
        shown = _OTHER_SECRETS.sub(lambda match: self._placeholder("secret", match[0]), shown)
        shown = _COOKIES.sub(lambda match: match[1] + self._placeholder("secret", match[2]), shown)
        shown = _KEYED.sub(self._keyed, shown)
        for kind, pattern, is_one in _PERSONAL:
            if kind in self._kinds:
                shown = pattern.sub(partial(self._personal, kind, is_one), shown)
        return shown

    def restored(self, text: str) -> str:
        """Return the text with placeholders put back: to search the index with, never to show."""
        values = {placeholder: value for (_, value), placeholder in self._known.items()}
        return PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), text)

    def model(self, model: Model, *, keep: frozenset[str] = frozenset()) -> Model:
        """Return the object with all its texts as they may be shown, but for the fields named in `keep`."""

        def shown(value: Any) -> Any:
            if isinstance(value, str):
                return self.text(value)
            if isinstance(value, tuple | list):
                return [shown(item) for item in value]
            if isinstance(value, dict):
                return {key: item if key in keep else shown(item) for key, item in value.items()}
            return value

        return type(model).model_validate(shown(model.model_dump()))

    def _secret(self, value: str) -> str:
        return value if _is_hidden(value) else self._placeholder("secret", value)

    def _placeholder(self, kind: str, value: str) -> str:
        name = "ip" if kind == "public_ip" else kind
        if (name, value) not in self._known:
            self._counts[name] = self._counts.get(name, 0) + 1
            self._known[(name, value)] = f"[{name}#{self._counts[name]}]"
        return self._known[(name, value)]

    def _keyed(self, match: re.Match[str]) -> str:
        value = match["quoted"] or match["bare"]
        if _WORDS.fullmatch(value.rstrip(".!:”…")) or _is_hidden(value) or _is_said(match):
            return match[0]
        opened = f"{match['key']}{match['sign']}{match['quote'] or ''}{match['scheme'] or ''}"
        return opened + self._placeholder("secret", value)

    def _personal(self, kind: str, is_one: Callable[[re.Match[str]], bool], match: re.Match[str]) -> str:
        if not is_one(match):
            return match[0]
        if kind == "user":
            return match[1] + self._placeholder(kind, match[2])
        return self._placeholder(kind, match[0])


def _is_hidden(value: str) -> bool:
    """Whether a value is one of our own placeholders, or begins as one that was cut."""
    return bool(PLACEHOLDER.match(value) or _CUT_PLACEHOLDER.match(value))


def _is_said(match: re.Match[str]) -> bool:
    """Whether a sentence goes on after the colon ("token: signature mismatch"), instead of naming a value."""
    value = match["bare"]
    if not value or match["by"] == "=" or match["scheme"]:
        return False
    return len(value) < 16 and value.isalpha()


def _always(_match: re.Match[str]) -> bool:
    return True


def _is_card(match: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", match[0])
    if not _CARD_NUMBER.fullmatch(digits):
        return False
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0  # Luhn's check digit


def _is_iban(match: re.Match[str]) -> bool:
    number = match[0].replace(" ", "")
    moved = number[4:] + number[:4]
    return len(number) >= 15 and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _address(match: re.Match[str]) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(match[0])
    except ValueError:  # a time of day, a version
        return None


def _is_address(match: re.Match[str]) -> bool:
    return _address(match) is not None


def _is_public_address(match: re.Match[str]) -> bool:
    address = _address(match)
    return address is not None and address.is_global


_PERSONAL: tuple[tuple[PersonalKind, re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
    ("email", _EMAIL, _always),
    ("iban", _IBAN, _is_iban),
    ("card", _CARD, _is_card),
    ("phone", _PHONE, _always),
    ("ip", _IP, _is_address),
    ("public_ip", _IP, _is_public_address),
    ("user", _USER, lambda match: not PLACEHOLDER.match(match[2])),
)
