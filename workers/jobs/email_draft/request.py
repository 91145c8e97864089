"""Read a drafting request: what the e-mail shall do, for whom, in which language, tone and length.

Keeps the asker's words verbatim; resolves no names (recipients.py does) and writes nothing (offline.py does). Whom it
names is read in addressees.py, language, tone and length in style_words.py.
Options of a modal or a program win over words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.mail.draft import Language, Length, Tone
from workers.jobs.email_draft.acts import Act, read_acts
from workers.jobs.email_draft.addressees import named_copies, named_recipients
from workers.jobs.email_draft.names import NamePattern
from workers.jobs.email_draft.questions import questions_of, wants_answers, without_asking
from workers.jobs.email_draft.schema import EmailOptions
from workers.jobs.email_draft.style_words import asked_language, asked_length, asked_tone, language_of

_PASTED = re.compile(r"^(?:(?:From|Von|De|Subject|Betreff): .+|-{3,}.*|>.*|\"{3}|```.*)$", re.MULTILINE)
_CONTROL = re.compile(
    r"^\W*(?:please |bitte )?(?:keep|make|halte?n?|mache?)\s+(?:it|this|the (?:tone|mail|e-?mail|reply|message)|es"
    r"|sie|die mail)\b[^.]{0,60}$"
    r"|^\W*(?:use|be|sound|tone|language|length|tonfall|sprache|ton)\b(?: a| an| the| very| more|:)?[^.]{0,40}$"
    r"|^\W*(?:write|draft|answer|do|schreib\w*)?\s*(?:it |this |the (?:e-?mail|mail) )?(?:in|auf) (?:english"
    r"|german|french|spanish|portuguese|deutsch|englisch|französisch)\W*$"
    r"|^\W*(?:short|brief|formal|friendly|firm|neutral|polite|politely|casual|kurz|freundlich"
    r"|förmlich)(?:,? (?:and |und |but )?(?:short|brief|formal|friendly|firm|neutral|polite|casual|tone|please"
    r"|freundlich|bitte|förmlich))*\W*$"
    r"|^\W*(?:please )?(?:attach|enclose|häng\w*|anbei)\b.*$|^\W*(?:don'?t|do not|never|without|nicht|keine?)\b.*$"
    r"|^\W*(?:use|see|based on|here is|here's|take|nimm|read)\b[^.]{0,30}\b(?:attach\w*|thread|file|notes|minutes"
    r"|transcript|mails?|e-?mails?|below|anhang)\b.*$"
    r"|^\W*(?:sign (?:it )?(?:as|off)|subject|betreff)\b.*$|^\W*(?:reply[ -](?:to )?all|answer all)\W*$",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"\b(?:reply|respond|answer|write back|get back to|response|antworte?|antwort|réponds?|répondez|respon(?:de|da"
    r"|der)|antworten)\b",
    re.I,
)
_REPLY_ALL = re.compile(
    r"\b(?:reply[ -](?:to )?(?:all|everyone|everybody)|answer (?:them )?all|to (?:all|everyone) (?:in|on) (?:the"
    r"|this) thread|antworte? (?:an )?allen?|keep everyone in copy)\b",
    re.I,
)
_NOT_ALL = re.compile(
    r"\b(?:not|don'?t|never|without|no)\b[^.]{0,20}\b(?:reply[ -]?(?:to )?all|reply to (?:all|everyone))", re.I
)
_ATTACH = re.compile(
    r"\b(?:attach(?:ed|ing|ment|ments)?|enclos(?:e|ed|ing)|anbei|anhang|im anhang|beigefügt|häng\w*|ci-joint"
    r"|en pièce jointe|adjunt\w*|em anexo|anexo)\b",
    re.I,
)
_ATTACH_ORDER = re.compile(
    r"\b(?:attach|enclose|attaching|enclosing|häng\w*|with the [\w .-]{2,40} attached|(?:is|are) attached"
    r"|send (?:\w+ ){0,4}the attached|anbei|im anhang|beigefügt)\b",
    re.I,
)
_EXCLUDE = re.compile(
    r"\b(?:don'?t|do not|never|without|not)\b (?:to )?(?:mention(?:ing)?|say(?:ing)?|tell(?: \w+)?|reveal(?:ing)?"
    r"|include|including|giv(?:e|ing)|talk(?:ing)? about|promise) (?:the |any |a |our )?([^.,;]{3,60})",
    re.I,
)
_SUBJECT = re.compile(
    r"\b(?:with (?:the )?)?(?:subject(?: line)?|betreff)\s*[:=]?\s*[\"“„'‘]([^\"”“'’]{1,300})[\"”“'’]|^(?:subject"
    r"|betreff)\s*:\s*(.+)$",
    re.I | re.M,
)
_POLICY = re.compile(
    r"\b(?:polic(?:y|ies)|guidelines?|handbook|company rules?|our rules?|richtlinien?|regelung|entitled"
    r"|entitlement|politique|política)\b",
    re.I,
)
_FROM_SOURCES = re.compile(
    r"\b(?:thread|attached|notes?|transcript|minutes|meeting|file|document|report|based on|according to|from the"
    r"|figures?|status|summary|summari[sz]e|action items?|next steps|as discussed|protokoll|besprechung|laut"
    r"|aufgaben|dokument|unterlagen?|notizen|selon|d['’]après|pièce|fichier|según|documento|archivo|notas"
    r"|segundo o|ficheiro)\b",
    re.I,
)
_ACTION_ITEMS = re.compile(
    r"\b(?:action items?|next steps|to-?dos?|tasks|follow[ -]?up|aufgaben|minutes|wrap[ -]?up)\b", re.I
)
_MATERIAL = re.compile(
    r"(?:this|the|our|my)(?: attached| whole)? (?:thread|notes?|meeting|call|files?|e-?mails?|transcript|minutes"
    r"|attachment)\W*",
    re.IGNORECASE,
)
_SUMMARY = re.compile(r"\b(?:summar(?:y|i[sz]e)|recap|overview|zusammenfass\w*)\b", re.IGNORECASE)
_NOUNS: tuple[tuple[str, str, str], ...] = (  # a kind of mail named by its noun: "a thank-you note to Ravi for …"
    ("thank_for", r"thank[- ]you|thanks", r"for"),
    ("apologise_for", r"apology|apologies", r"for|about"),
    ("apologise_that", r"apology|apologies", r"because|as|since|that"),
    ("invite_to", r"invitation|invite", r"to|for"),
    ("remind_of", r"reminder", r"about|of|for"),
    ("that", r"reminder|note|announcement|message|confirmation|warning", r"that"),
    ("ask_for", r"request", r"for"),
    ("congratulate_on", r"congratulations?", r"on"),
)
_KIND_NOUNS = (
    ("decline", r"\b(?:decline|rejection|refusal|absage)\b"),
    ("apology", r"\b(?:apology|apologies)\b"),
    ("thanks", r"\bthank[- ]you\b"),
)
_KINDS: tuple[tuple[str, str], ...] = (
    ("decline", r"\b(?:declin|turn down|reject|refus|absage|sage?\b.*\bab\b|lehne?\b.*\bab\b)"),
    ("apology", r"\b(?:apolog|sorry|entschuldig|excuse|discúlp|desculp)"),
    ("thanks", r"\b(?:thank|thanks|dank|bedank|remerci|agradec)"),
    ("follow_up", r"\bfollow[ -]?up|\baction items?|\bnext steps|\bnachfass|\baufgaben aus"),
    (
        "schedule",
        r"\b(?:schedul|arrange|set up|meeting (?:with|on|at|for)|invite|reschedul|postpone|termin|einlad|lade\b)",
    ),
    ("status", r"\b(?:status|progress|update)\b"),
    ("request", r"\b(?:ask|request|remind|chase|bitte|frag|demand|pid|peça)"),
)
_LEAD = re.compile(
    r"^\W*(?:hi|hello|hey|steward)?[,!]?\s*(?:please|kindly|bitte|can you|could you|would you|i need(?: you)? to"
    r"|i want to|i'd like to|help me(?: to)?|let's|kannst du|könntest du)\s+",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:(?:update|status|progress|report|summary|recap|overview) (?:on|of|about)|about|regarding|concerning"
    r"|on the subject of|wegen|über|bezüglich|zum thema|au sujet de|sobre|acerca de) (.+)$",
    re.I,
)
_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\be\.g\.)(?<!\bNo\.)(?<!\bM[rs]\.)(?<!\bDr\.)(?<!\b\d\.)\s+"
    r"(?!(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b)"  # "am 31. Dezember"  # noqa: E501
    r"(?=[\"“A-ZÀ-ŽÉ\d])|\n+"
)


MAX_INSTRUCTION_CHARS = (
    2_000  # what is longer is taken for material under the request: patterns are tried at each word
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. Names are as written."""

    words: str  # the asker's instruction, without what was pasted
    pasted: str
    acts: tuple[Act, ...]
    kind: str  # request, reply, decline, schedule, follow_up, status, thanks, apology
    language: Language | None  # None: not said
    words_language: Language
    tone: Tone
    length: Length
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    subject: str | None
    is_reply: bool  # there is a thread, and no new mail was asked for
    says_reply: bool  # "reply", "answer": those in copy stay in copy
    is_summary: bool
    reply_all: bool
    wants_attachment: bool
    mentions_attachment: bool
    wants_policy: bool
    wants_sources: bool
    wants_action_items: bool
    excluded: tuple[str, ...]  # what must not be said
    answers: tuple[str, ...] = ()  # to the question whom it is for


def read_request(
    text: str, options: EmailOptions, names: NamePattern, *, has_thread: bool, usual_tone: Tone = "neutral"
) -> Wish:
    """Return what is asked for. Never fails: what isn't understood is simply not in it.

    `usual_tone` is the one that counts when the request names none.
    """
    words, pasted = split_pasted(text.replace("\r\n", "\n").strip())
    words_language = language_of(words)
    without_subject, subject = _without_subject(words)
    cc, bcc, steered = named_copies(without_subject, names)
    acts = _acts(steered, names, words_language)
    is_reply = bool(_REPLY.search(words)) and (has_thread or bool(pasted))
    return Wish(
        words=words,
        pasted=pasted,
        acts=tuple(acts),
        kind=_kind(words, acts, is_reply=is_reply),
        language=options.language or asked_language(words),
        words_language=words_language,
        tone=options.tone or asked_tone(words) or usual_tone,
        length=options.length or asked_length(words),
        to=options.to or tuple(named_recipients(steered, names)) or _named_in(options.answers, names),
        cc=options.cc or tuple(cc),
        bcc=options.bcc or tuple(bcc),
        subject=options.subject or subject,
        is_reply=is_reply or (has_thread and not re.search(r"\bnew (?:e-?)?mail\b|\bseparate\b", words, re.I)),
        says_reply=is_reply,
        is_summary=bool(_SUMMARY.search(words)),
        reply_all=options.reply_all
        if options.reply_all is not None
        else bool(_REPLY_ALL.search(words)) and not _NOT_ALL.search(words),
        wants_attachment=bool(_ATTACH_ORDER.search(words)),
        mentions_attachment=bool(_ATTACH.search(words)),
        wants_policy=bool(_POLICY.search(words)),
        wants_sources=bool(_FROM_SOURCES.search(words)),
        wants_action_items=bool(_ACTION_ITEMS.search(words)),
        excluded=tuple(match[1].strip() for match in _EXCLUDE.finditer(words)),
        answers=options.answers,
    )


def _named_in(answers: Sequence[str], names: NamePattern) -> tuple[str, ...]:
    """Return whom the answers name; an answer in which no name is recognised is one."""
    return tuple(name for answer in answers for name in (names.split(answer) or [answer]))


def split_pasted(text: str) -> tuple[str, str]:
    """Return the asker's own words, and the mail or notes pasted under them."""
    found = _PASTED.search(text)
    if found is None or not text[: found.start()].strip():
        words, pasted = text, ""
    else:
        words, pasted = text[: found.start()].strip(), text[found.start() :].strip('"`\n ')
    if len(words) > MAX_INSTRUCTION_CHARS:
        cut = words.rfind("\n", 0, MAX_INSTRUCTION_CHARS)
        cut = cut if cut > 0 else MAX_INSTRUCTION_CHARS
        words, pasted = words[:cut], f"{words[cut:]}\n{pasted}".strip()
    return words, pasted


def _without_subject(words: str) -> tuple[str, str | None]:
    found = _SUBJECT.search(words)
    if found is None:
        return words, None
    return (words[: found.start()] + " " + words[found.end() :]).strip(), (found[1] or found[2]).strip()


def _acts(words: str, names: NamePattern, language: Language) -> list[Act]:
    acts: list[Act] = []
    sentences = [one.strip() for one in _SENTENCE.split(words) if one and one.strip()]
    is_answer, is_asking = wants_answers(_LEAD.sub("", words)), False
    for number, sentence in enumerate(sentences):
        if _CONTROL.search(sentence) or not re.search(r"\w{2}", sentence):
            continue
        plain = _without_steering(_LEAD.sub("", sentence))
        if plain.endswith("?") and _LEAD.match(sentence):
            plain = plain[:-1]  # the question was put to Steward, not to the recipient
        to_answer, to_ask = without_asking(plain)
        if is_answer and not is_asking and (questions := questions_of(to_answer, request=words)):
            acts += [Act("question", one) for one in questions]
            plain = to_ask
        if to_ask and plain.startswith(to_ask):
            plain = re.sub(r"^\W*(?:(?:and|then|also|but|und)\s+)*", "", plain, flags=re.IGNORECASE)
        is_asking = is_asking or bool(to_ask)
        if not plain:
            continue
        found, lead = read_acts(plain, names, language)
        about = _ABOUT.search(re.sub(r"[:.].*$", "", lead.strip(" ,.")))
        if found:
            if about and len(about[1].split()) > 1 and number == 0:
                acts.append(Act("about", _TASKS.sub("", _tidy(about[1]))))
            acts += [part for act in found for part in _parts(Act(act.kind, _tidy(act.text)))]
        else:
            acts += _plain_sentence(plain, about[1] if about else None, is_first=number == 0, names=names)
    acts = _opened_by_noun(acts, sentences[0] if sentences else "")
    return [act for act in acts if re.search(r"\w", act.text) and not _MATERIAL.fullmatch(act.text)]


def _opened_by_noun(acts: list[Act], first: str) -> list[Act]:
    """Begin "a polite decline to …" with the decline, where no act says it."""
    for kind, nouns in _KIND_NOUNS:
        if re.search(nouns, first, re.IGNORECASE) and acts and all(act.kind in ("statement", "that") for act in acts):
            return [Act(f"kind:{kind}", kind), *acts]
    return acts


def _parts(act: Act) -> list[Act]:
    """Split "the price and that we agree" and "the plan and for the reason" into acts of their own."""
    if act.kind not in ("that", "include", "ask_for", "inform_about", "thank_for", "apologise_for"):
        return [act]
    joint = (
        r",?;? (?:and|und) (?:that|dass) "
        if act.kind not in ("ask_for", "thank_for", "apologise_for")
        else r",? and (?:also )?for "
    )
    if act.kind == "that" and (task := re.search(r",? and to (?=[a-z]+ )(.+)$", act.text)):
        return [*_parts(Act("that", act.text[: task.start()])), Act("please", task[1])]
    first, *others = re.split(joint, act.text)
    kind = act.kind if act.kind in ("ask_for", "thank_for", "apologise_for") else "that"
    return [Act(act.kind, first), *(Act(kind, other) for other in others)]


def _plain_sentence(sentence: str, about: str | None, *, is_first: bool, names: NamePattern) -> list[Act]:
    """Return the acts of a sentence without a known verb: what follows its colon, its subject, or itself."""
    before, colon, after = sentence.partition(": ")
    if colon and len(before.split()) <= 14 and is_first:
        topic = [Act("about", _tidy(about.split(":")[0]))] if about else []
        return [*topic, Act("statement", after.strip())]
    if is_first and (named := _by_noun(sentence, names)):
        return [named]
    if is_first and (told := _THAT.search(sentence)):
        return [Act("that", _tidy(told[1]))]
    if about and is_first:
        return [Act("about", _TASKS.sub("", _tidy(about)))]
    if answer := re.search(r"\bwith an? (yes|no) (?:on|to|for|about) (.+)$", sentence, re.IGNORECASE):
        return [Act("that", f"my answer on {_tidy(answer[2])} is {answer[1].lower()}")]
    if is_first and (told := _WITH.search(sentence)):
        return [Act("include", _tidy(told[1]))]
    handed = re.search(
        rf"^\W*(?i:e-?mail|mail|send|forward|pass|give)(?i: on)? (?P<what>(?i:the|our|my|this"
        rf"|an?) [^.]*?) (?i:to) {names.many}",
        sentence,
    )
    if is_first and handed and not _IS_MAIL.search(handed["what"]):
        return [Act("about" if re.search(r"\d", handed["what"]) else "include", _tidy(handed["what"]))]
    commands = (
        r"^\W*(?:write|draft|send|compose|prepare|e-?mail|mail|reply|answer|respond|schreib\w*|antworte\w*"
        r"|entwirf|verfasse|écri\w+|réponds?\w*|escrib\w+|responde\w*|escrev\w+)\b"
    )
    if re.search(commands, sentence, re.IGNORECASE):
        return []
    return [Act("statement", sentence.strip())]


def _by_noun(sentence: str, names: NamePattern) -> Act | None:
    for kind, nouns, links in _NOUNS:
        found = re.search(
            rf"(?i:\b(?:{nouns})\b)(?i:[ -](?:note|mail|e-?mail|message|letter))?"
            rf"(?: (?i:to|an)(?: (?i:our|the|my) [a-z]+)? {names.many})? (?i:{links}) (?P<what>\S.*)$",
            sentence,
        )
        if found and not re.match(rf"{names.many}\W*$", found["what"]):
            return Act(kind, _tidy(found["what"]))
    return None


_IS_MAIL = re.compile(
    r"\b(?:attach\w*|e-?mails?|mail|message|note|reply|summary|update|follow[ -]?up|reminder|invitation|answer"
    r"|recap|draft|files?)\b",
    re.IGNORECASE,
)
_TASKS = re.compile(
    r"\s+with (?:the|our|all|its) (?:action items?|next steps|to-?dos?|tasks|minutes)\b.*$", re.IGNORECASE
)
_THAT = re.compile(r"\b(?:saying|that|dass) (?:that )?(\S+ .+)$", re.IGNORECASE)
_WITH = re.compile(r"\b(?:with|including|containing|giving|listing) ((?:the|our|all|my) [^.]+)\.?$", re.IGNORECASE)
_STEERING = re.compile(
    r",?\s*(?:and |but |und )?\b(?:politely|briefly|formally|firmly|in (?:a )?(?:friendly|formal|firm|neutral|warm"
    r"|polite) (?:way|tone|manner)"
    r"|in (?:english|german|french|spanish|portuguese)|auf (?:deutsch|englisch|französisch|spanisch|portugiesisch)"
    r"|(?:en|em) (?:français|español|português|anglais|allemand|inglés)"
    r"|keep(?:ing)? (?:it|the tone|this) (?:very )?(?:short|brief|formal|friendly|firm|polite|warm"
    r"|neutral)(?:,? (?:and|but) (?:short|brief|formal|friendly|firm|polite|warm|neutral))?"
    r"|make it (?:short|brief|formal|friendly|firm|polite|warm)|(?:friendly|formal|firm|neutral|short) tone"
    r"|kurz und freundlich|freundlich und kurz)\b"
    r"|\bas attached\b|\busing the attached \w+\b",
    re.IGNORECASE,
)
_ORDER_TO_ATTACH = re.compile(
    r",?\s*(?:and |und )?\b(?:attach|enclose|attaching|enclosing)\b (?:the |our |my |a )?[\w .'-]{2,60}$", re.I
)
_ORDER_NOT_TO = re.compile(
    r",?\s*(?:and |but )?\b(?:don'?t|do not|without) (?:mention|say|reveal|promise|mentioning|saying|revealing)\b.*$",
    re.I,
)


def _without_steering(sentence: str) -> str:
    for pattern in (_STEERING, _ORDER_NOT_TO):
        sentence = pattern.sub("", sentence)
    return re.sub(r"\s+([.,;])", r"\1", sentence).strip()


def _tidy(text: str) -> str:
    text = _ORDER_TO_ATTACH.sub("", text) if not re.match(r"(?i)attach", text) else text
    return text.strip().strip(",;").rstrip(".").strip()


def _kind(words: str, acts: list[Act], *, is_reply: bool) -> str:
    for kind, pattern in _KINDS:
        if re.search(pattern, words, re.IGNORECASE):
            return kind
    return "reply" if is_reply or any(act.kind == "question" for act in acts) else "request"
