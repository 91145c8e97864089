"""Split a request into acts: what the e-mail is to ask, tell, thank for, decline …, each with the asker's own words.

A table of verbs a language; what follows a verb, up to the next one, is kept verbatim. Words that only steer the
draft ("keep it short", "in German", "cc Ben") are taken out first by request.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from workers.jobs.email_draft.names import NamePattern


@dataclass(frozen=True, slots=True)
class Act:
    """One thing the e-mail does. `kind` names the phrase in phrases.py; `text` is the asker's words, verbatim."""

    kind: str
    text: str


# {who}: an optional object, a name or pronoun. Order matters: the first that fits at a place wins.
_ENGLISH: tuple[tuple[str, str], ...] = (
    ("ask_to", r"(?:ask|asking|beg|urge|urging|request|requesting){who} (?:to|that they|that he|that she) "),
    ("ask_that", r"(?:request|requesting|ask|asking|demand|demanding|insist|insisting){who} that "),
    ("ask_for", r"(?:ask|asking|chase|chasing){who} (?:for|again for) |(?:request|requesting|demand|demanding) (?!that)"),  # noqa: E501
    ("ask_whether", r"(?:ask|asking|find out|check with){who},? (?:whether|if) "),
    ("ask_what", r"(?:ask|asking|find out from|inquire){who},? (?=(?:when|what|which|who|whom|how|where|why)\b)"),
    ("ask_about", r"(?:ask|asking){who} about "),
    ("that", r"let(?:ting)?{who} know(?:,? that)?(?! (?:about|whether|if|when|how|why|what|of|the)\b),? "),
    ("inform_about", r"let(?:ting)?{who} know (?:about|of) "),
    ("include", r"let(?:ting)?{who} know (?=the )"),
    ("unknown", r"let(?:ting)?{who} know (?=(?:whether|if|when|how|why|what)\b)"),
    ("please", r"(?:tell|telling|instruct|remind|reminding){who} (?:to) "),
    ("remind_of", r"(?:remind|reminding){who} (?:of|about) "),
    ("inform_about", (r"(?:tell|telling|inform|informing|notify|notifying|update|updating|brief|briefing|write to"
        r"|write){who} (?:about|on|of) ")),
    ("unknown", r"(?:tell|telling|explain|explaining)(?: to)?{who},? (?=(?:whether|if|when|how|why|what|which|where)\b)"),  # noqa: E501
    ("include", (r"(?:tell|telling|give|giving|send|sending|share with|provide){someone} (?:with )?(?=(?:the|our|my|his"  # noqa: E501
        r"|her|their|a link|an overview|a summary)\b)")),
    ("that", (r"(?:tell|telling|inform|informing|notify|notifying|assure|assuring|warn|warning|remind|reminding"
        r"|write|writing|reply|replying|answer|answering|respond|responding)(?: to| back"
        r"| back to)?{who},? that ")),
    ("that", (r"(?:e-mail|email|mail|message|send|answer|write){who}(?: an? (?:\w+ ){0,2}(?:e-mail|email|mail"
        r"|message|note|reply))?(?: saying)?,? that ")),
    ("that", r"(?:tell|telling){someone},? "),
    ("that", (r"(?:say|saying|mention|mentioning|state|stating|explain|explaining|confirm|confirming|announce"
        r"|announcing|stress|stressing|add|adding|point out|pointing out|report|reporting|note|noting"
        r"|emphasi[sz]e|emphasi[sz]ing|promise|promising|agree|agreeing|clarify|clarifying"
        r"|repeat)(?: to)?{who},? that ")),
    ("that", r"(?:say|saying) (?:to{who} )?"),
    ("thank_for", (r"(?:thank|thanking){who} (?:very much |warmly |again )?for |(?:say|express) (?:thanks"
        r"|thank you)(?: to)?{who} for ")),
    ("invite_to", r"(?:invite|inviting){who} (?:to|for) "),
    ("apologise_that", r"apologi[sz](?:e|ing)(?: to)?{who} that "),
    ("apologise_for", r"apologi[sz](?:e|ing)(?: to)?{who} (?:for|about) "),
    ("decline", r"(?:decline|declining|turn down|turning down|refuse|refusing|reject|rejecting|say no to) "),
    ("accept", r"(?:accept|accepting|agree to|agreeing to|say yes to) "),
    ("congratulate_on", r"congratulat(?:e|ing){who} (?:on|for) "),
    ("arrange", r"(?:propose|suggest|offer|proposing|suggesting|offering)(?: to)?{someone} to "),
    ("arrange", (r"(?=(?:schedule|arrange|set up|propose|suggest|book|plan|organi[sz]e|postpone|reschedule|cancel|offer"  # noqa: E501
        r"|order|move|invite)\s)")),
    ("follow_up", r"follow(?:ing)?[ -]up (?:with{who} )?(?:on|about|after|regarding) "),
    ("include", (r"(?:mention|mentioning|include|including|state|stating|quote|quoting|list|listing|explain|explaining"  # noqa: E501
        r"|summari[sz]e|summari[sz]ing|provide|repeat|name|naming|attach a summary of) (?=\w)")),
    ("confirm", r"(?:confirm|confirming)(?: to)?{who} "),
)  # fmt: skip
_GERMAN: tuple[tuple[str, str], ...] = (
    ("ask_whether", r"(?:frag|frage|fragen){who},? ob "),
    ("ask_what", r"(?:frag|frage|fragen){who},? (?=(?:wann|was|wer|wie|wo|warum|welche\w*)\b)"),
    ("ask_about", r"(?:frag|frage|fragen){who} nach "),
    ("ask_for", r"(?:bitte|bitten)(?: Sie)?{who} um "),
    ("ask_to", r"(?:bitte|bitten){who},? (?!um\b)(?=[^.]{{3,160}}\bzu \w+en\b)"),
    ("that", (r"(?:sag|sage|sagen|teile?|mitteilen|schreibe?|informiere|informieren|erinnere|bestätige?|antworte"
        r"|erkläre?)(?: an)?{who}(?: eine? (?:\w+ )?(?:E-?Mail|Mail|Nachricht)(?: an{who})?)?(?: mit"
        r"| daran)?,? dass ")),
    ("thank_for", r"(?:danke?|bedanke|bedanken)(?: dich| Sie sich| mich)?(?: bei)?{who} für "),
    ("apologise_for", r"(?:entschuldige|entschuldigen)(?: dich| Sie sich| mich)?(?: bei)?{who} für "),
    ("remind_of", r"(?:erinnere|erinnern){who} an "),
    ("invite_to", r"(?:lade|einladen){who} (?:zu|zum|zur) "),
    ("decline", r"(?:sage|sag|lehne?) (?=.{{3,200}}\bab\b)"),
    ("arrange_with", r"(?:vereinbare|plane|organisiere|schlage) "),
    ("that", r"(?:mit der (?:info|information|nachricht|bitte)),? dass |dass "),
)  # fmt: skip
_OTHERS: dict[str, tuple[tuple[str, str], ...]] = {
    "fr": (
        ("ask_to", r"demande[rz]?(?:-lui| à{who}|{who})? (?:de |d['’])"),
        ("that", r"(?:dis|dites|informe[rz]?|écri[st]|préviens)(?:-lui| à{who}|{who})? (?:que |qu['’])"),
        ("thank_for", r"remercie[rz]?(?:-le|-la|{who})? (?:pour|de) "),
        ("apologise_for", r"(?:excuse-moi|excusez-moi|présente[rz]? (?:mes|nos) excuses)(?: (?:auprès de|à){who})? pour "),  # noqa: E501
        ("invite_to", r"invite[rz]?{who} à "),
        ("about", r"au sujet d(?:e |u |es |['’])"),
    ),
    "es": (
        ("ask_to", r"(?:pide|pídele|pedir)(?: a{who}|{who})? que "),
        ("that", r"(?:di|dile|informa|escribe|avisa|avísale)(?: a{who}|{who})? (?:de )?que "),
        ("thank_for", r"(?:agradece|agradécele)(?: a{who}|{who})? (?:por )?"),
        ("apologise_for", r"(?:discúlpate|pide disculpas)(?: con{who}| a{who})? por "),
        ("invite_to", r"invita(?: a{who}|{who})? a "),
    ),
    "pt": (
        ("ask_to", r"(?:pede|peça|pedir)(?: a{who}| ao{who}| à{who}|{who})? (?:que |para )"),
        ("that", r"(?:diz|diga|informa|informe|escreve|avisa|avise)(?: a{who}| ao{who}| à{who}|{who})? (?:de )?que "),
        ("thank_for", r"(?:agradece|agradeça)(?: a{who}| ao{who}| à{who}|{who})? (?:por|pelo|pela) "),
        ("apologise_for", r"(?:pede|peça) desculpas?(?: a{who}| ao{who}| à{who})? (?:por|pelo|pela) "),
        ("invite_to", r"(?:convida|convide){who} para "),
    ),
}  # fmt: skip
_TABLES = {"en": _ENGLISH, "de": _GERMAN, **_OTHERS}
_BEFORE = (
    r"(?:^|(?<=[,;:–—-] )|(?<=[,;] and )|(?<=\band )|(?<=\bthen )|(?<=\bto )|(?<=\bbut )|(?<=\bund )"
    r"|(?<=\bet )|(?<=\by )|(?<=\be )|(?<=\blui )|(?<=\bleur )|(?<=\bpour )|(?<=\bpara )|(?<=\balso )"
    r"|(?<=\bplease )|(?<=\bwhere you )|(?<=\bin which you )|(?<= )(?=(?:[a-zé]+ing|dass|mit der)\b))"
)
_PRONOUNS = (
    r"(?i:him|her|them|everyone|everybody|all|both(?: of them)?|us|ihm|ihr|ihnen|ihn|sie|lui|leur|le|la|(?:the"
    r"|our|my|their|his|her) (?!(?:\w+ )?(?:that|to|for)\b)\w+(?: team)?)"
)


def read_acts(sentence: str, names: NamePattern, language: str) -> tuple[list[Act], str]:
    """Return the acts of one sentence, in order, and the words before the first (its lead-in)."""
    pattern, kinds = _pattern(names.many, language)
    found = list(pattern.finditer(sentence))
    if not found:
        return [], sentence
    acts = []
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(sentence)
        text = _trimmed(sentence[match.end() : end])
        kind = kinds[int((match.lastgroup or "a0")[1:])]
        if text:
            acts.append(Act(kind, text))
    return acts, sentence[: found[0].start()]


def _trimmed(text: str) -> str:
    text = re.sub(
        r"[\s,;]*\b(?:and|und|et|then|but|also|to|please|y|e)\s*(?:to\s*)?$", "", text.strip(), flags=re.IGNORECASE
    )
    return text.strip(" ,;:–—-")


@lru_cache(maxsize=64)
def _pattern(many: str, language: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    table = _TABLES.get(language, _ENGLISH)
    someone = rf"(?: (?:{_PRONOUNS}|{many}))"
    parts = []
    for number, (_, verbs) in enumerate(table):
        body = verbs.replace("{{", "{").replace("}}", "}")
        body = re.sub(r"(?<!\{)\{(who|someone)\}", lambda m: "\0" + m[1] + "\0", body)
        pieces = re.split("\0(who|someone)\0", body)
        built = "".join(
            {"who": someone + "?", "someone": someone}[piece] if place % 2 else _any_case(piece)
            for place, piece in enumerate(pieces)
        )
        parts.append(f"(?P<a{number}>{built})")
    return re.compile(f"{_BEFORE}(?:{'|'.join(parts)})"), tuple(kind for kind, _ in table)


def _any_case(piece: str) -> str:
    """Let a verb begin with a capital letter, as it does at the start of a sentence."""
    return re.sub(r"(?<![\\\w\[?<])([a-zé])(?=[a-zé\[?(-])", lambda m: f"[{m[1]}{m[1].upper()}]", piece)
