"""Templates of minutes: which sections a kind of meeting gets, in which order and wording, and what a model is told.

One reviewed TOML file a kind in templates/. A folder named by STEWARD_MINUTES_TEMPLATES adds kinds or replaces a
built-in one by its file name; it is read at each job, so an edited file counts for the next minutes.

    title = "Sprint planning"                 # shown in the header
    words = ["sprint planning", "planning"]   # in the request or the meeting's title
    signs = ["story points", "backlog"]       # in the talk; LEAST_SIGNS different ones recognise the kind
    people = 2                                # optional: exactly so many speakers
    sections = ["summary", "decisions", "action_items"]
    summary_words = 150                       # optional
    wishes = "Kind of meeting: …"             # for a language model
    [headings.en]
    decisions = "Scope of the sprint"         # optional; else the language's own heading
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from assistant.errors import RequestInvalid, SettingsInvalid
from assistant.frozen import Frozen
from workers.transcripts.transcript import Transcript

GENERAL = "general"
LEAST_SIGNS = 3
SIGNS_LEAD = 2  # more signs than the next kind; else the kind stays open
_BUILT_IN = Path(__file__).with_name("templates")

SectionName = Literal["summary", "topics", "decisions", "action_items", "open_questions", "per_person"]


class Template(Frozen):
    """One kind of meeting, as its file says."""

    name: str  # of the file, without its suffix
    title: str = Field(min_length=1, max_length=80)
    words: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    people: int | None = Field(default=None, ge=1)
    sections: tuple[SectionName, ...] = Field(min_length=1)
    summary_words: int | None = Field(default=None, ge=40, le=2000)
    wishes: str = Field(default="", max_length=4_000)
    headings: Mapping[str, Mapping[SectionName, str]] = Field(default_factory=dict)

    def heading(self, section: SectionName, language: str) -> str | None:
        """Return the template's own heading of a section, None for the usual one."""
        return self.headings.get(language, {}).get(section)


def read_templates(folder: Path | None = None) -> dict[str, Template]:
    """Return all templates by name; those of the folder win.

    Raises:
        SettingsInvalid: the folder can't be read, or a file in it is no template.
    """
    paths = sorted(_BUILT_IN.glob("*.toml"))
    if folder is not None:
        if not folder.is_dir():
            raise SettingsInvalid(f"STEWARD_MINUTES_TEMPLATES names {folder}, which is no folder.")
        paths += sorted(folder.glob("*.toml"))
    return {path.stem: _read(path) for path in paths}


def choose_template(
    templates: Mapping[str, Template], transcript: Transcript, *, asked: str | None, request: str
) -> Template:
    """Return the template of the option, of the asker's words, of the title, or of the talk; else the general one.

    Raises:
        RequestInvalid: the option names no template.
    """
    if asked is not None:
        if (found := templates.get(asked.lower().replace("-", "_"))) is None:
            raise RequestInvalid(
                f"no template {asked!r}", reply=f"I know no template {asked!r}. There are {', '.join(templates)}."
            )
        return found
    for text in (request, transcript.title or ""):
        if (named := _named(templates, text)) is not None:
            return named
    return _recognised(templates, transcript) or templates[GENERAL]


def _read(path: Path) -> Template:
    try:
        return Template.model_validate({"name": path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsInvalid(f"{path} is no template for minutes: {error}") from error


def _named(templates: Mapping[str, Template], text: str) -> Template | None:
    """Return the template whose longest word or phrase stands in the text."""
    lowered = text.lower()
    hits = [
        (len(word), name)
        for name, template in templates.items()
        for word in template.words
        if re.search(rf"(?<!\w){re.escape(word.lower())}(?!\w)", lowered)
    ]
    return templates[max(hits)[1]] if hits else None


def _recognised(templates: Mapping[str, Template], transcript: Transcript) -> Template | None:
    talk = " ".join(one.text for one in transcript.utterances).lower().replace("’", "'")
    people = len(transcript.speakers)
    counts = sorted(
        (
            (sum(sign in talk for sign in template.signs), name)
            for name, template in templates.items()
            if template.people in (None, people)
        ),
        reverse=True,
    )
    (most, name), (second, _) = counts[0], (*counts, (0, ""))[1]
    return templates[name] if most >= LEAST_SIGNS and most >= second + SIGNS_LEAD else None
