"""Which language a text is in, by its function words, and the few sentences Steward can say in it.

Only refusals are said in the asker's language; documents are quoted in their own. A language not in the table
gets English.
"""

from __future__ import annotations

import re

_WORDS = {
    "en": "the and is are of to in for how what can may do does i my we our with when who where "
    "which from much many long "
    "get take need policy allowed have there any if should",
    "de": "der die das und ist sind ich wir wie was wann wer darf kann muss nicht ein eine einen "
    "für mit auf im den dem "
    "viele viel habe gibt welche wo bei nach unser mein es man pro von zu zur zum werden wird sich oder an",
    "fr": "le la les des et est sont je nous comment combien quand qui puis peut dois pas un une du "
    "de pour avec dans mon "
    "ma mes notre quel quelle quels où ai y sur par au aux",
    "es": "el la los las y es son yo nosotros cómo cuánto cuántos cuándo quién puedo puede debo no "
    "un una de para con en mi "
    "nuestro qué cuál dónde hay tengo por del al se",
    "pt": "o a os as e é são eu nós como quanto quantos quando quem posso pode devo não um uma de "
    "para com em meu minha "
    "nosso qual onde há tenho por do da ao que se",
    "it": "il lo la gli le e è sono io noi come quanto quanti quando chi posso può devo non un una "
    "di per con in mio nostro "
    "quale dove ho del al che si",
    "nl": "de het en is zijn ik wij hoe wat wanneer wie mag kan moet niet een voor met op mijn ons "
    "welke waar heb hoeveel "
    "van bij er",
}
_FUNCTION_WORDS = {code: frozenset(words.split()) for code, words in _WORDS.items()}
ENGLISH = "en"

_NOTHING = {
    "de": "Dazu habe ich in den Dokumenten, die Sie lesen dürfen, keine Antwort gefunden.",
    "fr": "Je n'ai pas trouvé de réponse dans les documents que vous pouvez lire.",
    "es": "No he encontrado una respuesta en los documentos que usted puede leer.",
    "pt": "Não encontrei uma resposta nos documentos que você pode ler.",
}
_ASK_IN_ENGLISH = {
    "de": "Die Dokumente sind auf Englisch; eine Frage auf Englisch hilft oft weiter.",
    "fr": "Les documents sont en anglais ; une question en anglais aide souvent.",
    "es": "Los documentos están en inglés; una pregunta en inglés suele ayudar.",
    "pt": "Os documentos estão em inglês; uma pergunta em inglês costuma ajudar.",
}
_UNKNOWN_LANGUAGE = "I found no answer to that. The documents are in English; asking in English often helps."


def language_of(text: str) -> str:
    """Return the likeliest of the known languages (ISO 639-1); English when nothing tells."""
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.lower())
    hits = {code: sum(word in known for word in words) for code, known in _FUNCTION_WORDS.items()}
    best = max(hits, key=lambda code: (hits[code], code == ENGLISH))
    return best if hits[best] > hits[ENGLISH] and hits[best] >= 2 else ENGLISH


def function_words(language: str) -> frozenset[str]:
    """Return the words of a language that carry no subject; none for a language not in the table."""
    return _FUNCTION_WORDS.get(language, frozenset())


def no_answer_line(language: str, *, documents_are_english: bool) -> str | None:
    """Return "I found no answer" in a language other than English; None for English, which says more."""
    if language == ENGLISH:
        return None
    if language not in _NOTHING:
        return _UNKNOWN_LANGUAGE
    return f"{_NOTHING[language]} {_ASK_IN_ENGLISH[language]}" if documents_are_english else _NOTHING[language]
