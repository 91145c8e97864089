"""`steward ingest PATH… --space S --allow group:G`: load documents and say what became of each."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assistant import exit_codes
from assistant.errors import RequestInvalid
from assistant.knowledge.search import open_embedder
from assistant.observability import configure_terminal_logging
from assistant.settings import load_settings
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.migrate import migrate
from ingest.parsing_process import ParsingProcess
from ingest.pipeline import IngestOrder, Outcome, Pipeline
from ingest.sources.files import list_files

_SHOWN = {"added": "+", "updated": "~", "facts_updated": "~", "removed": "-", "skipped": "·", "failed": "✗"}


def main(argv: list[str]) -> int:
    """Ingest; return 0 when all went well, 3 when some documents failed, 1 when the run itself failed."""
    arguments = _arguments(argv)
    settings = load_settings(steward_data=arguments.data)
    configure_terminal_logging(settings.log_level, settings.log_format)
    files = list_files(arguments.paths)
    order = IngestOrder(
        space=arguments.space,
        allow=_groups(arguments.allow),
        by=arguments.by,
        prune=arguments.prune,
        force=arguments.force,
        max_bytes=settings.max_document_bytes,
    )
    started = time.monotonic()
    engine = open_engine(settings.database)
    with ParsingProcess(seconds=settings.parse_seconds, memory_bytes=settings.parse_memory_bytes) as parsing:
        migrate(engine)
        pipeline = Pipeline(DocumentLedger(engine), open_embedder(settings), parsing, order)
        with _progress(len(files), quiet=arguments.json) as on_outcome:
            outcomes = pipeline.run(files, on_outcome)
    _report(outcomes, order, time.monotonic() - started, as_json=arguments.json)
    return exit_codes.REFUSED if any(outcome.outcome == "failed" for outcome in outcomes) else exit_codes.SUCCESS


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="steward ingest",
        description="Load documents (Markdown, HTML, Word, PDF, slides, sheets, CSV, mail, text) into a space.",
        epilog="Exit status: 0 all went well, 3 some documents failed, 1 the run failed.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="files or folders")
    parser.add_argument("--space", default="company", help="the space they belong to (company)")
    parser.add_argument(
        "--allow", action="append", metavar="group:NAME", help="who may read them; several by commas (group:everyone)"
    )
    parser.add_argument("--by", metavar="PERSON", help="who ingests them, for the record")
    parser.add_argument(
        "--prune", action=argparse.BooleanOptionalAction, default=True, help="remove documents whose files are gone"
    )
    parser.add_argument("--force", action="store_true", help="parse all again, and remove however many are gone")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(argv)


def _groups(allow: Sequence[str] | None) -> tuple[str, ...]:
    names = [name.strip() for part in (allow or ["group:everyone"]) for name in part.split(",")]
    groups = tuple(dict.fromkeys(name.removeprefix("group:") for name in names if name))
    bad = [group for group in groups if not group or any(letter.isspace() or letter == ":" for letter in group)]
    if bad or not groups:
        raise RequestInvalid(
            f"--allow takes group:NAME, several by commas; {', '.join(bad) or 'nothing'} isn't that."
        )
    return groups


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[Outcome], None]]:
    if quiet or not sys.stderr.isatty():
        yield lambda _outcome: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Reading documents", total=total)
        yield lambda outcome: progress.update(task, advance=0 if outcome.outcome == "removed" else 1)


def _report(outcomes: Sequence[Outcome], order: IngestOrder, seconds: float, *, as_json: bool) -> None:
    counts = Counter(outcome.outcome for outcome in outcomes)
    chunks = sum(outcome.chunks for outcome in outcomes)
    if as_json:
        document = {
            "space": order.space,
            "allow": list(order.allow),
            "counts": dict(counts),
            "chunks": chunks,
            "seconds": round(seconds, 3),
            "documents": [asdict(outcome) for outcome in outcomes],
        }
        print(json.dumps(document, ensure_ascii=False))
        return
    for outcome in outcomes:
        if outcome.outcome == "unchanged" and not outcome.warnings:
            continue
        notes = "; ".join(filter(None, [outcome.error, *outcome.warnings]))
        mark = _SHOWN.get(outcome.outcome, " ")
        print(f"{mark} {outcome.path}  {outcome.outcome.replace('_', ' ')}{f': {notes}' if notes else ''}")
    summary = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    print(f"Space {order.space!r}: {summary or 'nothing to do'}; {chunks} passages in {seconds:.1f} s.")
