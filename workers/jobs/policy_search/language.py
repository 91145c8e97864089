"""Which language a question is in, by its function words, and the few sentences Steward can say in it.

Only refusals and labels are said in the asker's language; documents are quoted in their own. A language not in
the table gets English.
"""

from __future__ import annotations

import re

_WORDS = {
    "en": "the and is are of to in for how what can may do does i my we our with when who where which from much many "
    "long get take need policy allowed have there any if should",
    "de": "der die das und ist sind ich wir wie was wann wer darf kann muss nicht ein eine einen für mit auf im den dem "
    "viele viel tage urlaub habe gibt welche wo bei nach unser mein es man",
    "fr": "le la les des et est sont je nous comment combien quand qui puis peut dois pas un une du de pour avec dans "
    "mon ma mes notre quel quelle quels jours où est-ce que ai y",
    "es": "el la los las y es son yo nosotros cómo cuánto cuántos cuándo quién puedo puede debo no un una de para con en "
    "mi nuestro qué cuál días dónde hay tengo por del al",
    "pt": "o a os as e é são eu nós como quanto quantos quando quem posso pode devo não um uma de para com em meu minha "
    "nosso qual dias onde há tenho por do da ao que",
    "it": "il lo la gli le e è sono io noi come quanto quanti quando chi posso può devo non un una di per con in mio "
    "nostro quale giorni dove ho del al che",
    "nl": "de het en is zijn ik wij hoe wat wanneer wie mag kan moet niet een voor met op mijn ons welke dagen waar heb "
    "hoeveel van bij er",
}
_FUNCTION_WORDS = {code: frozenset(words.split()) for code, words in _WORDS.items()}

_NOT_FOUND = {
    "de": "Dazu habe ich in den Dokumenten, die Sie lesen dürfen, nichts gefunden. Die Dokumente sind auf {language}; "
    "eine Frage in dieser Sprache hilft oft weiter.",
    "fr": "Je n'ai rien trouvé à ce sujet dans les documents que vous pouvez lire. Les documents sont en {language} ; "
    "une question dans cette langue aide souvent.",
    "es": "No he encontrado nada sobre eso en los documentos que usted puede leer. Los documentos están en {language}; "
    "una pregunta en ese idioma suele ayudar.",
    "pt": "Não encontrei nada sobre isso nos documentos que você pode ler. Os documentos estão em {language}; "
    "uma pergunta nesse idioma costuma ajudar.",
}
_ENGLISH_IN = {"de": "Englisch", "fr": "anglais", "es": "inglés", "pt": "inglês"}


def language_of(text: str) -> str:
    """Return the likeliest of the known languages (ISO 639-1); English when nothing tells."""
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.lower())
    hits = {code: sum(word in known for word in words) for code, known in _FUNCTION_WORDS.items()}
    best = max(hits, key=lambda code: (hits[code], code == "en"))
    return best if hits[best] > hits["en"] and hits[best] >= 2 else "en"


def not_found_line(language: str) -> str | None:
    """Return "nothing found; the documents are in English" in the language, or None where we can't say it well."""
    line = _NOT_FOUND.get(language)
    return line.format(language=_ENGLISH_IN[language]) if line else None
