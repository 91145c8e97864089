from __future__ import annotations

import pytest

from assistant.mentions import Audience
from tests.twins.jobs import make_job
from workers.tools.reading import groups_of


@pytest.mark.parametrize(
    ("audience", "groups"),
    [
        (Audience.ASKER, ("everyone", "hr", "public")),
        (Audience.CHANNEL, ("everyone", "public")),
        (Audience.OUTSIDERS, ("public",)),
    ],
)
def test_an_answer_uses_only_what_all_its_readers_may_read(audience: Audience, groups: tuple[str, ...]) -> None:
    job = make_job("q", groups=("everyone", "hr"), audience=audience, channel_groups=("everyone",))

    assert groups_of(job.mention) == groups
