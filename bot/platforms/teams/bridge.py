"""One turn through Microsoft's successor SDK and its bridge for botbuilder code: the way out, kept proven.

microsoft-teams-apps runs the application and hands each activity to microsoft-teams-botbuilder, which runs an
ActivityHandler. Not installed with Steward: `make test-teams-bridge` builds an environment that has it and runs the
contract of Teams with these turns in the place of activity_handler.py's.

The bridge turns every error into a 500 of its own and skips activities without an id; here the desk's errors come
through as they do with botbuilder-core, because the endpoint's answer hangs on them.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.schema import Activity
from microsoft_teams.apps import App
from microsoft_teams.botbuilder import BotBuilderAdapter

from bot.platforms.teams.activity_handler import DeskHandler, VerifiedAdapter, verified
from bot.platforms.teams.authentication import Caller
from bot.platforms.teams.turns import Desk, InvokeAnswer, outline
from bot.platforms.teams.wire import TeamsActivity


@dataclass
class _Turn:
    caller: Caller
    activity: TeamsActivity
    desk: Desk
    error: BaseException | None = None


_turn: ContextVar[_Turn] = ContextVar("teams_turn")


class BridgeTurns:
    """Runs turns through microsoft-teams-apps; one for the process."""

    def __init__(self, app_id: str | None) -> None:
        self._door = _Door()
        bridge = BotBuilderAdapter(
            handler=_CurrentDesk(), cloud_adapter=_BridgedAdapter(app_id), http_server_adapter=self._door
        )
        # Whoever comes here has been verified by authentication.py: this SDK need not do it again.
        self._app = App(http_server_adapter=bridge, dangerously_allow_unauthenticated_requests=True)
        self._is_ready = False

    async def run(self, caller: Caller, activity: TeamsActivity, desk: Desk) -> InvokeAnswer | None:
        """Have the desk act on the activity; return the answer of an invoke. The desk's errors come through."""
        if not self._is_ready:
            await self._app.initialize()
            self._is_ready = True
        turn = _Turn(caller, activity, desk)
        token = _turn.set(turn)
        try:
            answer = await self._door.enter(outline(activity))
        finally:
            _turn.reset(token)
        if turn.error is not None:
            raise turn.error
        if activity.type != "invoke":
            return None
        body = answer.get("body")
        return body if isinstance(body, InvokeAnswer) else InvokeAnswer(501)


class _Door:
    """The SDK's HTTP side, without HTTP: our own endpoint has read the request already."""

    def __init__(self) -> None:
        self._handler: Any = None

    def register_route(self, method: str, path: str, handler: Any) -> None:
        """Keep the one handler that the SDK registers."""
        self._handler = handler

    def serve_static(self, path: str, directory: str) -> None:
        """Nothing is served."""

    async def start(self, port: int) -> None:
        """Nothing listens: the bot's own server does."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def enter(self, body: dict[str, Any]) -> dict[str, Any]:
        """Hand an activity to the SDK."""
        answer: dict[str, Any] = await self._handler({"body": body, "headers": {}})
        return answer


class _BridgedAdapter(VerifiedAdapter):
    """The bridge hands over a header; the claims were verified before."""

    def __init__(self, app_id: str | None) -> None:
        super().__init__()
        self._app_id = app_id or ""

    async def process_activity(self, _header: object, activity: Activity, logic: Any) -> Any:
        return await super().process_activity(verified(_turn.get().caller, self._app_id), activity, logic)


class _CurrentDesk(ActivityHandler):  # type: ignore[misc]
    """Has the turn's own desk act, and remembers what it raised."""

    async def on_turn(self, turn_context: TurnContext) -> None:
        turn = _turn.get()
        try:
            await DeskHandler(turn.activity, turn.desk).on_turn(turn_context)
        except Exception as error:
            turn.error = error
            raise
