"""POST /alerts/alertmanager, /alerts/grafana and /alerts/pagerduty: a signed alert becomes a log inspection, once.

Alertmanager and Grafana send the secret as a bearer token, PagerDuty signs its body with it. What is refused says
nothing of why. A firing is inspected once however often it is repeated; 503 asks the sender to come again.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from assistant.errors import DependencyUnavailable, NotPermitted, StewardError, StorageFull
from assistant.job_kinds import LOG_INSPECTION
from assistant.mentions import Mention
from assistant.settings import Settings
from assistant.storage.people_store import PeopleStore
from bot.alerts.channels import AlertRoutes, load_alert_routes
from bot.alerts.payloads import Alert, PagerDutyPayload, PrometheusPayload
from bot.intake import Intake

log = structlog.get_logger()

BEFORE = timedelta(minutes=15)  # an alert fires after its condition held for a while
MOST_AT_ONCE = 5  # inspections of one notification: a group of fifty is one trouble

Parse = Callable[[bytes], list[Alert]]
IsFrom = Callable[[Mapping[str, str], bytes, str], bool]


def build_alert_routes(settings: Settings, intake: Intake, people: PeopleStore) -> APIRouter:
    """Return the routes.

    Raises:
        SettingsInvalid: no or wrong STEWARD_ALERT_ROUTES.
    """
    assert settings.steward_alert_secret is not None
    given = settings.steward_alert_secret.get_secret_value()
    secrets = [secret.strip() for secret in given.split(",") if secret.strip()]
    desk = AlertDesk(load_alert_routes(settings.steward_alert_routes), intake, people)
    router = APIRouter(include_in_schema=False)

    async def take(request: Request, is_from: IsFrom, parse: Parse) -> Response:
        body = await request.body()
        if not any(is_from(request.headers, body, secret) for secret in secrets):
            return Response("not authorised\n", status_code=401, media_type="text/plain")
        try:
            alerts = parse(body)
        except (ValidationError, ValueError, RecursionError):
            return Response("not an alert\n", status_code=400, media_type="text/plain")
        try:
            taken = await asyncio.to_thread(desk.take, alerts)
        except (DependencyUnavailable, StorageFull) as error:
            log.warning("alert.not_taken", code=error.code)
            return Response("later\n", status_code=503, media_type="text/plain")
        return Response(f"{taken} inspections\n", status_code=202, media_type="text/plain")

    @router.post("/alerts/alertmanager")
    @router.post("/alerts/grafana")
    async def prometheus(request: Request) -> Response:
        return await take(request, has_token, lambda body: PrometheusPayload.model_validate_json(body).firing())

    @router.post("/alerts/pagerduty")
    async def pagerduty(request: Request) -> Response:
        return await take(request, is_signed, lambda body: PagerDutyPayload.model_validate_json(body).firing())

    return router


class AlertDesk:
    """Turns alerts into questions of the person that their route names."""

    def __init__(self, routes: AlertRoutes, intake: Intake, people: PeopleStore) -> None:
        self._routes = routes
        self._intake = intake
        self._people = people

    def take(self, alerts: list[Alert]) -> int:
        """Start the inspections and return how many are new.

        Raises:
            DependencyUnavailable, StorageFull: the database refused; the alert should come again.
        """
        return sum(self._take(alert) for alert in alerts[:MOST_AT_ONCE])

    def _take(self, alert: Alert) -> bool:
        route = self._routes.of(alert.labels)
        if route is None:
            log.info("alert.unrouted", alert=alert.key)
            return False
        asker = self._people.get(route.tenant, route.person)
        if asker is None:
            log.error("alert.person_unknown", tenant=route.tenant, person=route.person)
            return False
        mention = Mention(
            event_key=alert.key[:512],
            conversation=route.conversation(hashlib.sha256(alert.key.encode()).hexdigest()[:32]),
            asker=asker,
            text=alert.question,
            audience=route.audience,
            channel_groups=route.groups,
            kind=LOG_INSPECTION.name,
            options={"since": (alert.started_at - BEFORE).isoformat(), "alert": alert.options},
            reply_target=route.reply_target,
        )
        try:
            accepted = self._intake.take(mention)
        except (DependencyUnavailable, StorageFull):
            raise
        except StewardError as error:  # a full queue, a channel where it is off: sending it again would not help
            level = log.error if isinstance(error, NotPermitted) else log.warning
            level("alert.refused", code=error.code, platform=route.platform.value, channel=route.channel)
            return False
        return not accepted.duplicate


def has_token(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Return whether the request carries the secret as a bearer token, as Alertmanager and Grafana can send it."""
    del body
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), secret.encode())


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Return whether the body is signed as PagerDuty does: v1=HMAC-SHA256, several while a secret is replaced."""
    wanted = "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    signatures = headers.get("x-pagerduty-signature", "").split(",")
    return any(hmac.compare_digest(one.strip().encode(), wanted.encode()) for one in signatures)
