"""`steward ask` and `steward run`: one question or one job, on the same path as every other platform.

The mention goes through intake into the ledger. Where a worker lives (a running `steward demo`, a service), it
takes the job; where none does, one is started for this job alone. Exit status: 0 answered, 3 refused,
1 failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant import exit_codes
from assistant.errors import RequestInvalid
from assistant.job_kinds import JOB_KINDS
from assistant.jobs import JobStatus
from assistant.mentions import LOCAL_TENANT, Attachment, ConversationKey, Mention, Person, Platform
from assistant.observability import configure_terminal_logging
from assistant.queue import open_doorbell
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore, JobView
from assistant.storage.migrate import migrate
from assistant.storage.outbox_store import OutboxStore
from assistant.storage.people_store import PeopleStore
from assistant.storage.preference_store import PreferenceStore
from assistant.storage.worker_store import WorkerStore
from bot.intake import Intake
from bot.log_trouble import LogTrouble
from bot.platforms.console.render import as_json, as_text
from bot.platforms.console.waiting import LocalWorker, wait_for

# Who asks when nobody is named: whoever sits at this terminal can read the database's file anyway, but is
# answered from what everyone may read, so that a quote never surprises the person it is forwarded to.
LOCAL_PERSON = Person(id="local", name="Local operator", role="admin", groups=("everyone", "public"))


def ask(argv: list[str]) -> int:
    """Run `steward ask`."""
    parser = argparse.ArgumentParser(prog="steward ask", description="Ask a question; get a cited answer.")
    parser.add_argument("question", help="the question; '-' reads it from standard input")
    _add_common(parser)
    arguments = parser.parse_args(argv)
    text = sys.stdin.read() if arguments.question == "-" else arguments.question
    return _answer(arguments, text=text, kind=None, files=[], options={})


def run(argv: list[str]) -> int:
    """Run `steward run`."""
    parser = argparse.ArgumentParser(prog="steward run", description="Run one kind of job.")
    parser.add_argument("kind", help=f"one of {', '.join(JOB_KINDS)}")
    parser.add_argument("files", nargs="*", metavar="FILE", type=Path, help="files or folders to work on")
    parser.add_argument("--request", default="", help="what is wanted: text, or a JSON object of the kind's options")
    parser.add_argument("--out", type=Path, help="write the answer there: .json, .md or .txt")
    _add_common(parser)
    arguments = parser.parse_args(argv)
    if arguments.kind not in JOB_KINDS:
        parser.error(f"there is no job kind {arguments.kind!r}; there are {', '.join(JOB_KINDS)}")
    if arguments.out and arguments.out.suffix not in (".json", ".md", ".txt"):
        parser.error(f"--out {arguments.out}: the name must end in .json, .md or .txt")
    text, options = _request(arguments.request)
    return _answer(arguments, text=text, kind=arguments.kind, files=arguments.files, options=options)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as", dest="person", metavar="PERSON", help="who asks: a person's id, e-mail or name")
    parser.add_argument("--thread", help="continue this thread, so that a follow-up is understood")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts")
    parser.add_argument("--timeout", type=float, default=None, metavar="SECONDS", help="longest wait for the answer")


def _request(text: str) -> tuple[str, dict[str, Any]]:
    if not text.lstrip().startswith("{"):
        return text, {}
    try:
        options = json.loads(text)
    except json.JSONDecodeError as error:
        raise RequestInvalid(f"--request starts like a JSON object but isn't one: {error}.") from error
    return str(options.pop("text", options.get("question", ""))), options


def _answer(
    arguments: argparse.Namespace, *, text: str, kind: str | None, files: list[Path], options: dict[str, Any]
) -> int:
    settings = load_settings(steward_data=arguments.data)
    configure_terminal_logging(settings.log_level, settings.log_format)
    engine = open_engine(settings.database)
    migrate(engine)
    people, jobs = PeopleStore(engine), JobStore(engine, settings)
    mention = Mention(
        event_key=f"console:{uuid.uuid4()}",
        conversation=ConversationKey(
            platform=Platform.CONSOLE,
            tenant=LOCAL_TENANT,
            channel="terminal",
            thread=arguments.thread or uuid.uuid4().hex,
        ),
        asker=_person(people, arguments.person),
        text=text,
        attachments=tuple(_attachment(path) for path in files),
        kind=kind,
        options=options,
    )
    preferences, trouble = PreferenceStore(engine), LogTrouble(settings)
    intake = Intake(jobs, people, open_doorbell(settings), preferences=preferences, trouble=trouble)
    accepted = intake.take(mention)
    view = _run_to_its_end(settings, jobs, WorkerStore(engine), accepted.job_id, arguments)
    _show(view, mention, arguments)
    OutboxStore(engine).shown(view.id)
    return _exit_code(view)


def _run_to_its_end(
    settings: Settings, jobs: JobStore, workers: WorkerStore, job_id: uuid.UUID, arguments: argparse.Namespace
) -> JobView:
    timeout = arguments.timeout or JOB_KINDS[jobs.view(job_id).kind].deadline_seconds
    worker = LocalWorker(settings, job_id)
    try:
        return wait_for(
            jobs,
            job_id,
            timeout_seconds=timeout,
            has_worker=workers.any_alive,
            worker=worker,
            on_step=_step_printer(quiet=arguments.json or not sys.stderr.isatty()),
        )
    except KeyboardInterrupt:
        jobs.cancel(job_id, by="terminal")
        raise
    finally:
        worker.stop()


def _step_printer(*, quiet: bool) -> Callable[[str], None]:
    if quiet:
        return lambda _text: None
    return lambda text: print(f"  … {text}", file=sys.stderr)


def _person(people: PeopleStore, wanted: str | None) -> Person:
    if wanted is None:
        return LOCAL_PERSON
    matches = people.find(LOCAL_TENANT, wanted)
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise RequestInvalid(
            f"nobody here is called {wanted!r}. `steward admin people list` names everybody; "
            "`steward admin people import FILE` adds people."
        )
    names = ", ".join(f"{match.name} ({match.id})" for match in matches)
    raise RequestInvalid(f"{wanted!r} could be {names}. Give the id.")


def _attachment(path: Path) -> Attachment:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise RequestInvalid(f"{path} can't be read: {error.strerror}.") from error
    return Attachment(
        name=path.name or str(path),
        media_type="inode/directory"
        if path.is_dir()
        else mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        size_bytes=size,
        location=f"path:{path.resolve()}",
    )


def _show(view: JobView, mention: Mention, arguments: argparse.Namespace) -> None:
    document = as_json(view, thread=mention.conversation.thread)
    out: Path | None = getattr(arguments, "out", None)
    if out is not None:
        written = json.dumps(document, ensure_ascii=False, indent=2) if out.suffix == ".json" else as_text(view)
        try:
            out.write_text(written + "\n", encoding="utf-8")
        except OSError as error:
            raise RequestInvalid(f"--out {out} can't be written: {error.strerror}.") from error
    print(json.dumps(document, ensure_ascii=False) if arguments.json else as_text(view))
    if not arguments.json and sys.stderr.isatty():
        print(f"\njob {view.id} · thread {mention.conversation.thread}", file=sys.stderr)


def _exit_code(view: JobView) -> int:
    if view.status not in (JobStatus.SUCCEEDED, JobStatus.WAITING) or view.result is None:
        return exit_codes.FAILURE
    return exit_codes.SUCCESS if view.result.outcome == "answered" else exit_codes.REFUSED
