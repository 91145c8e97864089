"""What stands around a draft's text: greeting, sign-off and signature, chosen from whom they may come.

The asker's words in the request win, then what was learned from their own mails in this language (or they wrote into
their settings), then the fixed phrases. A learned greeting or sign-off belongs to the asker's usual tone: where
another is asked for, its words stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.jobs import Job
from assistant.mail.draft import Language, Tone
from assistant.manner import NAME, MailStyle, style_in
from workers.jobs.email_draft.phrases import closing

YOUR_NAME = "[[your name]]"
_QUOTED = r"[:,]?\s*[\"“„'‘]?(?P<words>[^\"”“'’.;\n]{2,60})"
_SIGN_AS = re.compile(rf"(?:^|[.!?\n]\s*)(?:please )?sign (?:it |this )?as\b{_QUOTED}", re.IGNORECASE)
_SIGN_OFF = re.compile(rf"(?:^|[.!?\n]\s*)(?:please )?sign (?:it |this )?off (?:with|as)\b{_QUOTED}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Frame:
    """The words around the text."""

    greeting: str  # with NAME where the name goes; empty: the fixed phrase
    sign_off: str
    signature: str  # one line or more

    @property
    def ending(self) -> str:
        """The last lines of the mail."""
        return f"{self.sign_off}\n{self.signature}"

    @property
    def grounds(self) -> list[str]:
        """What of it a draft may say that stands in no source."""
        return [one for one in (self.greeting.replace(NAME, ""), self.sign_off, self.signature) if one != YOUR_NAME]


def frame_of(job: Job, words: str, *, language: Language, tone: Tone) -> Frame:
    """Return what stands around the draft; `words` is the request."""
    manner = job.mention.manner
    style = style_in(manner.mail_styles, language)
    if tone != usual_tone(job):
        style = MailStyle(language=language, signature=style.signature)
    names = (_said(_SIGN_AS, words), style.signature, manner.signature, job.mention.asker.name or "", YOUR_NAME)
    return Frame(
        greeting=style.greeting,
        sign_off=_comma(_said(_SIGN_OFF, words), language) or style.sign_off or closing(language, tone),
        signature=next(filter(None, names)),
    )


def usual_tone(job: Job) -> Tone:
    """Return the tone of a request that names none."""
    tone = job.mention.manner.tone
    return "neutral" if tone == "brief" else tone


def _said(pattern: re.Pattern[str], words: str) -> str:
    found = pattern.search(words)
    return found["words"].strip() if found else ""


def _comma(sign_off: str, language: Language) -> str:
    """German has no comma after a sign-off; the others do."""
    if not sign_off or language == "de" or sign_off.endswith((",", "!")):
        return sign_off
    return f"{sign_off},"
