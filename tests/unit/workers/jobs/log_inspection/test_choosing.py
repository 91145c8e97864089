"""The asker's words choose sources and services, among those that they and the channel's readers may see."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.errors import NotPermitted, RequestInvalid
from assistant.log_sources import LogSources
from assistant.mentions import Audience, Mention
from tests.twins.jobs import make_job
from workers.jobs.log_inspection.choosing import choose

DECLARED = LogSources.model_validate(
    {
        "sources": [
            {"name": "shop", "kind": "folder", "paths": ["/logs/shop"], "groups": ["engineering"],
             "services": ["payments", "checkout", "order-service"], "aliases": {"the till": "checkout"}},
            {"name": "bank", "kind": "folder", "paths": ["/logs/bank"], "groups": ["finance"],
             "services": ["ledger"]},
        ]
    }
)  # fmt: skip


def asked(text: str, *groups: str, **fields: Any) -> Mention:
    mention = make_job(text, role="engineer", kind="log_inspection").mention
    asker = mention.asker.model_copy(update={"groups": groups or ("engineering",)})
    return mention.model_copy(update={"asker": asker, **fields})


def test_the_logs_of_a_service_are_read_alone() -> None:
    choice = choose(asked("inspect the logs of payments for the last hour"), DECLARED)

    assert (choice.services, [one.name for one in choice.sources]) == (("payments",), ["shop"])


def test_why_it_fails_is_looked_for_everywhere() -> None:
    choice = choose(asked("why is checkout failing since 10:00?", "engineering", "finance"), DECLARED)

    assert choice.services == ()
    assert choice.named == ("checkout",)
    assert [one.name for one in choice.sources] == ["shop", "bank"]


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("logs for the order service", "order-service"),
        ("show me the logs of orders", None),
        ("logs of Payments please", "payments"),
        ("logs of payments-service", "payments"),
    ],
)
def test_a_service_is_known_by_near_spellings(text: str, service: str | None) -> None:
    if service is None:
        with pytest.raises(RequestInvalid):
            choose(asked(text), DECLARED)
        return
    assert choose(asked(text), DECLARED).services == (service,)


def test_an_alias_names_its_service() -> None:
    assert choose(asked("what is wrong with the till?"), DECLARED).named == ("checkout",)


def test_the_last_hour_is_no_service() -> None:
    assert choose(asked("inspect the logs of the last hour"), DECLARED).services == ()


def test_a_misspelt_service_is_asked_back_about() -> None:
    with pytest.raises(RequestInvalid) as refused:
        choose(asked("inspect the logs of paymnets"), DECLARED)

    assert "Did you mean payments?" in refused.value.reply
    assert "ledger" not in refused.value.reply  # not theirs to see


def test_a_source_of_other_groups_is_refused_plainly() -> None:
    with pytest.raises(NotPermitted) as refused:
        choose(asked("inspect the logs of ledger"), DECLARED)

    assert refused.value.reply == ("You may not query the logs of ledger. Your administrator can tell you who may.")


def test_in_a_channel_whose_readers_may_not_see_it_the_way_out_is_a_direct_message() -> None:
    with pytest.raises(NotPermitted) as refused:
        choose(asked("inspect the logs of payments", audience=Audience.CHANNEL), DECLARED)

    assert "direct message" in refused.value.reply


def test_what_a_channel_may_not_see_is_left_out_and_said() -> None:
    mention = asked(
        "why is checkout failing?",
        "engineering",
        "finance",
        audience=Audience.CHANNEL,
        channel_groups=("engineering",),
    )

    choice = choose(mention, DECLARED)

    assert [one.name for one in choice.sources] == ["shop"]
    assert "1 of your log sources is left out" in choice.notes[0]


def test_without_any_source_the_asker_hears_what_to_do() -> None:
    with pytest.raises(RequestInvalid) as refused:
        choose(asked("why is checkout failing?"), LogSources())

    assert "Attach" in refused.value.reply
