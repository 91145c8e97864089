"""Guess the language of a text by its commonest words: enough to notice that minutes are in the wrong one."""

from assistant.words import words_of

MIN_HITS = 4
LEAD = 1.4  # the best must have this many times the hits of the second

_COMMON: dict[str, frozenset[str]] = {
    "en": frozenset(["the", "and", "is", "of", "to", "in", "that", "it", "we", "you", "for", "on", "with", "this", "are", "was", "have", "be", "not", "what", "do", "so", "they"]),  # noqa: E501
    "de": frozenset(["der", "die", "das", "und", "ist", "nicht", "wir", "ich", "ein", "eine", "zu", "mit", "auf", "für", "sich", "auch", "den", "dem", "von", "es", "sie", "haben", "dass", "noch", "wird"]),  # noqa: E501
    "fr": frozenset(["le", "la", "les", "et", "est", "de", "des", "un", "une", "que", "nous", "vous", "pour", "pas", "dans", "sur", "avec", "ce", "qui", "il", "elle", "du", "au", "sont"]),  # noqa: E501
    "es": frozenset(["el", "la", "los", "las", "y", "es", "de", "que", "en", "un", "una", "por", "con", "para", "no", "se", "lo", "como", "más", "pero", "nosotros", "está", "son", "del"]),  # noqa: E501
    "it": frozenset(["il", "lo", "la", "gli", "e", "è", "di", "che", "in", "un", "una", "per", "con", "non", "si", "come", "più", "ma", "noi", "sono", "della", "del", "anche", "questo"]),  # noqa: E501
    "nl": frozenset(["de", "het", "een", "en", "is", "van", "dat", "we", "niet", "ik", "op", "te", "zijn", "met", "voor", "aan", "er", "maar", "ook", "dit", "naar", "wij", "hebben"]),  # noqa: E501
}  # fmt: skip


def guess_language(text: str) -> str | None:
    """Return the two-letter language of `text`, None when it is too short or undecided."""
    words = words_of(text)
    hits = sorted(((sum(word in common for word in words), code) for code, common in _COMMON.items()), reverse=True)
    (most, best), (second, _) = hits[0], hits[1]
    return best if most >= MIN_HITS and most >= LEAD * second and most * 12 >= len(words) else None
