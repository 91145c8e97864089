"""The one command, `steward`: a table of subcommands, each imported only when it is called.

The table names functions as text because the programs stand beside each other and above this package: nothing
here imports them, and `steward doctor` starts without LangChain. Each function takes its arguments and returns
an exit status (assistant/exit_codes.py).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from assistant import exit_codes
from assistant.errors import StewardError


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: where its function is, and one line of help."""

    function: str  # "module:function"
    help_line: str


COMMANDS: dict[str, Command] = {
    "demo": Command("assistant.demo:main", "the whole product on embedded parts, with a demo company"),
    "ask": Command("bot.platforms.console.commands:ask", "ask a question in the terminal"),
    "run": Command("bot.platforms.console.commands:run", "run one kind of job on files or a request"),
    "search": Command("assistant.knowledge.search_command:main", "search the documents, with scores"),
    "ingest": Command("ingest.cli:main", "load documents, and remove what vanished"),
    "explain": Command("workers.explain_job:main", "the whole story of one answer"),
    "jobs": Command("assistant.jobs_command:main", "list, show, retry and cancel jobs"),
    "mail": Command("assistant.mail_command:main", "connect people's mailboxes, and forget them"),
    "bot": Command("bot.main:main", "the chat side: web page, Slack, Teams"),
    "teams": Command("bot.platforms.teams.command:main", "make the Teams app package; check the connection"),
    "worker": Command("workers.app:main", "the job side"),
    "slack": Command("bot.platforms.slack.command:main", "Slack's app manifest, and what is wrong with its settings"),
    "doctor": Command("assistant.doctor:main", "what is configured, reachable and missing"),
    "admin": Command("assistant.admin_command:main", "migrations, people, the example settings file"),
    "bench": Command("bench.command:main", "measure: retrieval, logs, meetings, email, chaos, ledger"),
}


def main(argv: list[str] | None = None) -> int:
    """Run the subcommand named first; print the list when none is.

    An error of our own tree becomes one sentence on standard error and status 1; anything else is a bug and
    keeps its traceback.
    """
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_usage())
        return exit_codes.SUCCESS if arguments else exit_codes.USAGE
    name, rest = arguments[0], arguments[1:]
    if name in ("--version", "version"):
        print(f"steward {importlib.import_module('importlib.metadata').version('steward')}")
        return exit_codes.SUCCESS
    command = COMMANDS.get(name)
    if command is None:
        print(f"steward: there is no command {name!r}.\n\n{_usage()}", file=sys.stderr)
        return exit_codes.USAGE
    try:
        return _function(command)(rest)
    except StewardError as error:
        print(f"steward {name}: {error.plain}", file=sys.stderr)
        return exit_codes.FAILURE
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:  # `steward … | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.SUCCESS


def _function(command: Command) -> Callable[[list[str]], int]:
    module, function = command.function.split(":")
    found: Callable[[list[str]], int] = getattr(importlib.import_module(module), function)
    return found


def _usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.help_line}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: steward COMMAND [options]",
            "",
            *lines,
            "",
            "Each command has --help, and --data DIR (or STEWARD_DATA) for the embedded parts' folder.",
            "Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused or nothing found.",
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
