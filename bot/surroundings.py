"""The lines around those that an answer quotes, for platforms that show them when a button is pressed.

They stand in the answer itself, redacted by the worker that made it; who may see more of the logs than the answer
shows is decided at the press.
"""

from __future__ import annotations

from assistant.access import may_run
from assistant.errors import NothingFound, NotPermitted
from assistant.job_kinds import JOB_KINDS
from assistant.mentions import Person
from assistant.replies import Citations, Excerpt
from assistant.storage.job_views import JobView

ACTION = "surroundings"
SHOWN_PLACES = 3  # in chat: more would not be read there, and a message has its limits
LINE_CHARS = 240
QUOTED_MARK, OTHER_MARK = "▶ ", "  "


def surroundings_of(view: JobView, person: Person) -> tuple[Excerpt, ...]:
    """Return the quoted lines of a finished job, each among the lines around it and marked.

    Raises:
        NotPermitted: the person may not run this kind of job. NothingFound: the answer holds no such lines.
    """
    kind = JOB_KINDS.get(view.kind)
    if kind is not None and not may_run(person, kind):
        raise NotPermitted(
            f"surroundings of job {view.id} for role {person.role}",
            reply=f"These lines are for {' and '.join(f'{role}s' for role in kind.roles)}.",
        )
    blocks = view.reply.blocks if view.reply else ()
    cited = [item for block in blocks if isinstance(block, Citations) for item in block.items]
    places = [item for item in cited if item.before or item.after]
    if not places:
        raise NothingFound(f"job {view.id} has no surroundings", reply="There are no lines around these to show.")
    return tuple(
        Excerpt(
            title=f"[{item.number}] {item.document}, {item.section}",
            lines=(
                *(OTHER_MARK + _short(line) for line in item.before),
                *(QUOTED_MARK + _short(line) for line in item.quote.splitlines()),
                *(OTHER_MARK + _short(line) for line in item.after),
            ),
            language="log",
        )
        for item in places[:SHOWN_PLACES]
    )


def _short(line: str) -> str:
    return line if len(line) <= LINE_CHARS else f"{line[: LINE_CHARS - 1]}…"
