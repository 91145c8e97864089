"""A signed alert starts one inspection in the channel named for it; whoever can't sign starts none."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.errors import SettingsInvalid
from assistant.jobs import Job
from assistant.mentions import Audience
from assistant.settings import Settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from bot.main import make_app

PAYLOADS = Path(__file__).parents[3] / "payloads" / "alerts"
SECRET = "a-long-secret"
TOKEN = {"authorization": f"Bearer {SECRET}"}
ROUTES = """
routes:
- {platform: slack, tenant: T1, channel: C-ops, person: U-bot, groups: [engineering], labels: {service: checkout}}
"""


@pytest.fixture
def settings_with_alerts(embedded_settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "routes.yaml").write_text(ROUTES)
    values = {"steward_alert_secret": f"another, {SECRET}", "steward_alert_routes": tmp_path / "routes.yaml"}
    return Settings.model_validate({**embedded_settings.model_dump(), **values})


@pytest.fixture
def client(settings_with_alerts: Settings) -> TestClient:
    engine = open_engine(settings_with_alerts.database)
    profile = PersonProfile(id="U-bot", name="Alerts", role="engineer", groups=("engineering",))
    PeopleStore(engine).upsert_all("T1", [profile])
    engine.dispose()
    return TestClient(make_app(settings_with_alerts, entries=()))


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def next_job(settings: Settings) -> Job | None:
    engine = open_engine(settings.database)
    try:
        return JobStore(engine, settings).claim(["logs"], owner="test")
    finally:
        engine.dispose()


@pytest.mark.parametrize("provider", ["alertmanager", "grafana"])
def test_an_alert_is_inspected_in_its_channel(
    client: TestClient, settings_with_alerts: Settings, provider: str
) -> None:
    answer = client.post(f"/alerts/{provider}", content=payload("alertmanager.json"), headers=TOKEN)

    job = next_job(settings_with_alerts)
    assert (answer.status_code, answer.text) == (202, "1 inspections\n")
    assert job is not None
    assert "Why is checkout failing?" in job.mention.text
    assert job.mention.options["since"] == "2026-11-24T09:45:00.123456+00:00"
    assert job.mention.options["alert"]["url"] == "http://prometheus.example:9090/graph"
    assert (job.mention.audience, job.mention.channel_groups) == (Audience.CHANNEL, ("engineering",))
    assert (job.mention.reply_target["channel"], job.mention.reply_target["thread_ts"]) == ("C-ops", None)


def test_what_the_alert_says_calls_nobody(client: TestClient, settings_with_alerts: Settings) -> None:
    client.post("/alerts/alertmanager", content=payload("alertmanager.json"), headers=TOKEN)

    job = next_job(settings_with_alerts)
    assert job is not None
    assert "<!here>" not in job.mention.text
    assert "@channel" not in job.mention.text


def test_an_address_that_is_none_is_left_out(client: TestClient, settings_with_alerts: Settings) -> None:
    content: dict[str, Any] = json.loads(payload("alertmanager.json"))
    content["alerts"][0] |= {"generatorURL": "javascript:alert(1)", "panelURL": "https://x|<!here>"}
    content["externalURL"] = ""

    client.post("/alerts/alertmanager", json=content, headers=TOKEN)

    job = next_job(settings_with_alerts)
    assert job is not None
    assert job.mention.options["alert"]["url"] == ""


def test_a_repeated_alert_is_inspected_once(client: TestClient) -> None:
    answers = [client.post("/alerts/alertmanager", content=payload("alertmanager.json"), headers=TOKEN) for _ in "ab"]

    assert [answer.text for answer in answers] == ["1 inspections\n", "0 inspections\n"]


def test_pagerduty_is_known_by_its_signature(client: TestClient, settings_with_alerts: Settings) -> None:
    body = payload("pagerduty.json")
    right = "v1=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()

    refused = client.post("/alerts/pagerduty", content=body, headers={"x-pagerduty-signature": "v1=" + "0" * 64})
    taken = client.post("/alerts/pagerduty", content=body, headers={"x-pagerduty-signature": f"v1=old,{right}"})

    assert (refused.status_code, taken.status_code, taken.text) == (401, 202, "1 inspections\n")
    job = next_job(settings_with_alerts)
    assert job is not None
    assert job.mention.text == "Alert: Checkout errors above 5%. Why is checkout failing?"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": SECRET}])
def test_without_the_secret_nothing_starts(
    client: TestClient, settings_with_alerts: Settings, headers: dict[str, str]
) -> None:
    assert (
        client.post("/alerts/alertmanager", content=payload("alertmanager.json"), headers=headers).status_code == 401
    )
    assert next_job(settings_with_alerts) is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"alerts": [{"labels": 3}]}', b"\xff", b"[" * 100_000])
def test_what_is_no_alert_is_refused(client: TestClient, body: bytes) -> None:
    assert client.post("/alerts/alertmanager", content=body, headers=TOKEN).status_code == 400


def test_an_alert_that_no_route_wants_starts_nothing(client: TestClient, settings_with_alerts: Settings) -> None:
    content: dict[str, Any] = json.loads(payload("alertmanager.json"))
    content["alerts"][0]["labels"]["service"] = "billing"

    answer = client.post("/alerts/alertmanager", json=content, headers=TOKEN)

    assert (answer.status_code, answer.text) == (202, "0 inspections\n")


def test_a_secret_without_routes_is_said_at_start(embedded_settings: Settings) -> None:
    settings = Settings.model_validate({**embedded_settings.model_dump(), "steward_alert_secret": SECRET})

    with pytest.raises(SettingsInvalid, match="STEWARD_ALERT_ROUTES"):
        make_app(settings, entries=())


def test_without_a_secret_there_is_no_such_address(embedded_settings: Settings) -> None:
    app = TestClient(make_app(embedded_settings, entries=()))

    assert app.post("/alerts/alertmanager", content=payload("alertmanager.json"), headers=TOKEN).status_code == 404
