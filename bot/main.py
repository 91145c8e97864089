"""The bot program: one ASGI application with the platforms that the settings switch on, and the delivery loop.

steward bot [--host ADDRESS] [--port N] [--data DIR]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from uuid import UUID

import structlog
import uvicorn
from fastapi import FastAPI

from assistant.live_progress import ProgressListener
from assistant.mail_desk import MailDesk
from assistant.observability import configure_logging
from assistant.queue import CeleryDoorbell, open_doorbell
from assistant.rate_limits import open_rate_limits
from assistant.settings import Settings, load_settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.database import open_engine
from assistant.storage.draft_store import DraftStore
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.health import Health
from assistant.storage.job_repair import JobRepair
from assistant.storage.job_store import JobStore
from assistant.storage.mail_store import MailStore
from assistant.storage.migrate import migrate
from assistant.storage.minutes_store import MinutesStore
from assistant.storage.outbox_store import OutboxStore
from assistant.storage.people_store import PeopleStore
from assistant.storage.person_data import PersonData
from assistant.storage.preference_store import PreferenceStore
from assistant.storage.worker_store import WorkerStore
from bot import operations
from bot.alerts.routes import build_alert_routes
from bot.body_limit import BodyLimit
from bot.delivery import Delivery
from bot.dependencies import BotDependencies
from bot.draft_answers import DraftAnswers
from bot.drafts import DraftDesk
from bot.feedback import FeedbackDesk
from bot.intake import Intake
from bot.log_trouble import LogTrouble
from bot.meeting_questions import MeetingQuestions
from bot.minutes import MinutesDesk
from bot.platforms import PLATFORMS, PlatformEntry
from bot.platforms.base import ChatPlatform, ShowsProgress

log = structlog.get_logger()

FORM_BYTES = 1_000_000  # what a form with a file may hold beside the file
SHUTDOWN_SECONDS = 10
SWITCH_SECONDS = 0.0005  # how long one thread may hold the interpreter while another waits for it


def make_app(settings: Settings, entries: Sequence[PlatformEntry] = PLATFORMS) -> FastAPI:
    """Return the application. The database must be migrated; nothing is connected before it starts."""
    engine = open_engine(settings.database)
    jobs, people, feedback = JobStore(engine, settings), PeopleStore(engine), FeedbackStore(engine)
    blobs, drafts = BlobStore(engine, settings), DraftStore(engine)
    preferences, minutes = PreferenceStore(engine), MinutesStore(engine)
    doorbell = open_doorbell(settings)
    platforms: dict[str, ChatPlatform] = {}
    delivery = Delivery(OutboxStore(engine), platforms)
    dependencies = BotDependencies(
        settings=settings,
        engine=engine,
        intake=Intake(
            jobs,
            people,
            doorbell,
            open_rate_limits(settings),
            answers=DraftAnswers(drafts, jobs),
            meetings=MeetingQuestions(minutes),
            delivery=delivery,
            preferences=preferences,
            trouble=LogTrouble(settings),
        ),
        jobs=jobs,
        conversations=ConversationStore(engine),
        feedback=feedback,
        feedback_desk=FeedbackDesk(jobs, feedback),
        people=people,
        preferences=preferences,
        person_data=PersonData(engine),
        blobs=blobs,
        drafts=DraftDesk(drafts, people, blobs, doorbell),
        minutes=MinutesDesk(settings, minutes, feedback, doorbell),
        mail=MailDesk(settings, MailStore(engine, settings)),
    )

    def nudge(job_id: UUID) -> None:
        delivery.wake()
        for platform in platforms.values():
            if isinstance(platform, ShowsProgress):
                platform.nudge(job_id)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.create_task(delivery.run(), name="delivery")
        listener = _listen(settings, nudge)
        try:
            for platform in platforms.values():
                await platform.start()
            log.info("bot.started", platforms=sorted(platforms))
            yield
        finally:
            if listener is not None:
                listener.end()
            loop.cancel()  # before the platforms: what delivery has under way still needs their connections
            with contextlib.suppress(asyncio.CancelledError):
                await loop
            for platform in platforms.values():
                await platform.stop()
            if isinstance(doorbell, CeleryDoorbell):
                doorbell.close()  # sends what waits
            engine.dispose()

    app = FastAPI(title="Steward", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(operations.build_routes(Health(engine), JobRepair(engine), WorkerStore(engine)))
    if settings.steward_alert_secret:
        app.include_router(build_alert_routes(settings, dependencies.intake, people))
    for entry in entries:
        if entry.is_on(settings):
            platforms[entry.name] = entry.build(app, dependencies)
    app.add_middleware(BodyLimit, upload_bytes=settings.max_upload_bytes + FORM_BYTES)
    return app


def _listen(settings: Settings, nudge: Callable[[UUID], None]) -> ProgressListener | None:
    """Start to hear of progress where Redis carries it, and pass it on to this thread's event loop."""
    if not settings.redis_url:
        return None
    here = asyncio.get_running_loop()

    def hear(job_id: UUID) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the bot is going down
            here.call_soon_threadsafe(nudge, job_id)

    listener = ProgressListener(settings.redis_url, hear)
    listener.start()
    return listener


def _answer_promptly() -> None:
    """Trade a little throughput of the interpreter for an event loop that is never kept waiting.

    The database is spoken to in threads, and each hands the interpreter back to the loop after this interval at the
    latest. With Python's own 5 ms, the placeholder's 95th percentile at fifty questions a second was half as long
    again (docs/benchmarks.md). What was imported stays to the end, so the collector need not walk through it.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()


def main(argv: list[str]) -> int:
    """Run `steward bot` until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="steward bot", description="Speak to the chat platforms.")
    parser.add_argument("--host", default=None, help="address to listen on (HOST)")
    parser.add_argument("--port", type=int, default=None, help="port to listen on (PORT)")
    parser.add_argument("--data", type=Path, default=None, help="folder of the embedded parts (STEWARD_DATA)")
    args = parser.parse_args(argv)
    settings = load_settings(host=args.host, port=args.port, steward_data=args.data)
    configure_logging(settings.log_level, settings.log_format)
    engine = open_engine(settings.database, pool_size=1)
    migrate(engine)
    engine.dispose()
    app = make_app(settings)
    _answer_promptly()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ws_max_size=4_000_000,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
