"""How one person begins and ends their e-mails, read by rules from what they saved or sent.

A style is three parts a language: greeting, sign-off and signature. A part counts as theirs only where they changed
what Steward had written, and is learned once their last few drafts agree on it. Names of those written to are never
kept: a greeting has `{name}` in their place. Greetings that bend with the person ("Liebe Anna", "Lieber Bo") can't be
filled in for another, so they are not learned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from assistant.errors import RequestInvalid
from assistant.mail.draft import ADDRESS, Language
from assistant.manner import MAX_GREETING_CHARS, MAX_SIGN_OFF_CHARS, MAX_SIGNATURE_CHARS, NAME, MailStyle

PARTS: Final = ("greeting", "sign_off", "signature")
AGREEING_DRAFTS: Final = 3  # of one person in one language; fewer would learn a whim
BETWEEN: Final = "…"  # stands for the mail's text where a style is shown and edited
MAX_SIGNATURE_LINES: Final = 8
MAX_COMPARED_WORDS: Final = 1_500  # of each text; comparing takes the product of both
MAX_STYLE_CHARS: Final = MAX_GREETING_CHARS + MAX_SIGN_OFF_CHARS + MAX_SIGNATURE_CHARS + 20  # as shown

# What stands before a name without bending with it. "Hi there" and the like greet nobody by name.
_OPENERS: Final[dict[Language, str]] = {
    "en": r"hi|hello|hey|dear|good (?:morning|afternoon|evening)|greetings",
    "de": r"hallo|hi|guten (?:tag|morgen|abend)|moin|servus|grüezi|grüß gott",
    "fr": r"bonjour|bonsoir|salut|coucou",
    "es": r"hola|buenos días|buenas tardes|buenas noches|buenas",
    "pt": r"olá|oi|bom dia|boa tarde|boa noite",
}
_WITHOUT_NAME: Final = re.compile(
    r"there|again|y'?all|zusammen|all|alle|everyone|everybody|à tous|a todos", re.IGNORECASE
)
_NAME_AFTER: Final = r"(?P<gap>,? )(?P<name>[^\W\d_][^,!:.;?\n]{0,50})"
_ENDS_SENTENCE: Final = re.compile(r"[.?;:]$")
_HOLDS_FIGURES: Final = re.compile(rf"\d|\[\[|{ADDRESS}|https?://")
_RULER: Final = re.compile(r"^(?:--|__+|—+)\s*$")


def style_of(body: str, language: Language, *, signer: str) -> MailStyle:
    """Return the parts that can be read from a mail's text; what is not clear stays empty.

    `signer` is the writer's own name: the lines under the last sign-off are a signature only if it is among them.
    """
    lines = [line.strip() for line in body.strip().splitlines()]
    paragraphs = [part.split("\n") for part in re.split(r"\n{2,}", "\n".join(lines)) if part.strip()]
    greeting = _greeting_of(lines[0], language) if lines else ""
    rest = paragraphs[1:] if greeting and len(paragraphs[0]) == 1 else paragraphs
    sign_off, signature = _ending_of(rest, signer)
    return MailStyle(language=language, greeting=greeting, sign_off=sign_off, signature=signature)


def changed_parts(before: MailStyle, after: MailStyle) -> MailStyle:
    """Return the parts of `after` that are not as in `before`: what the person changed in Steward's text."""
    return after.model_copy(
        update={part: "" if getattr(after, part) == getattr(before, part) else getattr(after, part) for part in PARTS}
    )


def learn(known: MailStyle, changes: Sequence[MailStyle]) -> MailStyle:
    """Return the style with each part that the latest changes of it agree on; `changes` are newest first."""
    learned = {}
    for part in PARTS:
        said = [getattr(one, part) for one in changes if getattr(one, part)][:AGREEING_DRAFTS]
        if len(said) == AGREEING_DRAFTS and len(set(said)) == 1:
            learned[part] = said[0]
    return known.model_copy(update=learned)


def shown(style: MailStyle) -> str:
    """Return the style as a mail without its text, to be read and edited."""
    return "\n".join(filter(None, (style.greeting, BETWEEN, style.sign_off or BETWEEN, style.signature)))


def from_shown(language: Language, text: str) -> MailStyle:
    """Return the style that was written as `shown` writes it; empty text is an empty style.

    Raises:
        RequestInvalid: the line that stands for the text is missing, or a part is too long.
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return MailStyle(language=language)
    between = [number for number, line in enumerate(lines) if line in (BETWEEN, "...")]
    if not between or between[0] > 1:
        raise RequestInvalid(
            "a style without its middle", reply=f"Keep the line “{BETWEEN}” between the greeting and the sign-off."
        )
    greeting = lines[0] if between[0] == 1 else ""
    sign_off, *signature = lines[between[0] + 1 :] or [""]
    sign_off = "" if sign_off in (BETWEEN, "...") else sign_off
    if max(len(greeting), len(sign_off)) > MAX_GREETING_CHARS or len("\n".join(signature)) > MAX_SIGNATURE_CHARS:
        raise RequestInvalid("a style that is too long", reply="That is too long for a greeting or a signature.")
    return MailStyle(language=language, greeting=greeting, sign_off=sign_off, signature="\n".join(signature))


def similarity(drafted: str, sent: str) -> float:
    """Return how much of the drafted text stands in the sent one, by words, from 0 to 1 (it was not touched)."""
    before, after = (text.split()[:MAX_COMPARED_WORDS] for text in (drafted, sent))
    return SequenceMatcher(None, before, after, autojunk=False).ratio()


def _greeting_of(line: str, language: Language) -> str:
    if len(line) > MAX_GREETING_CHARS:
        return ""
    found = re.fullmatch(
        rf"(?P<opener>{_OPENERS[language]})(?:{_NAME_AFTER})?(?P<end>[,!:.]?)", line, flags=re.IGNORECASE
    )
    if found is None or not found["name"] or _WITHOUT_NAME.fullmatch(found["name"]):
        return ""
    return f"{found['opener']}{found['gap']}{NAME}{found['end']}"


def _ending_of(paragraphs: Sequence[Sequence[str]], signer: str) -> tuple[str, str]:
    """Return sign-off and signature: the last paragraph, or the last two or three with the sign-off by itself."""
    for count in (1, 2, 3):
        tail = [line for part in paragraphs[-count:] for line in part if line and not _RULER.match(line)]
        if len(paragraphs) < count or len(tail) > MAX_SIGNATURE_LINES + 1 or len(tail) < 2:
            continue
        sign_off, *signature = tail
        if _is_sign_off(sign_off) and _signs(signature, signer):
            return sign_off, "\n".join(signature)
    return "", ""


def _is_sign_off(line: str) -> bool:
    return (
        len(line) <= MAX_SIGN_OFF_CHARS
        and len(line.split()) <= 6
        and not _ENDS_SENTENCE.search(line)
        and not _HOLDS_FIGURES.search(line)
        and not line.startswith(("-", "*", "•"))
    )


def _signs(lines: Sequence[str], signer: str) -> bool:
    """Whether the lines begin with the writer's name, or a part of it, and hold no gap to be filled."""
    text = "\n".join(lines)
    if "[[" in text or len(text) > MAX_SIGNATURE_CHARS:
        return False
    own = {word.casefold() for word in re.findall(r"[^\W\d_]{2,}", signer)}
    first = {word.casefold() for word in re.findall(r"[^\W\d_]{2,}", lines[0])}
    return bool(own & first) and len(lines[0].split()) <= 6
