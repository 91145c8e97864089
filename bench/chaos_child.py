"""The processes that the chaos run kills: the real bot and the real worker, with a job and a chat of its own.

python -m bench.chaos_child bot|worker NAME < brief.json
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from assistant.errors import DependencyUnavailable, RateLimited, StewardError
from assistant.jobs import Job, JobResult, Receipt
from assistant.mentions import ConversationKey, Mention, Person, Platform
from assistant.observability import configure_logging
from assistant.replies import Reply
from assistant.settings import Settings, load_settings
from bot.dependencies import BotDependencies
from bot.main import make_app
from bot.platforms import PlatformEntry
from workers.context import JobContext

HANDLERS = {"policy_search": "bench.chaos_child:run_job"}
SERVICES = "bench.chaos_child:no_services"


# ------------------------------------------------------------------ the job
def run_job(job: Job, context: JobContext) -> JobResult:
    """Do what the question says: take a while, fail once, or take the process down."""
    brief = json.loads(job.mention.text)
    if brief.get("poison"):
        time.sleep(0.05)
        os._exit(139)
    if brief.get("flaky") and job.attempt == 1:
        raise DependencyUnavailable("the model answered 503", retry_after_seconds=0.5)
    end, told = time.monotonic() + brief["seconds"], -1
    while time.monotonic() < end:
        context.check(job)
        if brief.get("tells") and told != (told := round(end - time.monotonic())):
            context.report("working", f"working, {told} s to go")
        time.sleep(min(0.1, max(0.0, end - time.monotonic())))
    text = f"ANSWER {brief['question']}"
    receipt = Receipt(model="chaos", offline=True, prompt_version="chaos@0")
    return JobResult(outcome="answered", answer=text, receipt=receipt, reply=Reply(text=text))


class _Nothing:
    """Stands for ports that the job does not touch."""


def no_services(settings: Settings, engine: Any) -> Callable[..., JobContext]:
    """Return a context factory without knowledge or models."""

    def make_context(job: Job, progress: Any) -> JobContext:
        nothing: Any = _Nothing()
        return JobContext(
            settings=settings,
            knowledge=nothing,
            history=nothing,
            files=nothing,
            models=nothing,
            today=datetime.now(UTC),
            report=progress.report,
            stream=progress.stream,
            is_cancelled=progress.is_cancelled,
            stopwatch=progress.stopwatch,
        )

    return make_context


# ------------------------------------------------------------------ the chat, seen from the bot
class ChaosPlatform:
    """A ChatPlatform over HTTP to the stand-in."""

    name = "slack"

    def __init__(self, address: str) -> None:
        self._client = httpx.AsyncClient(base_url=address, timeout=6)

    async def start(self) -> None:
        """Nothing to connect."""

    async def stop(self) -> None:
        """Close the client."""
        await self._client.aclose()

    async def post(self, target: Mapping[str, Any], reply: Reply, key: str) -> dict[str, Any]:
        """Post a message."""
        return await self._call("post", {"thread": target["thread"], "key": key, **_said(reply)})

    async def update(self, handle: Mapping[str, Any], reply: Reply) -> None:
        """Change a message."""
        await self._call("update", {"handle": handle["handle"], **_said(reply)})

    async def find(self, target: Mapping[str, Any], key: str) -> dict[str, Any] | None:
        """Look for a message."""
        found = await self._call("find", {"key": key})
        return found if found["handle"] else None

    async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        response = await self._client.post(f"/{method}", json=body)
        if response.status_code == 429:
            raise RateLimited("429", retry_after_seconds=float(response.headers["Retry-After"]))
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


def _said(reply: Reply) -> dict[str, Any]:
    return {"text": reply.text, "final": reply.final}


def build(app: FastAPI, dependencies: BotDependencies) -> ChaosPlatform:
    """Put the event endpoint on the application: acknowledged after the commit, 503 when there was none."""
    import asyncio

    @app.post("/slack/events")
    async def events(request: Request) -> Response:
        event = await request.json()
        mention = Mention(
            event_key=event["event_key"],
            conversation=ConversationKey(
                platform=Platform.SLACK, tenant="T", channel=event["channel"], thread=event["thread"]
            ),
            asker=Person(id=event["person"]),
            text=event["text"],
            kind="policy_search",
            reply_target={"thread": event["thread"]},
        )
        try:
            await asyncio.to_thread(dependencies.intake.take, mention)
        except StewardError:
            return Response(status_code=503)
        return Response(status_code=200)

    return ChaosPlatform(dependencies.settings.slack_api_url)


# ------------------------------------------------------------------ starting
def main(argv: list[str]) -> int:
    """Run one of the two until it is killed, or its parent is gone."""
    role, name = argv
    brief = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = load_settings({}, **brief["settings"])
    configure_logging("error", "console")
    if role == "worker":
        from workers.app import run_worker

        return run_worker(settings, owner=name, handlers=HANDLERS, services=SERVICES)
    entry = PlatformEntry("slack", "bench.chaos_child:build", lambda _settings: True)
    uvicorn.run(make_app(settings, (entry,)), host="127.0.0.1", port=brief["port"], log_config=None)
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
