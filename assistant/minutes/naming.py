"""Put people's names where minutes say "Speaker 1", without touching anything else that stands in them.

Minutes that nobody has corrected are written again with the names, because rules and models read more out of a talk
whose speakers have names. Those that somebody has worked on keep every line, ticket and confirmation: only labels
change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assistant.minutes.kept import SpokenLine
from assistant.minutes.schema import Minutes, PersonPoints

Renamed = Callable[[str | None], str | None]


def same_label(label: str) -> str:
    """Return a label as it is compared: case, blanks and underscores don't count."""
    return re.sub(r"[\W_]+", "", label).casefold()


def names_by_label(labels: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the names that were given for these labels, each by the label as the meeting writes it."""
    wanted = {same_label(label): " ".join(name.split()) for label, name in given.items() if name.strip()}
    return {label: wanted[same_label(label)] for label in dict.fromkeys(labels) if same_label(label) in wanted}


def labels_of(minutes: Minutes, spoken: Sequence[SpokenLine]) -> list[str]:
    """Return everybody the meeting speaks of, each once."""
    people = [line.speaker for line in spoken if line.speaker]
    return list(dict.fromkeys([*people, *minutes.meeting.participants]))


def spoken_with_names(spoken: Sequence[SpokenLine], names: Mapping[str, str]) -> tuple[SpokenLine, ...]:
    """Return what was said, by the people who are named now."""
    return tuple(line.model_copy(update={"speaker": names.get(line.speaker or "", line.speaker)}) for line in spoken)


def with_names(minutes: Minutes, names: Mapping[str, str]) -> Minutes:
    """Return the minutes with each label of `names` replaced by its name; quotes stay as they were said."""
    if not names:
        return minutes
    in_text = _in_text(names)

    def renamed(label: str | None) -> str | None:
        return names.get(label or "", label)

    update: dict[str, Any] = {
        section: tuple(_entry(entry, renamed, in_text) for entry in getattr(minutes, section))
        for section in ("summary", "topics", "decisions", "action_items", "open_questions")
    }
    people = tuple(dict.fromkeys(renamed(one) or one for one in minutes.meeting.participants))
    update["meeting"] = minutes.meeting.model_copy(update={"participants": people})
    update["per_person"] = _people(minutes.per_person, renamed, in_text)
    update["speakers_named"] = {**minutes.speakers_named, **names}
    return minutes.model_copy(update=update)


def _entry(entry: Any, renamed: Renamed, in_text: Callable[[str], str]) -> Any:
    evidence = tuple(one.model_copy(update={"speaker": renamed(one.speaker)}) for one in entry.evidence)
    update: dict[str, Any] = {"evidence": evidence}
    update |= {name: in_text(getattr(entry, name)) for name in ("text", "task", "title") if hasattr(entry, name)}
    update |= {name: renamed(getattr(entry, name)) for name in ("owner", "raised_by") if hasattr(entry, name)}
    return entry.model_copy(update=update)


def _people(
    people: Sequence[PersonPoints], renamed: Renamed, in_text: Callable[[str], str]
) -> tuple[PersonPoints, ...]:
    """Return the points by person; two labels that were one person are one."""
    together: dict[str, PersonPoints] = {}
    for one in people:
        name = renamed(one.speaker) or one.speaker
        points = tuple(in_text(point) for point in one.points)
        before = together.get(name, PersonPoints(speaker=name, share=0.0))
        share = min(1.0, before.share + one.share)
        together[name] = PersonPoints(speaker=name, share=share, points=(*before.points, *points))
    return tuple(together.values())


def _in_text(names: Mapping[str, str]) -> Callable[[str], str]:
    """Return what renames within a line: a label before its colon, and numbered ones ("Speaker 1") anywhere.

    "Guest" or "A" within a sentence may be a word like any other.
    """
    longest_first = sorted(names, key=len, reverse=True)
    listed = "|".join(re.escape(label) for label in longest_first)
    numbered = "|".join(re.escape(label) for label in longest_first if re.search(r"\d", label))
    anywhere = rf"|(?<!\w)(?:{numbered})(?!\w)" if numbered else ""
    pattern = re.compile(rf"^(?:{listed})(?=: ){anywhere}")
    return lambda text: pattern.sub(lambda found: names[found[0]], text)
