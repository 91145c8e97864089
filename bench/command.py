"""`steward bench NAME`: a table of the benchmarks, each imported only when it runs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from importlib.util import find_spec

from assistant import exit_codes

BENCHMARKS: dict[str, str] = {
    "retrieval": "hybrid search beside BM25 and dense alone, and the refusal AUROC; --data FOLDER",
    "answers": "the demo company's questions: correctness, refusals, leaks, latency, cost",
    "logs": "templates and incidents beside Drain3; --data FOLDER",
    "meetings": "minutes against people's own; --data FOLDER",
    "email": "drafting requests with their checklists",
    "ledger": "what the ledger costs, its claim at a long backlog, and who waits behind a flood",
    "queues": "the ledger beside bare Celery, dramatiq and procrastinate",
    "lanes": "a policy question beside a big log and a long PDF, in threads and in processes",
    "acknowledge": "how fast Slack's events are acknowledged, with broker and database well and away",
    "soak": "many questions on end: memory, tables and latency stay where they are; --jobs N",
    "slack": "from a mention to its placeholder, beside a bare Bolt app",
    "slack_chaos": "asks Slack while bots and workers are killed; --n QUESTIONS",
    "teams_chaos": "asks Teams while bots and workers are killed; --n QUESTIONS",
    "chaos": "kills processes and loses nothing; --events N",
}


def main(argv: list[str]) -> int:
    """Run the benchmark named first with the remaining arguments; print the list when none is."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print("usage: steward bench NAME [arguments]\n")
        print("\n".join(f"  {name:<12} {help_line}" for name, help_line in BENCHMARKS.items()))
        return exit_codes.SUCCESS if argv else exit_codes.USAGE
    name, rest = argv[0], argv[1:]
    if name not in BENCHMARKS or find_spec(f"bench.{name}") is None:
        print(f"steward bench: there is no benchmark {name!r}; one of {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return exit_codes.USAGE
    run: Callable[[list[str]], int] = importlib.import_module(f"bench.{name}").main
    return run(rest)
