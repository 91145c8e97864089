"""One turn through botbuilder: the SDK dispatches the activity, our desk acts on it.

`CloudAdapterBase.process_activity` is all that is used of the archived SDK (docs/decisions/0005-teams-sdk.md):
it is handed an activity that our own model has checked, and the claims of a token that our own verifier has
verified. Turns send nothing through it; answers go out through the outbox and client.py.
"""

from __future__ import annotations

from typing import Any

from botbuilder.core import ActivityHandler, CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity
from botframework.connector.auth import BotFrameworkAuthentication, ClaimsIdentity
from botframework.connector.auth.authenticate_request_result import AuthenticateRequestResult
from botframework.connector.auth.connector_factory import ConnectorFactory

from bot.platforms.teams.authentication import Caller
from bot.platforms.teams.turns import Desk, InvokeAnswer, outline
from bot.platforms.teams.wire import TeamsActivity


class BotBuilderTurns:
    """Runs turns through botbuilder-core; one for the process."""

    def __init__(self, app_id: str | None) -> None:
        self._app_id = app_id or ""
        self._adapter = VerifiedAdapter()

    async def run(self, caller: Caller, activity: TeamsActivity, desk: Desk) -> InvokeAnswer | None:
        """Have the desk act on the activity; return the answer of an invoke. The desk's errors come through."""
        response = await self._adapter.process_activity(
            verified(caller, self._app_id),
            Activity().deserialize(outline(activity)),
            DeskHandler(activity, desk).on_turn,
        )
        if not isinstance(response, InvokeResponse):
            return None
        return response.body if isinstance(response.body, InvokeAnswer) else InvokeAnswer(501)


def verified(caller: Caller, app_id: str) -> AuthenticateRequestResult:
    """Return the caller's claims as the SDK wants them."""
    result = AuthenticateRequestResult()
    result.claims_identity = ClaimsIdentity(dict(caller.claims), True)
    result.audience = app_id
    result.connector_factory = _NoConnectors()
    return result


class DeskHandler(ActivityHandler):  # type: ignore[misc]
    """Has the desk act on one activity. The SDK is untyped, hence the remarks."""

    def __init__(self, activity: TeamsActivity, desk: Desk) -> None:
        self._activity = activity
        self._desk = desk

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Somebody wrote to the bot."""
        await self._desk.asked(self._activity)

    async def on_message_update_activity(self, turn_context: TurnContext) -> None:
        """Somebody changed a message."""
        await self._desk.edited(self._activity)

    async def on_message_delete_activity(self, turn_context: TurnContext) -> None:
        """Somebody deleted a message."""
        await self._desk.deleted(self._activity)

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        """People came or went."""
        await self._desk.joined(self._activity)

    async def on_installation_update(self, turn_context: TurnContext) -> None:
        """The bot was added or removed."""
        await self._desk.joined(self._activity)

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """Somebody waits for the answer."""
        answer = await self._desk.invoked(self._activity)
        return InvokeResponse(status=answer.status, body=answer)


class VerifiedAdapter(CloudAdapterBase):  # type: ignore[misc]
    """on_turn_error stays unset: an error must reach the endpoint, or Teams would be told that all is well."""

    def __init__(self) -> None:
        super().__init__(_Authentication())


class _NoConnectors(ConnectorFactory):  # type: ignore[misc]
    async def create(self, service_url: str, audience: str) -> object:
        return object()  # the SDK wants one; nothing is sent through it


class _Authentication(BotFrameworkAuthentication):  # type: ignore[misc]
    """Never asked: requests are verified before the SDK sees them."""

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        raise NotImplementedError("requests are verified by authentication.py")

    async def authenticate_streaming_request(self, auth_header: str, channel_id_header: str) -> Any:
        raise NotImplementedError("requests are verified by authentication.py")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return _NoConnectors()

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        return None
