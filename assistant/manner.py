"""The tone, language and style that are wanted: set by a channel's owners or the asker, never by a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from assistant.frozen import Stored

Tone = Literal["neutral", "friendly", "formal", "brief"]
TONES: Final[dict[str, str]] = {
    "neutral": "Neutral",
    "friendly": "Friendly",
    "formal": "Formal",
    "brief": "Brief: the answer and nothing else",
}
LANGUAGES: Final[dict[str, str]] = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
    "it": "Italian",
    "nl": "Dutch",
}

NAME: Final = "{name}"  # in a greeting, where the name goes
MAX_GREETING_CHARS: Final = 60
MAX_SIGN_OFF_CHARS: Final = 60
MAX_SIGNATURE_CHARS: Final = 400


def _known(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"no language {code!r} to answer in")
    return code


LanguageCode = Annotated[str, AfterValidator(_known)]


class MailStyle(Stored):
    """How one person writes in one language. Stored: add fields with a default, never rename one.

    An empty part: Steward's own words stand there.
    """

    language: LanguageCode
    greeting: str = Field("", max_length=MAX_GREETING_CHARS)  # one line, NAME where the name goes
    sign_off: str = Field("", max_length=MAX_SIGN_OFF_CHARS)  # one line, above the signature
    signature: str = Field("", max_length=MAX_SIGNATURE_CHARS)  # lines

    @property
    def is_empty(self) -> bool:
        """True when no part is known."""
        return not (self.greeting or self.sign_off or self.signature)


def style_in(styles: Sequence[MailStyle], language: str) -> MailStyle:
    """Return the style of this language; an empty one when there is none."""
    return next((one for one in styles if one.language == language), MailStyle(language=language))


class Manner(Stored):
    """How the answer should sound. The default asks for nothing."""

    tone: Tone = "neutral"
    language: LanguageCode | None = None  # None: as the question
    signature: str = Field("", max_length=120)  # under e-mail drafts; empty: the asker's name
    mail_styles: tuple[MailStyle, ...] = ()  # how the asker begins and ends e-mails, where they let it be learned

    def lines(self) -> tuple[str, ...]:
        """Return what a model is told, as the prompt files explain it; nothing when nothing was set."""
        tone = (f"tone: {self.tone}",) if self.tone != "neutral" else ()
        language = (f"language: {LANGUAGES[self.language]}",) if self.language else ()
        return (*tone, *language)
