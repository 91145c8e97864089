"""The tables match the folders, every error speaks, and everything is caught only where the house says so."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from assistant import errors
from assistant.errors import StewardError
from assistant.job_kinds import JOB_KINDS, LANES
from assistant.mentions import Platform
from bot.platforms import PLATFORMS
from workers.registry import HANDLERS

ROOT = Path(__file__).parents[2]
PACKAGES = ("assistant", "bot", "workers", "ingest")
# Files that may catch everything: the four boundaries of house.md, and the edges of libraries that raise anything.
CATCH_ALL = {
    "assistant/knowledge/embedded_index.py",  # qdrant-edge raises bare Exception
    "assistant/queue.py",  # whatever a broker's client raises; the sweeper rings again
    "bot/delivery.py",
    "bot/platforms/slack/app.py",
    "bot/platforms/slack/oauth.py",  # a browser is told plainly, whatever the consent page sent
    "bot/platforms/slack/socket_mode.py",
    "bot/platforms/teams/endpoint.py",
    "bot/platforms/web/chat_page.py",
    "bot/platforms/web/follow.py",
    "ingest/parsing_process.py",
    "workers/agent/resilience.py",  # a provider's library; classified, then raised as ours
    "workers/consumer.py",
    "workers/run_job.py",
}

CHANNELS = {"assistant/mail/mailroom.py"}  # builds the senders


def error_types() -> list[type[StewardError]]:
    found = [StewardError]
    for error in found:
        found.extend(error.__subclasses__())
    return [error for error in found if error.__module__ == errors.__name__]


def sources() -> list[Path]:
    return [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]


def test_every_job_kind_has_its_folder_and_its_handler_and_the_other_way_round() -> None:
    folders = {path.parent.name for path in (ROOT / "workers" / "jobs").glob("*/run.py")}

    assert folders == set(HANDLERS)
    assert set(HANDLERS) <= set(JOB_KINDS)
    assert {kind.lane for kind in JOB_KINDS.values()} <= set(LANES)


def test_every_handler_and_platform_names_a_module_that_exists() -> None:
    places = [*HANDLERS.values(), *(entry.builder for entry in PLATFORMS)]

    assert [place for place in places if find_spec(place.partition(":")[0]) is None] == []


def test_only_the_module_that_carries_out_approvals_reaches_a_mail_sender() -> None:
    may_name = {
        "assistant/mail/port.py",  # defines it
        "assistant/mail/twins.py",
        "workers/jobs/email_draft/send_approved.py",
    }
    reaching = set()
    for file in sources():
        place = file.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr="sender_for")) | ast.Name(id="MailSender"):
                    reaching.add(place)
                case ast.Constant(value="sender_for"):  # getattr
                    reaching.add(place)
    made = {
        file.relative_to(ROOT).as_posix()
        for file in sources()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ApprovedMessage")
    }

    assert reaching - CHANNELS <= may_name
    assert "workers/jobs/email_draft/send_approved.py" in reaching
    assert made == {"assistant/storage/draft_store.py"}


def test_only_the_mailroom_builds_the_senders_of_mail_channels() -> None:
    senders = {"SmtpSender", "GraphSender", "GmailSender"}
    naming = {
        file.relative_to(ROOT).as_posix()
        for file in sources()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Name) and node.id in senders
    }

    assert naming == {"assistant/mail/mailroom.py"}


def test_every_platform_is_a_folder_and_a_member() -> None:
    folders = {path.parent.name for path in (ROOT / "bot" / "platforms").glob("*/__init__.py")}

    assert folders == {platform.value for platform in Platform}
    assert {entry.name for entry in PLATFORMS} == folders - {"console"}  # the terminal needs no server


def test_error_codes_are_unique_and_each_type_has_words_for_the_asker() -> None:
    types = error_types()

    codes = [error.code for error in types]
    assert sorted(codes) == sorted(set(codes))
    assert [error for error in types if not error.default_reply.endswith((".", "?"))] == []


@pytest.mark.parametrize("file", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_everything_is_caught_only_at_the_named_boundaries(file: Path) -> None:
    handlers = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ExceptHandler)]
    swallowing = [
        handler.lineno
        for handler in handlers
        if (handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException"))
        and not any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))
    ]

    assert swallowing == [] or file.relative_to(ROOT).as_posix() in CATCH_ALL


@pytest.mark.parametrize("file", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_says_what_it_is_for(file: Path) -> None:
    text = file.read_text()

    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{file} has no docstring"
