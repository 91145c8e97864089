"""Say who the speakers of a transcript are: by names given for "Speaker 1", and by the company's directory.

A name is matched only when exactly one person can be meant; in doubt the speaker stays as the file has them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

from assistant.minutes.naming import names_by_label
from workers.transcripts.speakers import is_generic_label
from workers.transcripts.transcript import Transcript, Utterance

# "Speaker 1 is Anna Berg", "Speaker 2 = Tom Weber, Speaker 3: Ana".
_GIVEN = re.compile(
    r"(?P<label>(?:speaker|sprecher(?:in)?|participant|spk)[ _]?\d{1,3})\s*(?:=|:|\bis\b|\bist\b)\s*"
    r"(?P<name>[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,3}?)(?=\s*(?:[,;.\n]|\band\b|\bund\b|$))",
    re.IGNORECASE,
)


def names_given(text: str) -> dict[str, str]:
    """Return the names a request gives to speaker labels, by label as written."""
    return {match["label"]: match["name"] for match in _GIVEN.finditer(text)}


def unnamed_speakers(transcript: Transcript) -> tuple[str, ...]:
    """Return the labels that stand for nobody in particular, in order of their first words."""
    return tuple(speaker for speaker in transcript.speakers if is_generic_label(speaker))


def name_speakers(transcript: Transcript, names: Mapping[str, str]) -> Transcript:
    """Return the transcript with labels replaced by names everywhere; case and blanks of labels don't count."""
    wanted = names_by_label((*transcript.speakers, *transcript.attendees), names)
    if not wanted:
        return transcript

    def renamed(speaker: str | None) -> str | None:
        return wanted.get(speaker, speaker) if speaker else speaker

    utterances = tuple(one.model_copy(update={"speaker": renamed(one.speaker)}) for one in transcript.utterances)
    attendees = tuple(dict.fromkeys(renamed(name) or name for name in transcript.attendees))
    return transcript.model_copy(update={"utterances": utterances, "attendees": attendees})


def link_people(transcript: Transcript, people: Sequence[tuple[str, str, str | None]]) -> Transcript:
    """Return the transcript with `speaker_ref` set where a speaker is one person of the directory.

    `people` are (reference, name, e-mail). The whole name counts, written either way round, the e-mail's local
    part, and a first name that only one person has. References the file gives itself stay.
    """
    known: dict[str, set[str]] = defaultdict(set)
    for reference, name, email in people:
        for key in {_key(name), _key(" ".join(reversed(name.split()))), _key((email or "").partition("@")[0])} - {""}:
            known[key].add(reference)
    first_names: dict[str, set[str]] = defaultdict(set)
    for reference, name, _ in people:
        first_names[_key(name.split()[0] if name.split() else "")].add(reference)

    def reference_of(speaker: str) -> str | None:
        key = _key(re.sub(r"\s*[(\[].*", "", speaker))
        found = known.get(key, set()) | first_names.get(key, set())
        return next(iter(found)) if len(found) == 1 and key else None

    refs = {speaker: reference_of(speaker) for speaker in transcript.speakers}

    def linked(said: Utterance) -> Utterance:
        found = refs.get(said.speaker or "")
        return said.model_copy(update={"speaker_ref": found}) if found and said.speaker_ref is None else said

    return transcript.model_copy(update={"utterances": tuple(linked(one) for one in transcript.utterances)})


def _key(name: str) -> str:
    """Return a name without case, accents and signs: "Kern, Anna" and "anna.kern" compare as words."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return " ".join(re.findall(r"\w+", plain.replace("_", " ").casefold()))
