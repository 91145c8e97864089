"""In which tone and language an answer is wanted: set by a channel's owners or the asker, and never by a document."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from assistant.frozen import Frozen

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


def _known(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"no language {code!r} to answer in")
    return code


LanguageCode = Annotated[str, AfterValidator(_known)]


class Manner(Frozen):
    """How the answer should sound. The default asks for nothing."""

    tone: Tone = "neutral"
    language: LanguageCode | None = None  # None: as the question
    signature: str = Field("", max_length=120)  # under e-mail drafts; empty: the asker's name

    def lines(self) -> tuple[str, ...]:
        """Return what a model is told, as the prompt files explain it; nothing when nothing was set."""
        tone = (f"tone: {self.tone}",) if self.tone != "neutral" else ()
        language = (f"language: {LANGUAGES[self.language]}",) if self.language else ()
        return (*tone, *language)
