"""Write a draft without a language model: fixed phrases around the asker's own words and quoted sources.

Each kind of e-mail has its opening and its end; the facts in between are the asker's, or stand in a source, or are
left as `[[placeholder]]`. Nothing is translated or rephrased, so that nothing is invented. Labelled as such.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.mail.draft import DraftSource, Language, Tone
from workers.jobs.email_draft.action_items import action_items
from workers.jobs.email_draft.acts import Act
from workers.jobs.email_draft.extracts import find_value, lines_with_facts, quotes_about, section_of, sentences_of
from workers.jobs.email_draft.facts import facts_in
from workers.jobs.email_draft.material import Material, Source
from workers.jobs.email_draft.phrases import closing, greeting, phrase, subject_word
from workers.jobs.email_draft.questions import answers_among, restated
from workers.jobs.email_draft.request import Wish
from workers.jobs.email_draft.thread import Mailbox, ThreadMessage

MAX_SUBJECT_CHARS = 90
QUOTES = {"short": 1, "medium": 3, "long": 6}  # sources quoted at most, by length
_ASKS = {"ask_to", "ask_for", "ask_whether", "ask_what", "ask_about", "please"}
_ENDS = {"decline": "decline_end", "request": "request_end", "apology": "apology_end", "status": "status_end",
         "follow_up": "status_end", "schedule": "suits"}  # fmt: skip
_ITEMS = re.compile(r"\b(?:action items?|next steps|to-?dos?|tasks|aufgaben)\b", re.IGNORECASE)
_FIGURES = re.compile(r"\b(?:figures|numbers|facts|details|data|results|kennzahlen|zahlen)$", re.IGNORECASE)
_IS_WHEN = re.compile(r"\b(?:dates?|deadline|when|day|time|launch|termin|release)\b", re.IGNORECASE)


@dataclass
class Written:
    """What the template engine wrote."""

    subject: str = ""
    body: str = ""
    sources: list[DraftSource] = field(default_factory=list)
    found_items: int = 0


@dataclass(frozen=True)
class Setting:
    """What the writing depends on besides the wish."""

    language: Language
    tone: Tone
    to: Sequence[Mailbox]
    unresolved: Sequence[str]  # names as written, where no address was found
    answered: ThreadMessage | None
    signature: str
    attachments: Sequence[str]  # names of the files that go along
    contradictory: Sequence[str]  # days that the sources disagree on, as written
    policy: Sequence[tuple[str, str, str]]  # (ref, title, quote)
    answers: Mapping[str, Sequence[tuple[str, str, str]]] = field(
        default_factory=dict
    )  # policies' quotes by question
    outsiders: Collection[str] = ()  # addresses of the thread outside the company
    asker: str = ""  # address


def write(wish: Wish, material: Material, setting: Setting) -> Written:
    """Return subject and body, with the sources of what was quoted."""
    written = Written()
    paragraphs = [_opening(wish, setting), *_said(wish, material, setting, written)]
    paragraphs += _quoted(wish, material, setting, written)
    if not any(paragraphs[1:]) or (not wish.acts and len(written.sources) == 0 and setting.answered is None):
        paragraphs.append("[[what the e-mail should say]]")
    if setting.attachments:
        paragraphs.append(_filled("attached", ", ".join(setting.attachments), setting))
    paragraphs.append(_end(wish, setting))
    head = greeting(_names(setting), setting.language, setting.tone)
    tail = f"{closing(setting.language, setting.tone)}\n{setting.signature or '[[your name]]'}"
    written.body = "\n\n".join([head, *(one for one in paragraphs if one), tail])
    written.subject = _subject(wish, setting)
    return written


def _names(setting: Setting) -> list[str]:
    names = []
    for box in setting.to:
        name = re.sub(r",.*$", "", box.name)
        if name:
            names.append(name if setting.tone == "formal" or _is_formal_german(setting) else name.split(" ")[0])
    if not names and not setting.to:
        names = [
            re.sub(r"['’]s?$", "", one).title() if one.islower() else one
            for one in setting.unresolved
            if "@" not in one
        ]
        names = [one for one in names if one.lower() not in ("everyone", "everybody", "alle", "all staff", "my team")]
    return names if len(names) == len(setting.to) or not setting.to else []


def _is_formal_german(setting: Setting) -> bool:
    return setting.language == "de" and setting.tone != "friendly"


def _opening(wish: Wish, setting: Setting) -> str:
    has_thanks = any(act.kind == "thank_for" for act in wish.acts)
    if setting.answered is None or has_thanks or setting.tone == "firm":
        return ""
    return phrase("reply_open", setting.language, setting.tone) or ""


def _end(wish: Wish, setting: Setting) -> str:
    kind = wish.kind
    if kind == "request" and not any(act.kind in _ASKS for act in wish.acts):
        return ""
    if wish.length == "short" and kind not in ("schedule",):
        return ""
    return phrase(_ENDS.get(kind, ""), setting.language, setting.tone) or ""


def _said(wish: Wish, material: Material, setting: Setting, written: Written) -> list[str]:
    """Return the asker's own words as sentences of the mail."""
    if wish.acts:
        written.sources.append(DraftSource(ref="request", quote=wish.words[:1200]))
    elif wish.kind in ("decline", "apology", "thanks") and (
        plain := phrase(f"kind:{wish.kind}", setting.language, setting.tone)
    ):
        written.sources.append(DraftSource(ref="request", quote=wish.words[:1200]))
        return [plain]
    elif setting.answered is not None and not wish.is_summary and not setting.attachments:
        return _unanswered(setting.answered, material, setting, written)
    if setting.language != wish.words_language and wish.acts:
        return _untranslated(wish, setting)
    lines = []
    for act in wish.acts:
        lines += _sentence(act, wish, material, setting, written)
    if any(act.kind == "question" for act in wish.acts):
        return lines
    asks = [line for line in lines if not line.startswith("- ")]
    return ["\n".join(lines)] if len(asks) != len(lines) else [" ".join(lines)] if lines else []


def _unanswered(answered: ThreadMessage, material: Material, setting: Setting, written: Written) -> list[str]:
    """Return the questions of the message that is answered, each with a placeholder for its answer."""
    source = next((one for one in material.sources if one.message is answered), None)
    asked = [one for one in sentences_of(source) if one.endswith("?")][:6] if source else []
    if source is None or not asked:
        return ["[[what you want to answer]]"]
    written.sources += [DraftSource(ref=source.ref, quote=one) for one in asked]
    answers = [f"- “{one}”\n  [[answer {number}]]" for number, one in enumerate(asked, 1)]
    return ["\n".join([_filled("you_wrote", "", setting), *answers])]


def _answered(act: Act, wish: Wish, material: Material, setting: Setting, written: Written) -> str:
    """Return the answer to one question of the request: quoted, or a placeholder. Never the question itself."""
    asked = [one.text for one in wish.acts if one.kind == "question"]
    own = {word for box in setting.to for word in box.name.split()}
    is_to_one = len(setting.to) + len(setting.unresolved) == 1 and not any(
        set(re.findall(r"(?<!^)\b[A-Z][a-z]+\b", one)) - own for one in asked
    )
    topic = restated(act.text, is_to_one=is_to_one) if setting.language == "en" else None
    on = _filled("answer_on", _to_you(topic, setting), setting) if topic else _filled("answer_open", "", setting)
    quotes = [
        (one.source.ref, _who_said(one.source, setting), one.quote)
        for one in answers_among(act.text, material.sources, outsiders=setting.outsiders)
        if not any(day in one.quote for day in setting.contradictory)
    ] or [(ref, _filled("policy", title, setting), quote) for ref, title, quote in setting.answers.get(act.text, ())]
    if not quotes:
        number = "" if len(asked) == 1 else f" {asked.index(act.text) + 1}"
        plain = re.sub(r"[\[\]\n]", " ", act.text)[:150]
        return f"{on} [[answer{number}]]." if topic else f"{on} [[answer{number}: {plain}]]."
    written.sources += [DraftSource(ref=ref, quote=quote[:1200]) for ref, _, quote in quotes]
    return "\n".join([on, quotes[0][1], *(f"- “{quote}”" for _, _, quote in quotes)])


def _who_said(source: Source, setting: Setting) -> str:
    if source.message and source.message.sender.address == setting.asker.lower():
        return _filled("i_wrote", "", setting)
    return _filled("wrote" if source.message else "said", source.author or source.title, setting)


def _sentence(act: Act, wish: Wish, material: Material, setting: Setting, written: Written) -> list[str]:
    if act.kind == "question":
        return [_answered(act, wish, material, setting, written)]
    text = _to_you(act.text, setting) if setting.language == "en" else act.text
    template = phrase(act.kind, setting.language, setting.tone)
    if act.kind.startswith("kind:"):
        return [template or ""]
    if template is None:
        return [_filled("frame", text, setting)]
    if setting.language == "en" and act.kind in ("include", "unknown"):
        return _looked_up(act, text, wish, material, setting, written)
    if act.kind == "arrange":
        text = text[:1].lower() + text[1:]
    if act.kind == "ask_to" and text.lower().startswith("not "):
        return [f"Please do {text}."]
    if template.endswith((".", "?")):
        text = text.rstrip("!")
    if act.kind == "decline":
        text = re.sub(r"\s+ab$", "", text)
    if act.kind == "statement":
        return [_capital(text) if text.endswith((".", "!", "?", ")", "”", '"')) else f"{_capital(text)}."]
    if act.kind in ("that", "statement"):
        text = _capital(text) if template.startswith("{}") else text
        sentence = template.format(text) if not text.endswith(("?", "!", ".")) else text
        return [sentence]
    return [template.format(text).replace("??", "?").replace("?.", "?")]


def _looked_up(act: Act, text: str, wish: Wish, material: Material, setting: Setting, written: Written) -> list[str]:
    """Return what the sources say about the thing that is to be told, else a placeholder for it."""
    topic = re.sub(r"^(?:the|our|my|his|her|your|their|a|an|that)\s+", "", text, flags=re.IGNORECASE)
    if facts_in(text).figures or facts_in(text).days or facts_in(text).addresses:
        return [f"{_capital(text)}."]
    parts = re.split(r",\s*(?:and\s+)?|\s+and\s+", topic)
    lines = []
    for part in [one for one in parts if one.strip()]:
        name = re.sub(r"^(?:the|our|my|his|her|your|their)\s+", "", part.strip(), flags=re.IGNORECASE)
        name = re.sub(r",?\s+(?:according to|as per|based on)\b.*$", "", name)
        if _ITEMS.search(name) and wish.wants_action_items and action_items(material.sources):
            continue
        if bullets := section_of(name, material.sources):
            lines += [f"{_capital(name)}:", *(f"- {one.quote}" for one in bullets)]
            written.sources += [DraftSource(ref=one.source.ref, quote=one.quote[:1200]) for one in bullets]
            continue
        name = re.sub(r"\s+(?:from|in) (?:the |our |my )?(?:attached |meeting )?\w+$", "", name)
        if wish.wants_policy and setting.policy and re.search(r"polic|rule|guideline", name, re.IGNORECASE):
            continue
        unsettled = bool(setting.contradictory) and _IS_WHEN.search(name) is not None
        found = None if unsettled else find_value(name, material.sources, setting.contradictory)
        if found is None and _FIGURES.search(name) and (lines_with := lines_with_facts(material.sources)):
            lines += [f"- {one.quote}" for one in lines_with]
            written.sources += [DraftSource(ref=one.source.ref, quote=one.quote[:1200]) for one in lines_with]
        elif found is None:
            choice = " or ".join(dict.fromkeys(setting.contradictory)) if _IS_WHEN.search(name) else ""
            lines.append(f"- {_capital(name)}: [[{name[:120]}{': ' if choice else ''}{choice}]]")
        else:
            label = "" if found.quote.lower().startswith(name.lower()) else f"{_capital(name)}: "
            lines.append(f"- {label}{found.quote}")
            written.sources.append(DraftSource(ref=found.source.ref, quote=found.quote[:1200]))
    return lines


def _untranslated(wish: Wish, setting: Setting) -> list[str]:
    """Return the kind's phrase in the wanted language, the facts, and a placeholder for what needs translating."""
    words = "; ".join(act.text for act in wish.acts)
    found = facts_in(words)
    shown = dict.fromkeys(
        [*(day.shown for day in found.days), *(one.shown for one in found.figures), *found.addresses]
    )
    lines = [phrase(f"kind:{wish.kind}", setting.language, setting.tone) or ""]
    note = phrase("translate", setting.language, setting.tone) or f"in {setting.language}"
    plain = words.replace("[", "(").replace("]", ")").replace("\n", " ")
    lines.append(f"[[{note}: {plain[:170]}]]")
    if shown:
        lines.append(_filled("facts", "; ".join(shown), setting))
    return [" ".join(line for line in lines if line)]


def _quoted(wish: Wish, material: Material, setting: Setting, written: Written) -> list[str]:
    """Return action items, policies and passages of the sources, each verbatim and with its origin."""
    paragraphs = []
    by_title: dict[str, list[str]] = {}
    for ref, title, quote in setting.policy:
        by_title.setdefault(title, []).append(f"“{quote}”")
        written.sources.append(DraftSource(ref=ref, quote=quote[:1200]))
    paragraphs += ["\n".join([_filled("policy", title, setting), *quotes]) for title, quotes in by_title.items()]
    if wish.wants_action_items and (items := action_items(material.sources)):
        written.found_items = len(items)
        paragraphs.append(
            "\n".join([phrase("items", setting.language, setting.tone) or "", *(f"- {item}" for item, _ in items)])
        )
        written.sources += [DraftSource(ref=source.ref, quote=item[:1200]) for item, source in items]
    elif _may_quote(wish, setting):
        most = QUOTES[wish.length]
        about = " ".join(act.text for act in wish.acts) or ("" if wish.is_summary else wish.words)
        chosen = quotes_about(
            about, material.sources, most=most, excluded=wish.excluded, doubtful=setting.contradictory
        )
        for source, quotes in chosen:
            paragraphs.append(f"{_origin(source, setting)}\n" + "\n".join(f"- {quote}" for quote in quotes))
            written.sources += [DraftSource(ref=source.ref, quote=quote[:1200]) for quote in quotes]
    return paragraphs


def _may_quote(wish: Wish, setting: Setting) -> bool:
    """Whether passages of the sources belong in the mail: a summary or status is asked for, or a mere topic given.

    Not where a file goes along by itself, and not in an answer that the asker has yet to give.
    """
    if wish.is_summary:
        return True
    if not wish.acts and (setting.answered is not None or setting.attachments):
        return False
    topic_only = all(act.kind in ("about", "inform_about", "follow_up") for act in wish.acts)
    return wish.kind in ("status", "follow_up") or (wish.wants_sources and topic_only)


def _origin(source: Source, setting: Setting) -> str:
    if source.kind == "message":
        is_theirs = len(setting.to) == 1 and source.message and source.message.sender.address == setting.to[0].address
        return _filled("you_wrote", "", setting) if is_theirs else _filled("wrote", source.author, setting)
    return _filled("said", source.title, setting)


def _filled(name: str, text: str, setting: Setting) -> str:
    template = phrase(name, setting.language, setting.tone) or phrase(name, "en", setting.tone) or "{}"
    return template.format(text) if text else template.replace(" {}", "").replace("{}", "")


def _to_you(text: str, setting: Setting) -> str:
    """Turn "he", "her order" into "you", "your order", where they can only mean the one recipient."""
    if len(setting.to) == 1 and setting.to[0].name:
        plain = re.sub(r",.*$", "", setting.to[0].name)
        for name in (plain, plain.split(" ")[0]):
            text = re.sub(rf"\b{re.escape(name)}(?:['’]s|['’])(?=\s)", "your", text)
            text = re.sub(rf"\b(with|from|to) {re.escape(name)}\b(?! [A-Z])(?!['’])", r"\1 you", text)
    if len(setting.to) + len(setting.unresolved) != 1:
        for written, instead in (("their", "your"), ("they", "you"), ("them", "you")) if setting.to else ():
            text = re.sub(rf"\b{written}\b", instead, text)
        return text
    if not re.search(r"\b(?:they|them|people|team|customers|colleagues)\b", text, re.IGNORECASE):
        text = re.sub(r"\btheir\b", "your", text)
    others = re.findall(r"(?<!^)\b[A-Z][a-z]+\b", text)
    own = {word for box in setting.to for word in box.name.split()}
    if any(re.search(rf"\b{word}\b.*\b(?:he|she|his|her|him)\b", text) for word in others if word not in own):
        return text
    pairs = (
        (r"\bdoes (?:he|she)\b", "do you"), (r"\bDoes (?:he|she)\b", "Do you"),
        (r"\bis (?:he|she)\b", "are you"), (r"\bIs (?:he|she)\b", "Are you"),
        (r"\bhas (?:he|she)\b", "have you"), (r"\bHas (?:he|she)\b", "Have you"),
        (r"\bwas (?:he|she)\b", "were you"), (r"\bWas (?:he|she)\b", "Were you"),
        (r"\b(?:he|she)(?: is|['’]s)\b", "you are"), (r"\b(?:he|she) has\b", "you have"), (r"\b(?:he|she) was\b", "you were"),  # noqa: E501
        (r"\b(?:he|she) does\b", "you do"), (r"\b(?:he|she) (\w+[^s\W])s\b", r"you \1"),
        (r"\b(?:he|she)\b", "you"), (r"\bhim\b", "you"), (r"\bhis\b", "your"),
        (r"\bher\b(?= (?!to\b|that\b|for\b|on\b|by\b|at\b|in\b|if\b|about\b|and\b|with\b|back\b|when\b|once\b|before\b|after\b|as\b)\w)", "your"),  # noqa: E501
        (r"\bher\b", "you"), (r"\b(?:himself|herself)\b", "yourself"),
    )  # fmt: skip
    for pattern, instead in pairs:
        text = re.sub(pattern, instead, text)
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _subject(wish: Wish, setting: Setting) -> str:
    """Return the asker's subject; the thread's with "Re:"; else the first topic of the request."""
    if wish.subject:
        return one_line(wish.subject)
    if setting.answered is not None:
        plain = re.sub(r"^(?:(?:re|aw|fwd?|wg|sv|tr|rv)\s*:\s*)+", "", setting.answered.subject, flags=re.IGNORECASE)
        return f"Re: {plain}"
    word = subject_word(wish.kind, setting.language)
    topic = next(
        (
            act.text
            for act in wish.acts
            if act.kind
            in (
                "about",
                "inform_about",
                "follow_up",
                "thank_for",
                "apologise_for",
                "decline",
                "ask_for",
                "ask_about",
                "remind_of",
                "include",
            )
        ),
        "",
    )
    topic = topic or next((act.text for act in wish.acts if act.kind != "question"), "")
    if not topic or setting.language != wish.words_language:
        return word
    if setting.language == "en":
        topic = _to_you(topic, setting)
    topic = re.split(r"(?<=[^\W\d])[.;:?!](?:\s|$)|\n", topic)[0]
    topic = re.sub(r"^(?:\W+|(?:the|a|an|our|his|her|your)\s+)", "", topic, flags=re.IGNORECASE)
    if len(topic) > MAX_SUBJECT_CHARS - len(word):
        topic = topic[: MAX_SUBJECT_CHARS - len(word)].rsplit(" ", 1)[0] + " …"
    return one_line(f"{word}: {topic}")


def one_line(text: str) -> str:
    """Return the first line of a header's text: what follows a line end could be another header."""
    lines = re.split(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]|\\r|\\n", text.strip())
    return " ".join(lines[0].split()) if lines else ""
