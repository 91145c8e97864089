"""`steward jobs`: look into the ledger and set it right by hand.

steward jobs list [--state queued|running|succeeded|failed|cancelled|dead] [--limit N] [--json]
steward jobs show JOB [--json]
steward jobs retry JOB…      run failed or cancelled jobs once more
steward jobs cancel JOB…     stop queued or running jobs
steward jobs dead            what was given up for a reason of ours
steward jobs lanes           how full each queue is, and who serves it
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from assistant.exit_codes import FAILURE, SUCCESS
from assistant.jobs import JobStatus
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.job_repair import JobRepair
from assistant.storage.job_store import JobStore, JobView
from assistant.storage.worker_store import WorkerStore

QUESTION_CHARS = 60


def main(argv: list[str]) -> int:
    """Run one `steward jobs` command and return its exit code."""
    arguments = _parser().parse_args(argv)
    settings = load_settings(steward_data=arguments.data)
    command: Callable[[_Desk, argparse.Namespace], int] = arguments.run
    return command(_Desk(settings), arguments)


class _Desk:
    def __init__(self, settings: Settings) -> None:
        engine = open_engine(settings.database, pool_size=2)
        self.jobs = JobStore(engine, settings)
        self.repair = JobRepair(engine)
        self.workers = WorkerStore(engine)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="steward jobs", description="Look into the ledger and set it right.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data", type=Path, default=None, help="folder of the embedded parts (STEWARD_DATA)")
    shared.add_argument("--json", action="store_true", help="print JSON instead of text")
    commands = parser.add_subparsers(required=True)
    states = [*(status.value for status in JobStatus), "dead"]
    listing = commands.add_parser("list", parents=[shared], help="the newest jobs")
    listing.add_argument("--state", choices=states, default=None)
    listing.add_argument("--limit", type=int, default=20)
    listing.set_defaults(run=_list)
    dead = commands.add_parser("dead", parents=[shared], help="jobs given up for a reason of ours")
    dead.add_argument("--limit", type=int, default=20)
    dead.set_defaults(run=_list, state="dead")
    show = commands.add_parser("show", parents=[shared], help="one job's story")
    show.add_argument("job", type=UUID)
    show.set_defaults(run=_show)
    for name, run, words in (("retry", _retry, "run jobs once more"), ("cancel", _cancel, "stop jobs")):
        command = commands.add_parser(name, parents=[shared], help=words)
        command.add_argument("jobs", type=UUID, nargs="+", metavar="JOB")
        command.set_defaults(run=run)
    lanes = commands.add_parser("lanes", parents=[shared], help="how full each queue is, and who serves it")
    lanes.set_defaults(run=_lanes)
    return parser


def _list(desk: _Desk, arguments: argparse.Namespace) -> int:
    views = desk.jobs.views(desk.repair.list_jobs(arguments.state, limit=arguments.limit))
    if arguments.json:
        print(json.dumps([_brief(view) for view in views], ensure_ascii=False))
        return SUCCESS
    for view in views:
        question = " ".join(view.question.split())
        shown = question if len(question) <= QUESTION_CHARS else question[: QUESTION_CHARS - 1] + "…"
        print(f"{view.id}  {view.created_at:%m-%d %H:%M:%S}  {_state(view):<20} {view.kind:<16} {shown}")
    if not views:
        print("No such jobs.")
    return SUCCESS


def _show(desk: _Desk, arguments: argparse.Namespace) -> int:
    view = desk.jobs.view(arguments.job)
    if arguments.json:
        print(view.model_dump_json())
        return SUCCESS
    print(f"job {view.id}: {view.kind}, {_state(view)}")
    print(f"  asked by {view.asker_id} in {view.conversation.platform.value}/{view.conversation.channel}")
    print(
        f"  attempts {view.attempt}, worker deaths {view.worker_deaths}, lane {view.lane}, owner {view.owner or '-'}"
    )
    for step in view.steps:
        print(f"  {step.at:%H:%M:%S.%f} {step.text}")
    if view.finished_at:
        print(f"  {view.finished_at:%H:%M:%S.%f} {view.status.value}")
    if view.delivered_at:
        print(f"  {view.delivered_at:%H:%M:%S.%f} delivered")
    if view.error_message:
        print(f"  {view.error_code}: {view.error_message}")
    if view.result:
        latency = view.result.receipt.latency_ms
        print(f"  {latency.total:.0f} ms in total, {latency.queue:.0f} queued, {latency.delivery:.0f} in delivery")
    return SUCCESS


def _retry(desk: _Desk, arguments: argparse.Namespace) -> int:
    return _each(arguments, desk.repair.replay, done="queued again", refused="is neither failed nor cancelled")


def _cancel(desk: _Desk, arguments: argparse.Namespace) -> int:
    def cancel(job_id: UUID) -> bool:
        return desk.jobs.cancel(job_id, by="an operator")

    return _each(arguments, cancel, done="is stopped, or will be within seconds", refused="is over already")


def _each(arguments: argparse.Namespace, do: Callable[[UUID], bool], *, done: str, refused: str) -> int:
    outcomes = {job_id: do(job_id) for job_id in arguments.jobs}
    if arguments.json:
        print(json.dumps({str(job_id): outcome for job_id, outcome in outcomes.items()}))
    else:
        for job_id, outcome in outcomes.items():
            print(f"{job_id} {done if outcome else refused}", file=sys.stdout if outcome else sys.stderr)
    return SUCCESS if all(outcomes.values()) else FAILURE


def _lanes(desk: _Desk, arguments: argparse.Namespace) -> int:
    loads, workers = desk.repair.loads(), desk.workers.alive()
    if arguments.json:
        lanes = [{"lane": load.lane, "state": load.state, "jobs": load.jobs} for load in loads]
        print(json.dumps({"lanes": lanes, "workers": [worker.id for worker in workers]}))
        return SUCCESS
    for load in loads:
        print(f"{load.lane:<10} {load.state:<8} {load.jobs:>7}  oldest of {load.oldest_at:%H:%M:%S}")
    for worker in workers:
        print(f"worker {worker.id}: {worker.slots} slots for {', '.join(worker.lanes)}")
    if not workers:
        print("No worker is alive: `steward worker` starts one.")
    return SUCCESS


def _state(view: JobView) -> str:
    return f"{view.status.value} ({view.error_code})" if view.error_code else view.status.value


def _brief(view: JobView) -> dict[str, object]:
    wanted = {"id", "kind", "lane", "status", "asker_id", "question", "created_at", "finished_at", "error_code"}
    return view.model_dump(mode="json", include=wanted | {"attempt", "worker_deaths"})
