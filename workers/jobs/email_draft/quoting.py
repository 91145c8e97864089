"""Put what the sources say into a mail: looked-up values, answers, action items, policies and passages, all verbatim.

What no source says becomes a placeholder, and each quote is noted with its origin in `Written.sources`.
"""

from __future__ import annotations

import re

from assistant.mail.draft import DraftSource
from workers.jobs.email_draft.action_items import action_items
from workers.jobs.email_draft.acts import Act
from workers.jobs.email_draft.extracts import find_value, lines_with_facts, quotes_about, section_of, sentences_of
from workers.jobs.email_draft.facts import facts_in
from workers.jobs.email_draft.material import Material, Source
from workers.jobs.email_draft.phrases import phrase
from workers.jobs.email_draft.questions import answers_among, restated
from workers.jobs.email_draft.request import Wish
from workers.jobs.email_draft.setting import Setting, Written, capital, filled, to_you
from workers.jobs.email_draft.thread import ThreadMessage

QUOTES = {"short": 1, "medium": 3, "long": 6}  # sources quoted at most, by length
_ITEMS = re.compile(r"\b(?:action items?|next steps|to-?dos?|tasks|aufgaben)\b", re.IGNORECASE)
_FIGURES = re.compile(r"\b(?:figures|numbers|facts|details|data|results|kennzahlen|zahlen)$", re.IGNORECASE)
_IS_WHEN = re.compile(r"\b(?:dates?|deadline|when|day|time|launch|termin|release)\b", re.IGNORECASE)


def quoted_passages(wish: Wish, material: Material, setting: Setting, written: Written) -> list[str]:
    """Return action items, policies and passages of the sources, each verbatim and with its origin."""
    paragraphs = []
    by_title: dict[str, list[str]] = {}
    for ref, title, quote in setting.policy:
        by_title.setdefault(title, []).append(f"“{quote}”")
        written.sources.append(DraftSource(ref=ref, quote=quote[:1200]))
    paragraphs += ["\n".join([filled("policy", title, setting), *quotes]) for title, quotes in by_title.items()]
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


def answer_to(act: Act, wish: Wish, material: Material, setting: Setting, written: Written) -> str:
    """Return the answer to one question of the request: quoted, or a placeholder. Never the question itself."""
    asked = [one.text for one in wish.acts if one.kind == "question"]
    own = {word for box in setting.to for word in box.name.split()}
    is_to_one = len(setting.to) + len(setting.unresolved) == 1 and not any(
        set(re.findall(r"(?<!^)\b[A-Z][a-z]+\b", one)) - own for one in asked
    )
    topic = restated(act.text, is_to_one=is_to_one) if setting.language == "en" else None
    on = filled("answer_on", to_you(topic, setting), setting) if topic else filled("answer_open", "", setting)
    quotes = [
        (one.source.ref, _who_said(one.source, setting), one.quote)
        for one in answers_among(act.text, material.sources, outsiders=setting.outsiders)
        if not any(day in one.quote for day in setting.contradictory)
    ] or [(ref, filled("policy", title, setting), quote) for ref, title, quote in setting.answers.get(act.text, ())]
    if not quotes:
        number = "" if len(asked) == 1 else f" {asked.index(act.text) + 1}"
        plain = re.sub(r"[\[\]\n]", " ", act.text)[:150]
        return f"{on} [[answer{number}]]." if topic else f"{on} [[answer{number}: {plain}]]."
    written.sources += [DraftSource(ref=ref, quote=quote[:1200]) for ref, _, quote in quotes]
    return "\n".join([on, quotes[0][1], *(f"- “{quote}”" for _, _, quote in quotes)])


def open_questions(answered: ThreadMessage, material: Material, setting: Setting, written: Written) -> list[str]:
    """Return the questions of the message that is answered, each with a placeholder for its answer."""
    source = next((one for one in material.sources if one.message is answered), None)
    asked = [one for one in sentences_of(source) if one.endswith("?")][:6] if source else []
    if source is None or not asked:
        return ["[[what you want to answer]]"]
    written.sources += [DraftSource(ref=source.ref, quote=one) for one in asked]
    answers = [f"- “{one}”\n  [[answer {number}]]" for number, one in enumerate(asked, 1)]
    return ["\n".join([filled("you_wrote", "", setting), *answers])]


def looked_up(act: Act, text: str, wish: Wish, material: Material, setting: Setting, written: Written) -> list[str]:
    """Return what the sources say about the thing that is to be told, else a placeholder for it."""
    topic = re.sub(r"^(?:the|our|my|his|her|your|their|a|an|that)\s+", "", text, flags=re.IGNORECASE)
    if facts_in(text).figures or facts_in(text).days or facts_in(text).addresses:
        return [f"{capital(text)}."]
    parts = re.split(r",\s*(?:and\s+)?|\s+and\s+", topic)
    lines = []
    for part in [one for one in parts if one.strip()]:
        name = re.sub(r"^(?:the|our|my|his|her|your|their)\s+", "", part.strip(), flags=re.IGNORECASE)
        name = re.sub(r",?\s+(?:according to|as per|based on)\b.*$", "", name)
        if _ITEMS.search(name) and wish.wants_action_items and action_items(material.sources):
            continue
        if bullets := section_of(name, material.sources):
            lines += [f"{capital(name)}:", *(f"- {one.quote}" for one in bullets)]
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
            lines.append(f"- {capital(name)}: [[{name[:120]}{': ' if choice else ''}{choice}]]")
        else:
            label = "" if found.quote.lower().startswith(name.lower()) else f"{capital(name)}: "
            lines.append(f"- {label}{found.quote}")
            written.sources.append(DraftSource(ref=found.source.ref, quote=found.quote[:1200]))
    return lines


def _who_said(source: Source, setting: Setting) -> str:
    if source.message and source.message.sender.address == setting.asker.lower():
        return filled("i_wrote", "", setting)
    return filled("wrote" if source.message else "said", source.author or source.title, setting)


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
        return filled("you_wrote", "", setting) if is_theirs else filled("wrote", source.author, setting)
    return filled("said", source.title, setting)
