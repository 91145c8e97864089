"""Write a draft without a language model: fixed phrases around the asker's own words and quoted sources.

Each kind of e-mail has its opening and its end; the facts in between are the asker's, or stand in a source, or are
left as `[[placeholder]]`. Nothing is translated or rephrased, so that nothing is invented. Labelled as such.
"""

from __future__ import annotations

import re

from assistant.mail.draft import DraftSource
from workers.jobs.email_draft.acts import Act
from workers.jobs.email_draft.facts import facts_in
from workers.jobs.email_draft.material import Material
from workers.jobs.email_draft.phrases import closing, greeting, phrase, subject_word
from workers.jobs.email_draft.quoting import answer_to, looked_up, open_questions, quoted_passages
from workers.jobs.email_draft.request import Wish
from workers.jobs.email_draft.setting import Setting, Written, capital, filled, to_you

MAX_SUBJECT_CHARS = 90
_ASKS = {"ask_to", "ask_for", "ask_whether", "ask_what", "ask_about", "please"}
_ENDS = {"decline": "decline_end", "request": "request_end", "apology": "apology_end", "status": "status_end",
         "follow_up": "status_end", "schedule": "suits"}  # fmt: skip


def write(wish: Wish, material: Material, setting: Setting) -> Written:
    """Return subject and body, with the sources of what was quoted."""
    written = Written()
    paragraphs = [_opening(wish, setting), *_said(wish, material, setting, written)]
    paragraphs += quoted_passages(wish, material, setting, written)
    if not any(paragraphs[1:]) or (not wish.acts and len(written.sources) == 0 and setting.answered is None):
        paragraphs.append("[[what the e-mail should say]]")
    if setting.attachments:
        paragraphs.append(filled("attached", ", ".join(setting.attachments), setting))
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
        return open_questions(setting.answered, material, setting, written)
    if setting.language != wish.words_language and wish.acts:
        return _untranslated(wish, setting)
    lines = []
    for act in wish.acts:
        lines += _sentence(act, wish, material, setting, written)
    if any(act.kind == "question" for act in wish.acts):
        return lines
    asks = [line for line in lines if not line.startswith("- ")]
    return ["\n".join(lines)] if len(asks) != len(lines) else [" ".join(lines)] if lines else []


def _sentence(act: Act, wish: Wish, material: Material, setting: Setting, written: Written) -> list[str]:
    if act.kind == "question":
        return [answer_to(act, wish, material, setting, written)]
    text = to_you(act.text, setting) if setting.language == "en" else act.text
    template = phrase(act.kind, setting.language, setting.tone)
    if act.kind.startswith("kind:"):
        return [template or ""]
    if template is None:
        return [filled("frame", text, setting)]
    if setting.language == "en" and act.kind in ("include", "unknown"):
        return looked_up(act, text, wish, material, setting, written)
    if act.kind == "arrange":
        text = text[:1].lower() + text[1:]
    if act.kind == "ask_to" and text.lower().startswith("not "):
        return [f"Please do {text}."]
    if template.endswith((".", "?")):
        text = text.rstrip("!")
    if act.kind == "decline":
        text = re.sub(r"\s+ab$", "", text)
    if act.kind == "statement":
        return [capital(text) if text.endswith((".", "!", "?", ")", "”", '"')) else f"{capital(text)}."]
    if act.kind in ("that", "statement"):
        text = capital(text) if template.startswith("{}") else text
        sentence = template.format(text) if not text.endswith(("?", "!", ".")) else text
        return [sentence]
    return [template.format(text).replace("??", "?").replace("?.", "?")]


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
        lines.append(filled("facts", "; ".join(shown), setting))
    return [" ".join(line for line in lines if line)]


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
        topic = to_you(topic, setting)
    topic = re.split(r"(?<=[^\W\d])[.;:?!](?:\s|$)|\n", topic)[0]
    topic = re.sub(r"^(?:\W+|(?:the|a|an|our|his|her|your)\s+)", "", topic, flags=re.IGNORECASE)
    if len(topic) > MAX_SUBJECT_CHARS - len(word):
        topic = topic[: MAX_SUBJECT_CHARS - len(word)].rsplit(" ", 1)[0] + " …"
    return one_line(f"{word}: {topic}")


def one_line(text: str) -> str:
    """Return the first line of a header's text: what follows a line end could be another header."""
    lines = re.split(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]|\\r|\\n", text.strip())
    return " ".join(lines[0].split()) if lines else ""
