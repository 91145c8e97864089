"""What Alertmanager, Grafana and PagerDuty send, as far as an inspection needs it, and the one shape made of it.

Alertmanager's webhook (version 4) and Grafana's are nearly the same; PagerDuty's is that of its V3 webhooks. Fields
we don't use may change as they like; those we use are checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

SERVICE_LABELS = ("service", "service_name", "app", "application", "job", "deployment", "container")
MAX_TEXT_CHARS = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069<>]+")


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that began to go wrong."""

    key: str  # the same for every repetition of the same firing
    title: str
    service: str  # "" where the alert names none
    started_at: datetime
    labels: Mapping[str, str]
    summary: str = ""

    @property
    def question(self) -> str:
        """What to inspect, in words: they stand in the thread."""
        about = f" Why is {self.service} failing?" if self.service else ""
        summary = f" ({self.summary})" if self.summary and self.summary != self.title else ""
        return f"Alert: {self.title}{summary}.{about}"


class _PrometheusAlert(_Wire):
    status: str = "firing"
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: AwareDatetime = Field(alias="startsAt")
    fingerprint: str = ""


class PrometheusPayload(_Wire):
    """Alertmanager's and Grafana's notification: a group of alerts."""

    alerts: tuple[_PrometheusAlert, ...] = Field(max_length=500)

    def firing(self) -> list[Alert]:
        """Return the alerts that fire; those resolved need no inspection."""
        return [_of_prometheus(one) for one in self.alerts if one.status in ("firing", "alerting")]


class _Named(_Wire):
    summary: str = ""


class _Incident(_Wire):
    id: str
    title: str = ""
    service: _Named | None = None
    created_at: AwareDatetime
    urgency: str = ""


class _Event(_Wire):
    event_type: str
    data: dict[str, object]


class PagerDutyPayload(_Wire):
    """A PagerDuty V3 event."""

    event: _Event

    def firing(self) -> list[Alert]:
        """Return the incident, if the event is that it was triggered."""
        if self.event.event_type != "incident.triggered":
            return []
        incident = _Incident.model_validate(self.event.data)
        service = incident.service.summary if incident.service else ""
        return [
            Alert(
                key=f"pagerduty:{incident.id}",
                title=_plain(incident.title or "Incident"),
                service=_plain(service),
                started_at=incident.created_at.astimezone(UTC),
                labels={"service": service, "urgency": incident.urgency},
            )
        ]


def _of_prometheus(one: _PrometheusAlert) -> Alert:
    labels, annotations = one.labels, one.annotations
    service = next((labels[name] for name in SERVICE_LABELS if labels.get(name)), "")
    started_at = one.starts_at.astimezone(UTC)
    identity = one.fingerprint or "|".join(f"{name}={labels[name]}" for name in sorted(labels))
    return Alert(
        key=f"alert:{identity}:{started_at.isoformat()}",
        title=_plain(labels.get("alertname") or annotations.get("summary") or "Alert"),
        service=_plain(service),
        started_at=started_at,
        labels=labels,
        summary=_plain(annotations.get("summary") or annotations.get("description") or ""),
    )


def _plain(text: str) -> str:
    """Return the text as one line without what a chat service would make a link, a mention or an order of."""
    return _CONTROL.sub(" ", text).replace("@", "@\u2060").strip()[:MAX_TEXT_CHARS]
