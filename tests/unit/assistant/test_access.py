"""Who may run what, and what an answer may quote, by who will read it."""

from __future__ import annotations

import pytest

from assistant.access import may_run, readable_groups
from assistant.job_kinds import JOB_KINDS, JobKind
from assistant.mentions import Audience
from tests.factories import make_mention, make_person

FOR_SOME = {"log_inspection": {"engineer", "admin"}, "document_ingest": {"admin"}}


@pytest.mark.parametrize("role", ["employee", "hr", "engineer", "admin", "unheard of"])
@pytest.mark.parametrize("kind", JOB_KINDS.values(), ids=lambda kind: kind.name)
def test_logs_are_for_engineers_documents_for_admins_and_the_rest_for_everyone(role: str, kind: JobKind) -> None:
    expected = role in FOR_SOME.get(kind.name, {role})

    assert may_run(make_person(role=role), kind) is expected


@pytest.mark.parametrize(
    ("audience", "groups"),
    [
        (Audience.ASKER, ("everyone", "hr", "public")),
        (Audience.CHANNEL, ("everyone", "public", "sales")),
        (Audience.OUTSIDERS, ("public",)),
    ],
)
def test_an_answer_quotes_only_what_all_its_readers_may_open(audience: Audience, groups: tuple[str, ...]) -> None:
    mention = make_mention(asker=make_person(groups=("hr",)), channel_groups=("sales",), audience=audience)

    assert readable_groups(mention) == groups
