"""Naming the speakers of minutes, on every platform alike: who may, and the question that comes of it.

Platforms draw the form and hand in what was filled in; the minutes are then written again with the names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from assistant.errors import NotPermitted, RequestInvalid
from assistant.minutes.kept import NAME_SPEAKERS
from assistant.replies import Actions
from assistant.storage.job_views import JobView

TITLE: Final = "Who are the speakers?"
SUBMIT: Final = "Write the minutes again"
MAX_NAME_CHARS: Final = 80
MAX_SPEAKERS: Final = 60  # what one request may name


@dataclass(frozen=True, slots=True)
class NamedAgain:
    """What the minutes' question becomes; the same names for the same minutes have the same key."""

    key: str
    options: Mapping[str, Any]


def speakers_to_name(view: JobView, person_id: str) -> tuple[str, ...]:
    """Return the labels that stand for nobody in particular yet, as the minutes' button offers them.

    Raises:
        NotPermitted: somebody else asked for the minutes. RequestInvalid: nobody is left to name.
    """
    _check_asker(view, person_id)
    blocks = view.reply.blocks if view.reply else ()
    offered = [one for block in blocks if isinstance(block, Actions) for one in block.items]
    labels = [label for one in offered if one.name == NAME_SPEAKERS for label in one.value.get("speakers", ())]
    if not labels:
        raise RequestInvalid(
            f"job {view.id} offers no speakers",
            reply="These minutes have changed since. Send the file again with “Speaker 1 is …”.",
        )
    return tuple(labels[:MAX_SPEAKERS])


def ask_with_names(view: JobView, person_id: str, fields: Mapping[str, str]) -> NamedAgain:
    """Return how the minutes are asked for again; `fields` are the names by label, empty where nobody was named.

    Names that were given before stay, and so does whatever else was asked for.

    Raises:
        NotPermitted: somebody else asked for the minutes. RequestInvalid: no names, too many, or one is too long.
    """
    _check_asker(view, person_id)
    names = {
        label.strip(): " ".join(name.split()) for label, name in fields.items() if label.strip() and name.strip()
    }
    if not names:
        raise RequestInvalid("no speaker was named", reply="Write a name after at least one of the speakers.")
    if long := [label for label, name in names.items() if max(len(label), len(name)) > MAX_NAME_CHARS]:
        raise RequestInvalid(
            f"a name of {len(names[long[0]])} characters",
            reply=f"A name may have {MAX_NAME_CHARS} characters: {long[0][:MAX_NAME_CHARS]}.",
        )
    speakers = {**view.options.get("speakers", {}), **names}
    if len(speakers) > MAX_SPEAKERS:
        raise RequestInvalid(f"{len(speakers)} speakers", reply=f"I can name {MAX_SPEAKERS} speakers at most.")
    said = json.dumps(speakers, sort_keys=True).encode()
    key = f"names:{view.id.hex}:{hashlib.sha256(said).hexdigest()[:16]}"
    return NamedAgain(key, {**view.options, "speakers": speakers})


def _check_asker(view: JobView, person_id: str) -> None:
    if view.asker_id != person_id:
        raise NotPermitted(
            f"speakers of job {view.id} by someone who did not ask it",
            reply="Only who asked for the minutes can name the speakers.",
        )
