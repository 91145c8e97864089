"""Who may run what, and which groups' documents an answer may quote.

Roles and groups come from the directory (assistant/storage/people_store.py), never from a message.
"""

from __future__ import annotations

from assistant.job_kinds import JobKind
from assistant.mentions import Audience, Mention, Person

EVERYONE = "everyone"  # the group that every person of the company is in
PUBLIC = "public"  # documents that anybody may read, inside or out


def may_run(person: Person, kind: JobKind) -> bool:
    """Return whether the person's role allows this kind of job."""
    return not kind.roles or person.role in kind.roles


def groups_of(person: Person) -> tuple[str, ...]:
    """Return the groups whose documents the person may read, sorted: their own, everyone's and the public's."""
    return tuple(sorted({*person.groups, EVERYONE, PUBLIC}))


def readable_groups(mention: Mention) -> tuple[str, ...]:
    """Return the groups whose documents may stand in the answer, sorted.

    For the asker alone: their own groups. For a channel: only what everyone in it may read, so that an answer
    never shows a reader what they could not open. For a channel with outsiders: nothing but public documents.
    """
    match mention.audience:
        case Audience.ASKER:
            return groups_of(mention.asker)
        case Audience.CHANNEL:
            return tuple(sorted({*mention.channel_groups, EVERYONE, PUBLIC}))
        case Audience.OUTSIDERS:
            return (PUBLIC,)
