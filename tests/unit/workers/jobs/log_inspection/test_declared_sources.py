"""An inspection over declared sources: lines of a service and of a folder, failures told, rights kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import yaml

from assistant.errors import NotPermitted
from assistant.jobs import JobResult
from assistant.settings import load_settings
from tests.twins.jobs import Watched, make_context, make_job
from tests.twins.log_services import SECRET, Entry, LokiTwin, serving
from workers.jobs.log_inspection.run import run

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def loki(monkeypatch: pytest.MonkeyPatch) -> Iterator[LokiTwin]:
    monkeypatch.setenv("LOG_TOKEN", SECRET)
    twin = LokiTwin()
    moments = [NOW - timedelta(seconds=second) for second in range(10_000, 0, -20)]
    twin.entries = [Entry(at, "payments", f"INFO authorised order {n}") for n, at in enumerate(moments)]
    twin.entries += [
        Entry(at, "payments", f"ERROR connection pool exhausted after {n} ms")
        for n, at in enumerate(moments[-90:])
        for _ in range(2)
    ]
    with serving(twin):
        yield twin


def inspected(
    folder: Path, sources: list[dict[str, object]], text: str, *groups: str, conversation: UUID | None = None
) -> JobResult:
    path = folder / "log-sources.yaml"
    path.write_text(yaml.safe_dump({"sources": sources}))
    settings = load_settings({}, steward_data=folder, steward_log_sources=path)
    job = make_job(text, role="engineer", kind="log_inspection")
    asker = job.mention.asker.model_copy(update={"groups": groups or ("engineering",)})
    job = job.model_copy(update={"mention": job.mention.model_copy(update={"asker": asker})})
    job = job.model_copy(update={"conversation_id": conversation or job.conversation_id})
    return run(job, make_context(settings=settings, watched=Watched()))


def declared(twin: LokiTwin, **fields: object) -> dict[str, object]:
    here = {"name": "loki", "kind": "loki", "url": twin.url, "token": "env:LOG_TOKEN", "services": ["payments"]}
    return {**here, "groups": ["engineering"], **fields}


def test_the_cause_is_found_in_lines_fetched_from_a_service(tmp_path: Path, loki: LokiTwin) -> None:
    result = inspected(tmp_path, [declared(loki)], "why is payments failing for the last hour?")

    assert result.result["root_cause_service"] == "payments"
    assert all("ERROR connection pool" in line for line in result.result["evidence"][:1])
    assert {line["file"] for line in result.result["evidence_lines"]} == {"loki/payments.log"}
    assert all(check.passed for check in result.receipt.checks)


@pytest.fixture
def tenants(loki: LokiTwin) -> LokiTwin:
    loki.entries = [
        Entry(one.at, one.service, f"{one.text} tenant={'acme' if number % 3 else 'umbra'}")
        for number, one in enumerate(loki.entries)
    ]
    return loki


def test_what_a_question_is_only_about_is_asked_of_the_service(tmp_path: Path, tenants: LokiTwin) -> None:
    thread, question = uuid4(), "why is payments failing for the last hour? only tenant umbra"

    narrow = inspected(tmp_path, [declared(tenants)], question, conversation=thread)
    asked = len(tenants.asked)
    wide = inspected(tmp_path, [declared(tenants)], "what about payments?", conversation=thread)

    assert all("umbra" in query for query in map(str, tenants.asked[:asked]))
    assert "loki sent only the lines that name umbra." in narrow.warnings
    assert all("tenant=umbra" in line for line in narrow.result["evidence"])
    assert len(tenants.asked) > asked  # what was narrowed cannot answer for the others
    assert wide.result["coverage"]["lines"] > narrow.result["coverage"]["lines"]


def test_where_no_line_holds_the_value_all_are_read_and_that_is_said(tmp_path: Path, tenants: LokiTwin) -> None:
    result = inspected(tmp_path, [declared(tenants)], "why is payments failing? only tenant Initech")

    assert result.result["root_cause_service"] == "payments"
    assert any("No line names tenant Initech" in warning for warning in result.warnings)


def test_one_source_away_is_said_and_the_other_still_answers(tmp_path: Path, loki: LokiTwin) -> None:
    gone = {"name": "old", "kind": "folder", "paths": [str(tmp_path / "nowhere")], "groups": ["engineering"]}

    result = inspected(tmp_path, [declared(loki), gone], "why is payments failing for the last hour?")

    assert result.result["root_cause_service"] == "payments"
    assert any(warning.startswith("old could not be read") for warning in result.warnings)


def test_a_limit_that_cut_is_said(tmp_path: Path, loki: LokiTwin) -> None:
    result = inspected(tmp_path, [declared(loki, limits={"max_lines": 100})], "inspect the logs for the last hour")

    assert any("loki was cut by its limit of 70 lines" in warning for warning in result.warnings)


def test_what_cannot_be_read_at_all_is_no_healthy_log(tmp_path: Path, loki: LokiTwin) -> None:
    loki.faults = [401] * 50

    result = inspected(tmp_path, [declared(loki)], "inspect the logs for the last hour")

    assert (result.outcome, result.refusal_reason) == ("refused", "could_not_read")
    assert SECRET not in result.model_dump_json()


def test_who_may_not_query_a_source_asks_it_nothing(tmp_path: Path, loki: LokiTwin) -> None:
    with pytest.raises(NotPermitted):
        inspected(tmp_path, [declared(loki)], "inspect the logs of payments", "sales")

    assert loki.asked == []


def test_a_follow_up_by_who_may_no_longer_query_the_source_is_refused(tmp_path: Path, loki: LokiTwin) -> None:
    thread = uuid4()
    inspected(tmp_path, [declared(loki)], "why is payments failing for the last hour?", conversation=thread)
    asked = len(loki.asked)
    inspected(tmp_path, [declared(loki)], "what about payments?", conversation=thread)
    assert len(loki.asked) == asked  # answered from the index that is there

    with pytest.raises(NotPermitted):
        inspected(tmp_path, [declared(loki)], "what about payments?", "sales", conversation=thread)
