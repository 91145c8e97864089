"""`steward doctor`: what is configured, reachable and missing, on one screen.

Every check is bounded in time and says what to do when it fails. Exit status 1 when something that is
configured does not work; what is merely not configured is told, and is no failure.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import socket
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx

from assistant import exit_codes
from assistant.errors import SettingsInvalid, StewardError
from assistant.job_kinds import JOB_KINDS
from assistant.log_sources import load_log_sources
from assistant.mail.accounts import TITLES, allowed_channels
from assistant.mail.servers import MailServer
from assistant.mail.sign_in import imap_server, smtp_server
from assistant.settings import Settings, load_settings
from assistant.storage.database import open_engine
from assistant.storage.document_reader import DocumentReader
from assistant.storage.migrate import current_revision, latest_revision
from assistant.storage.worker_store import WorkerStore

TIMEOUT_SECONDS = 3.0
LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the screen. `off` means not configured, which is a choice."""

    subject: str
    state: Literal["ok", "off", "warn", "fail"]
    text: str


def main(argv: list[str]) -> int:
    """Run all checks and print them."""
    parser = argparse.ArgumentParser(prog="steward doctor", description="What is configured, reachable, missing.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded parts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    findings = examine(load_settings(steward_data=arguments.data))
    failed = any(finding.state == "fail" for finding in findings)
    if arguments.json:
        print(json.dumps({"ok": not failed, "findings": [asdict(finding) for finding in findings]}))
    else:
        print(_screen(findings))
    return exit_codes.FAILURE if failed else exit_codes.SUCCESS


def examine(settings: Settings) -> list[Finding]:
    """Return every finding, in the order a question meets the parts."""
    return [
        _data_folder(settings),
        *_database(settings),
        _broker(settings),
        _server("progress", "Redis", settings.redis_url, 6379, "the database carries progress and limits"),
        _qdrant(settings),
        _model(settings),
        _embedder(settings),
        _web(settings),
        _slack(settings),
        _teams(settings),
        *_mail(settings),
        *_log_sources(settings),
        Finding("job kinds", "ok", ", ".join(JOB_KINDS)),
    ]


def _screen(findings: Iterable[Finding]) -> str:
    marks = {"ok": "✓", "off": "–", "warn": "!", "fail": "✗"}
    rows = list(findings)
    width = max(len(finding.subject) for finding in rows)
    lines = [f" {marks[finding.state]} {finding.subject:<{width}}  {finding.text}" for finding in rows]
    broken = sum(finding.state == "fail" for finding in rows)
    last = (
        f"{broken} configured part{'s' if broken != 1 else ''} can't be used."
        if broken
        else "All that is configured works."
    )
    return "\n".join([*lines, "", last])


def _data_folder(settings: Settings) -> Finding:
    folder = settings.steward_data
    if not folder.exists():
        return Finding("data folder", "off", f"{folder} is made at the first start")
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        return Finding("data folder", "warn", f"{folder} has only {free // 1_000_000} MB left: make room")
    return Finding("data folder", "ok", f"{folder}, {free // 1_000_000_000} GB free")


def _database(settings: Settings) -> list[Finding]:
    kind = "SQLite, embedded" if settings.is_embedded_database else "PostgreSQL"
    if settings.is_embedded_database and not (settings.steward_data / "steward.db").exists():
        return [Finding("database", "off", f"{kind}: made at the first start")]
    engine = open_engine(settings.database, pool_size=1)
    try:
        at, newest = current_revision(engine), latest_revision()
        if at != newest:
            return [Finding("database", "fail", f"{kind} at {at or 'no revision'}: run `steward admin migrate`")]
        documents = sum(DocumentReader(engine).spaces().values())
        alive = WorkerStore(engine).alive()
        return [
            Finding("database", "ok", f"{kind}, revision {at}"),
            Finding(
                "documents",
                "ok" if documents else "warn",
                f"{documents} searchable"
                if documents
                else "none yet: `steward ingest PATH… --space S --allow group:G`",
            ),
            Finding(
                "workers",
                "ok" if alive else "off",
                f"{len(alive)} alive" if alive else "none alive; `steward worker` or `steward demo` starts one",
            ),
        ]
    except StewardError as error:
        return [Finding("database", "fail", f"{kind} can't be used ({error}): check DATABASE_URL")]
    finally:
        engine.dispose()


def _server(subject: str, name: str, url: str | None, default_port: int, without: str) -> Finding:
    if not url:
        return Finding(subject, "off", f"no {name}: {without}")
    parts = urlsplit(url)
    place = f"{parts.hostname or 'localhost'}:{parts.port or default_port}"
    try:
        with socket.create_connection((parts.hostname or "localhost", parts.port or default_port), TIMEOUT_SECONDS):
            return Finding(subject, "ok", f"{name} at {place} accepts connections")
    except OSError as error:
        return Finding(subject, "fail", f"{name} at {place} can't be reached: {error.strerror or error}")


def _broker(settings: Settings) -> Finding:
    rabbit = (settings.broker_url or "").startswith("amqp")
    return _server(
        "broker",
        "RabbitMQ" if rabbit else "Redis",
        settings.broker_url,
        5672 if rabbit else 6379,
        "workers poll the database, which is right for one machine",
    )


def _qdrant(settings: Settings) -> Finding:
    if not settings.qdrant_url:
        return Finding("vector store", "off", "no Qdrant server: each process keeps an embedded index")
    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    return _http(
        "vector store",
        "Qdrant",
        f"{settings.qdrant_url.rstrip('/')}/readyz",
        headers={"api-key": key} if key else {},
        accepted=lambda status: status == 200,
    )


def _http(subject: str, name: str, url: str, *, headers: dict[str, str], accepted: Callable[[int], bool]) -> Finding:
    try:
        status = httpx.get(url, headers=headers, timeout=TIMEOUT_SECONDS).status_code
    except httpx.HTTPError as error:
        return Finding(subject, "fail", f"{name} can't be reached: {error}")
    if accepted(status):
        return Finding(subject, "ok", f"{name} answers")
    return Finding(subject, "fail", f"{name} answered {status}: check its address and key")


def _model(settings: Settings) -> Finding:
    keys = {
        "OpenAI": settings.openai_api_key,
        "Anthropic": settings.anthropic_api_key,
        "Azure OpenAI": settings.azure_openai_api_key,
        "Bedrock": settings.aws_region,
        "Ollama": settings.ollama_host,
    }
    configured = [name for name, key in keys.items() if key]
    if not configured and settings.steward_model in ("", "offline"):
        return Finding("model", "off", "no key: the offline model answers (extractive, no language model)")
    if not configured and not settings.openai_base_url:
        return Finding("model", "fail", f"STEWARD_MODEL={settings.steward_model}, but no provider's key is set")
    chosen = settings.steward_model or "strong"
    return Finding("model", "ok", f"{chosen}; keys for {', '.join(configured) or 'a compatible server'}")


def _embedder(settings: Settings) -> Finding:
    from assistant.knowledge.embeddings import build_embedder  # numpy and onnxruntime: only this check needs them

    try:
        embedder = build_embedder(settings.steward_embedder, settings)
    except (StewardError, OSError, ValueError, ImportError) as error:
        return Finding("embedder", "fail", f"{settings.steward_embedder} can't be loaded: {error}")
    return Finding("embedder", "ok", f"{settings.steward_embedder}, {embedder.dimension} dimensions")


def _web(settings: Settings) -> Finding:
    if settings.steward_sign_in == "off":
        return Finding("web page", "off", "STEWARD_SIGN_IN is off: nobody can sign in")
    return Finding("web page", "ok", f"{settings.base_url}/ with sign-in by {settings.steward_sign_in}")


def _slack(settings: Settings) -> Finding:
    if not settings.has_slack:
        return Finding("Slack", "off", "not connected: see README, 'Connect Slack'")
    mode = "Socket Mode" if settings.slack_app_token else "HTTP at /slack/events"
    many = "many workspaces" if settings.slack_client_id else "one workspace"
    return Finding("Slack", "ok", f"{many}, {mode}; `steward slack doctor` asks Slack itself")


def _teams(settings: Settings) -> Finding:
    if not settings.has_teams:
        return Finding("Teams", "off", "not connected: see README, 'Connect Teams'")
    if settings.teams_local_mode and not settings.app_id:
        return Finding("Teams", "warn", "local mode: activities aren't authenticated; for the Playground only")
    return Finding("Teams", "ok", f"{settings.app_type} at /teams/messages")


def _mail(settings: Settings) -> list[Finding]:
    channels = allowed_channels(settings)
    if not channels:
        return [Finding("mail", "off", "no EMAIL_CHANNELS: drafts are downloaded as .eml (docs/connect-mail.md)")]
    sending = "Send is offered" if settings.email_sending else "drafts are saved, nothing is sent"
    found = [Finding("mail", "ok", f"{', '.join(TITLES[channel] for channel in channels)}; {sending}")]
    if "imap" in channels:
        found += _mail_servers(settings)
    if any(channel != "imap" for channel in channels) and not settings.public_url:
        found.append(
            Finding("mail consent", "warn", "no PUBLIC_URL: Microsoft and Google can't send people back here")
        )
    return found


def _mail_servers(settings: Settings) -> list[Finding]:
    try:
        imap, smtp = imap_server(settings), smtp_server(settings)
    except StewardError as error:
        return [Finding("mail servers", "fail", str(error))]
    found = [_mail_server("IMAP", imap)]
    if smtp is not None:
        found.append(_mail_server("SMTP", smtp))
    elif settings.email_sending:
        found.append(Finding("SMTP", "warn", "EMAIL_SENDING is on, but without EMAIL_SMTP_URL IMAP sends nothing"))
    return found


def _mail_server(subject: str, server: MailServer) -> Finding:
    """Connect, and shake hands where TLS begins at once; a log-in is for `steward mail check PERSON`."""
    place = f"{server.host}:{server.port}"
    try:
        with socket.create_connection((server.host, server.port), TIMEOUT_SECONDS) as connection:
            if server.security == "tls":
                server.tls.wrap_socket(connection, server_hostname=server.host).close()
    except OSError as error:  # a certificate that can't be trusted is one
        return Finding(subject, "fail", f"{place} can't be used: {error.strerror or error}")
    return Finding(subject, "ok", f"{place} answers ({server.security})")


def _log_sources(settings: Settings) -> list[Finding]:
    try:
        declared = load_log_sources(settings)
    except SettingsInvalid as error:
        return [Finding("log sources", "fail", str(error))]
    if not declared.sources:
        return [Finding("log sources", "off", "none declared: people attach log files (docs/log-sources.md)")]
    # By name: the sources are read by the workers' side, which this package stands below.
    check = importlib.import_module("workers.log_sources.building").check_sources
    return [Finding(f"logs of {name}", "ok" if usable else "fail", text) for name, usable, text in check(declared)]
