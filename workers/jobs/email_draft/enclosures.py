"""Choose which of the files that came with the request go along with the e-mail, and say which are missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.mail.draft import DraftAttachment
from assistant.mentions import Attachment
from workers.context import Files
from workers.jobs.email_draft.request import Wish
from workers.validation.citations import stems

_FILE_NAME = re.compile(
    r"\b[\w()-]+(?:\.[\w()-]+)*\.(?:pdf|docx?|xlsx?|pptx?|csv|zip|png|jpe?g|txt|md|odt|ods|ics|vtt|json)\b", re.I
)
_WHAT = re.compile(
    r"\b(?:attach(?:ing)?|enclos(?:e|ing))\s+(?:it |this |the |our |my |a |an )*([\w .'-]{0,60})|\bwith (?:the "
    r"|our |my )?([\w .'-]{2,40}?) attached\b|\b(?:im anhang|anbei|häng\w*)\s+([\w .'-]{2,40})",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Enclosures:
    """What goes along."""

    attachments: tuple[DraftAttachment, ...]
    missing: tuple[str, ...]  # sentences
    data: Mapping[str, bytes]  # by file id


def enclose(wish: Wish, came: Sequence[Attachment], files: Files, *, left_out: Sequence[str]) -> Enclosures:
    """Return the files to attach. Confidential ones (`left_out`, by name) stay behind."""
    if not wish.mentions_attachment:
        return Enclosures((), (), {})
    usable = [one for one in came if not one.name.lower().endswith(".eml") and one.name not in left_out]
    named = [name for name in _FILE_NAME.findall(wish.words) if not name.lower().endswith(".eml")]
    missing: list[str] = []
    chosen: list[Attachment] = []
    if named and wish.wants_attachment:
        for name in named:
            found = next((one for one in usable if one.name.lower() == name.lower()), None)
            chosen += [found] if found else []
            if found is None and name not in left_out:
                missing.append(f"“{name}” should be attached, but it did not come with the request.")
    elif wish.wants_attachment:
        chosen = _meant(wish, usable)
        if not chosen:
            missing.append("The e-mail should have an attachment, but no file for it came with the request.")
    elif (not came and not wish.wants_sources) or (not came and re.search(r"\battached\b", wish.words)):
        missing.append("The request speaks of an attachment, but no file came with it.")
    data = {}
    attachments = []
    for one in dict.fromkeys(chosen):
        content = files.read(one)
        file_id = files.store(content)
        data[file_id] = content
        attachments.append(DraftAttachment(name=one.name, file_id=file_id))
    return Enclosures(tuple(attachments), tuple(missing), data)


def _meant(wish: Wish, usable: Sequence[Attachment]) -> list[Attachment]:
    said = " ".join(part for match in _WHAT.finditer(wish.words) for part in match.groups() if part)
    words = {word.lower() for word in re.findall(r"[^\W\d_]{3,}", said)}
    scored = [(len(words & {w.lower() for w in re.findall(r"[^\W\d_]{3,}", one.name)}), one) for one in usable]
    best = max((score for score, _ in scored), default=0)
    if best:
        return [one for score, one in scored if score == best]
    generic = not stems(said) - stems("file files document attached attachment it this them both")
    return list(usable) if generic or len(usable) == 1 else []
