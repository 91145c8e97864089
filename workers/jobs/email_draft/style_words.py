"""Read from a request the language, tone and length that the e-mail is wanted in, and the language of its words."""

from __future__ import annotations

import re

from assistant.mail.draft import Language, Length, Tone
from workers.validation.language import guess_language

_LANGUAGES: dict[Language, str] = {
    "en": r"in english|auf englisch|en anglais|en inglés|em inglês",
    "de": r"in german|auf deutsch|en allemand|en alemán|em alemão",
    "fr": r"in french|auf französisch|en français|en francés|em francês",
    "es": r"in spanish|auf spanisch|en espagnol|en español|em espanhol",
    "pt": r"in portuguese|auf portugiesisch|en portugais|en portugués|em português",
}
_CUES: dict[Language, str] = {
    "de": (
        r"schreibe?|frage?|sage?|bitte|danke|bedanke|antworte|entschuldige|erinnere|lade|dass|lehne|zum|zur"
        r"|von|der|das|den|eine?n?|und|für|teile|nicht|ist|wird"
    ),
    "fr": r"écris|écrivez|demande|demandez|remercie|réponds|dis|que|le|la|les|pour|une?|et|est|à|au",
    "es": r"escribe|escríbele|pide|pídele|agradece|responde|di|dile|que|el|la|los|para|una?|y|es|por",
    "pt": r"escreve|escreva|pede|peça|agradece|responde|diz|que|o|os|para|uma?|e|é|por|não|do|da",
    "en": r"write|draft|ask|tell|thank|reply|the|and|for|to|an?|that|is|will|email|e-mail",
}
_TONES: dict[Tone, str] = {
    "formal": r"formal(?:ly|er|en)?|official(?:ly)?|businesslike|förmlich\w*|formell\w*|formel(?:le)?",
    "friendly": (r"friendly|friendlier|warm(?:ly)?|casual(?:ly)?|informal(?:ly)?|kind(?:ly)? tone|cordial(?:ly)?"
        r"|freundlich\w*|locker\w*|amical\w*|amable|amigável"),
    "firm": (r"firm(?:ly|er)?|strict(?:ly)?|stern(?:ly)?|assertive(?:ly)?|insistent|bestimmt\w*|nachdrücklich\w*"
        r"|streng\w*|ferme|firme"),
    "neutral": r"neutral(?:ly)?|sachlich\w*",
}  # fmt: skip
_TONE_PLACE = (
    r"(?:\b(?:tone|keep|be|make|sound|sounding|style|a|an|very|more|quite|but|and|eine?n?|sehr|polite|und|et"
    r"|une?|ton|tono|tom|message|mensaje|correo|mail|nachricht)\b[^.;]{0,25}?\b|, ?|^\s*|[.!?]\s+|\()"
)
_PARTICLES = "ab|an|mit|zu|nach"  # a German verb's second half ends its clause: "sage … förmlich ab"
_SHORT = re.compile(
    r"\b(?:short|brief(?:ly)?|concise|in (?:one|two|a few) (?:lines|sentences)|kurz\w*|knapp\w*|court|breve|curto)\b",
    re.I,
)
_LONG = re.compile(
    r"\b(?:(?:long|longer|detailed|thorough|comprehensive|in detail|extensive) ?(?:e-?mail|reply|version|answer"
    r"|message|one|form|update)?|ausführlich\w*|detaillé\w*|detallad\w*|detalhad\w*)\b",
    re.I,
)
_LONG_PLACE = re.compile(
    r"\b(?:detailed|thorough|comprehensive|in detail|extensive|ausführlich\w*|(?:make it|keep it|a) long(?:er)?)\b",
    re.I,
)
_SHORT_PLACE = re.compile(
    r"\b(?:keep|make|be|short|brief|a|very|in|kurz|halte|eine?|mach)\b[^.;]{0,30}\b(?:short|brief(?:ly)?|concise"
    r"|lines|sentences|kurz\w*|knapp\w*)\b|^\s*(?:short|kurz)\b|\b(?:short|brief|kurze?) (?:e-?mail|mail|reply"
    r"|note|message|thank|antwort|nachricht)|\bbriefly\b|\bkeep it short\b|, ?(?:short|brief|kurz)\b",
    re.I,
)


def language_of(words: str) -> Language:
    """Return the language that the request is written in; English where nothing tells."""
    guess = guess_language(words)
    if guess in _CUES:
        return next(code for code in _CUES if code == guess)
    lowered = words.lower()
    hits = {code: len(re.findall(rf"\b(?:{cues})\b", lowered)) for code, cues in _CUES.items()}
    best = max(hits, key=lambda code: (hits[code], code == "en"))
    return best if hits[best] > hits["en"] else "en"


def asked_language(words: str) -> Language | None:
    """Return the language that the request asks the e-mail to be in, if it says so."""
    for code, names in _LANGUAGES.items():
        if re.search(rf"\b(?:{names})\b", words, re.IGNORECASE):
            return code
    return None


def asked_tone(words: str) -> Tone | None:
    """Return the tone that the request names, if it does."""
    for tone, names in _TONES.items():
        place = rf"{_TONE_PLACE}(?:{names})\b|\b(?:{names}) (?:{_PARTICLES})\s*(?:[,.!?]|$)"
        if re.search(place, words, re.IGNORECASE | re.MULTILINE):
            return tone
    return None


def asked_length(words: str) -> Length:
    """Return the length that the request names; medium where it names none."""
    if _SHORT_PLACE.search(words) and _SHORT.search(words):
        return "short"
    return "long" if _LONG_PLACE.search(words) else "medium"
