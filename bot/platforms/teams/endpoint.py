"""POST /teams/messages and /api/messages: verify, read, act, answer; the one door that Teams comes through.

202 leaves only after what the activity asks for is committed; 503 asks Teams to send it again. Nobody who is not
the connector can cause anything but a refusal.
"""

from __future__ import annotations

import json

import structlog
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from assistant.errors import DependencyUnavailable, NotPermitted, RequestInvalid, StewardError, StorageFull
from assistant.observability import ACKNOWLEDGE_SECONDS, ERRORS
from bot.platforms.teams.authentication import Authenticator, TokenRefused
from bot.platforms.teams.turns import Desk, InvokeAnswer, Turns
from bot.platforms.teams.wire import read_activity

log = structlog.get_logger()

PATHS = ("/teams/messages", "/api/messages")  # the second is what every tool of Microsoft's expects
COME_BACK_SECONDS = "5"


def build_routes(authenticator: Authenticator, turns: Turns, desk: Desk) -> APIRouter:
    """Return the routes of the messaging endpoint."""
    router = APIRouter(include_in_schema=False)

    async def messages(request: Request) -> Response:
        try:
            answer = await _receive(request, authenticator, turns, desk)
        except TokenRefused as error:
            log.info("teams.refused", status=401, why=str(error))
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        except NotPermitted as error:
            log.warning("teams.refused", status=403, why=str(error))
            return Response(status_code=403)
        except RequestInvalid as error:
            log.info("teams.refused", status=400, why=str(error))
            return Response(status_code=400)
        except (DependencyUnavailable, StorageFull) as error:
            log.warning("teams.not_taken", code=error.code, why=str(error))
            return Response(status_code=503, headers={"Retry-After": COME_BACK_SECONDS})
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # a named boundary: Teams is told to come back, and the operators why
            ERRORS.labels(error.code if isinstance(error, StewardError) else "internal").inc()
            log.exception("teams.turn_failed")
            return Response(status_code=500)
        return _response(answer)

    for path in PATHS:
        router.add_api_route(path, messages, methods=["POST"])
    return router


async def _receive(request: Request, authenticator: Authenticator, turns: Turns, desk: Desk) -> InvokeAnswer | None:
    client = request.client.host if request.client else None
    caller, endorsements = await authenticator.token(request.headers.get("authorization"), client=client)
    if authenticator.is_local and "json" not in request.headers.get("content-type", ""):
        raise RequestInvalid("not sent as JSON")  # a web page elsewhere can post text to this machine, but not JSON
    activity = read_activity(await request.body())
    authenticator.activity(caller, endorsements, activity)
    with ACKNOWLEDGE_SECONDS.labels("teams").time():
        return await turns.run(caller, activity, desk)


def _response(answer: InvokeAnswer | None) -> Response:
    if answer is None:
        return Response(status_code=202)
    body = json.dumps(answer.body or {}, ensure_ascii=False)  # `null` makes some clients crash
    return Response(body, status_code=answer.status, media_type="application/json")
