"""How long a policy question takes beside work that computes: a big log, a long PDF; in threads and in processes.

One worker at a time, of its own process, on embedded parts. Each row asks questions one after the other while the
heavy work runs, so compare the rows of one run: what else the machine does falls on all of them alike.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from fpdf import FPDF

from assistant import exit_codes
from assistant.job_kinds import LOG_INSPECTION, POLICY_SEARCH, JobKind
from assistant.mentions import ConversationKey, Mention, Person, Platform
from assistant.replies import Reply
from assistant.settings import Settings, child_environment, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_store import JobStore
from assistant.storage.migrate import migrate
from bench.logs_speed import write_mixed_log

POLICIES = Path(__file__).parents[1] / "deploy" / "demo" / "policies" / "company"
QUESTION = "How many nights does a trip need to have before I file a trip request?"
IDLE_QUESTIONS = 20
MOST_QUESTIONS = 200
LOOK_SECONDS = 0.005
PATIENCE_SECONDS = 300.0


def main(argv: list[str]) -> int:
    """Run `steward bench lanes`; the last line is JSON, in milliseconds."""
    parser = argparse.ArgumentParser(prog="steward bench lanes", description=__doc__)
    parser.add_argument("--lines", type=int, default=300_000, help="of the log (300,000)")
    parser.add_argument("--pages", type=int, default=200, help="of the PDF (200)")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="steward-lanes-", ignore_cleanup_errors=True) as name:
        figures = measure(Path(name), arguments.lines, arguments.pages)
    print(json.dumps(figures))
    return exit_codes.SUCCESS


def measure(folder: Path, lines: int, pages: int) -> dict[str, dict[str, float]]:
    """Return a question's p50 and p95 in milliseconds and how many were asked, by what ran beside it."""
    logs = folder / "logs"
    logs.mkdir()
    write_mixed_log(logs / "mixed.log", lines)
    write_pdf(folder / "handbook.pdf", pages)
    settings = load_settings({}, steward_data=folder / "data", steward_log_folders=str(logs))
    engine = open_engine(settings.database)
    migrate(engine)
    _ingest(settings, POLICIES).wait()
    asking = Asking(JobStore(engine, settings))
    figures: dict[str, dict[str, float]] = {}
    with worker(settings, process_lanes="none"):
        asking.answer(QUESTION, POLICY_SEARCH)  # warm
        figures["idle"] = asking.many(lambda asked: asked < IDLE_QUESTIONS)
        figures["log in threads"] = asking.beside_log()
    with worker(settings, process_lanes="logs"):
        asking.answer(QUESTION, POLICY_SEARCH)
        figures["log in a process"] = asking.beside_log()
        ingest = _ingest(settings, folder / "handbook.pdf")
        figures["PDF in a process"] = asking.many(lambda asked: ingest.poll() is None)
        if ingest.wait() != exit_codes.SUCCESS:
            raise RuntimeError(f"the PDF was not ingested (status {ingest.returncode})")
    engine.dispose()
    for name, row in figures.items():
        print(f"{name:<18} p50 {row['p50']:7.0f} ms   p95 {row['p95']:7.0f} ms   of {row['asked']:.0f} questions")
    return figures


class Asking:
    """Asks the ledger and waits for answers."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def beside_log(self) -> dict[str, float]:
        """Ask while a log is being inspected."""
        log_job = self._ask("What went wrong?", LOG_INSPECTION)
        figures = self.many(lambda _asked: not self._jobs.view(log_job).status.is_final)
        view = self._jobs.view(log_job)
        if view.result is None:
            raise RuntimeError(f"the log was not inspected: {view.error_message}")
        return figures

    def many(self, go_on: Callable[[int], bool]) -> dict[str, float]:
        """Ask one question after the other as long as this is so of the number asked; return p50 and p95."""
        took: list[float] = []
        while go_on(len(took)) and len(took) < MOST_QUESTIONS:
            took.append(self.answer(QUESTION, POLICY_SEARCH) * 1000)
        percentiles = statistics.quantiles(took, n=20) if len(took) > 1 else took * 19
        return {"p50": round(statistics.median(took), 1), "p95": round(percentiles[-1], 1), "asked": len(took)}

    def answer(self, text: str, kind: JobKind) -> float:
        """Return the seconds until the question was answered."""
        started = time.monotonic()
        job_id = self._ask(text, kind)
        pause = threading.Event()
        while not self._jobs.view(job_id).status.is_final:
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise RuntimeError("no answer; is the worker up?")
            pause.wait(LOOK_SECONDS)
        return time.monotonic() - started

    def _ask(self, text: str, kind: JobKind) -> UUID:
        name = uuid4().hex
        mention = Mention(
            event_key=name,
            conversation=ConversationKey(platform=Platform.CONSOLE, tenant="local", channel="bench", thread=name),
            asker=Person(id=f"{kind.name}-asker", role="engineer"),
            text=text,
            reply_target={},
        )
        return self._jobs.accept(mention, kind, Reply(text="…", final=False)).job_id


def write_pdf(path: Path, pages: int) -> None:
    """Write a PDF of so many full pages of made-up sentences."""
    source = random.Random(7)
    words = ["leave", "travel", "claim", "manager", "approval", "within", "days", "policy", "expense", "form", "team"]
    pdf = FPDF()
    pdf.set_font("Helvetica", size=11)
    for page in range(pages):
        pdf.add_page()
        sentences = (" ".join(source.choices(words, k=14)).capitalize() + "." for _ in range(28))
        pdf.multi_cell(0, 6, f"Section {page + 1}\n" + " ".join(sentences))
    pdf.output(str(path))


@contextmanager
def worker(settings: Settings, *, process_lanes: str) -> Iterator[None]:
    """Run a worker while inside."""
    process = _steward(settings, ["worker"], WORKER_PROCESS_LANES=process_lanes)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _ingest(settings: Settings, path: Path) -> subprocess.Popen[bytes]:
    return _steward(settings, ["ingest", str(path), "--space", path.stem], PARSE_SECONDS=str(PATIENCE_SECONDS))


def _steward(settings: Settings, arguments: list[str], **environment: str) -> subprocess.Popen[bytes]:
    named = {"STEWARD_DATA": str(settings.steward_data), "STEWARD_LOG_FOLDERS": settings.steward_log_folders}
    return subprocess.Popen(
        [sys.executable, "-m", "assistant.commands", *arguments],
        env=child_environment(**named, **environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
