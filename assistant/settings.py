"""The one reader of the environment.

Every setting is a field here with a description; `deploy/example.env` is generated from them
(`steward admin example-env`). A secret may come from a file: `SLACK_BOT_TOKEN_FILE=/run/secrets/slack` stands
for `SLACK_BOT_TOKEN`. Nothing else in the product reads the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from assistant.errors import SettingsInvalid
from assistant.job_kinds import LANE_SLOTS, LANES, SUSPECT_LANE
from assistant.mail.servers import read_server

DEFAULT_PORT = 8080
Streaming = Literal["auto", "on", "off"]
PersonalKind = Literal["email", "card", "iban", "phone", "ip", "public_ip", "user"]
PERSONAL_KINDS: tuple[PersonalKind, ...] = get_args(PersonalKind)


def _default_data_dir() -> Path:
    return Path.home() / ".local" / "share" / "steward"


def _streaming(value: object) -> object:
    """Return the choice that a setting of earlier versions stands for: true was direct messages, false nowhere."""
    word = str(value).lower()
    return {"true": "auto", "1": "auto", "false": "off", "0": "off"}.get(word, word)


class Settings(BaseModel):
    """All settings, typed and checked once at start-up. Field names are the environment's, in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    # -- where things are kept
    steward_data: Path = Field(
        default_factory=_default_data_dir,
        description="Folder of the embedded parts: database, index, uploads, key. On a local disk.",
    )
    database_url: str | None = Field(
        None, description="PostgreSQL, e.g. postgresql://user@host/steward. Empty: SQLite in STEWARD_DATA."
    )
    broker_url: str | None = Field(
        None, description="Celery's broker: redis://… or amqp://… Empty: workers poll the database."
    )
    redis_url: str | None = Field(
        None, description="Live progress and shared rate limits between machines. Empty: the database serves."
    )
    qdrant_url: str | None = Field(
        None, description="Qdrant server, e.g. http://qdrant:6333. Empty: an embedded index per process."
    )
    qdrant_api_key: SecretStr | None = Field(None, description="Key of the Qdrant server, if it wants one.")
    qdrant_collection: str = Field("steward", description="Prefix of the collection's name in Qdrant.")

    # -- models
    steward_model: str = Field(
        "",
        description="Catalogue alias (offline, fast, strong) or provider:model. Empty: strong when a model key "
        "is set, else offline.",
    )
    steward_model_fallbacks: str = Field(
        "", description="Comma-separated aliases tried in order when the model fails. Empty: the catalogue's."
    )
    steward_models_file: Path | None = Field(
        None, description="TOML file with further catalogue rows (see README, 'Models')."
    )
    openai_api_key: SecretStr | None = Field(None, description="Key for OpenAI or a compatible server.")
    openai_base_url: str | None = Field(None, description="Base URL of an OpenAI-compatible server.")
    anthropic_api_key: SecretStr | None = Field(None, description="Key for Anthropic.")
    anthropic_base_url: str | None = Field(None, description="Base URL, when Anthropic is behind a gateway.")
    azure_openai_api_key: SecretStr | None = Field(None, description="Key for Azure OpenAI.")
    azure_openai_endpoint: str | None = Field(None, description="Endpoint of the Azure OpenAI resource.")
    openai_api_version: str | None = Field(None, description="API version for Azure OpenAI.")
    aws_region: str | None = Field(None, description="Region for Bedrock; credentials come from AWS's own chain.")
    ollama_host: str | None = Field(None, description="Ollama server, e.g. http://127.0.0.1:11434.")
    model_timeout_seconds: float = Field(60.0, gt=0, description="Longest wait for one model call.")
    steward_embedder: str = Field(
        "minilm", description="minilm (packaged), hashing (tests), or provider:model for an embedding API."
    )

    # -- what jobs may look into
    steward_log_folders: str = Field(
        "",
        description="Comma-separated folders or globs of service logs that engineers may have inspected without "
        "attaching them.",
    )
    steward_log_sources: Path | None = Field(
        None,
        description="YAML or JSON file that declares log sources: folders, journald, Kubernetes, Loki, "
        "Elasticsearch, CloudWatch, HTTP (docs/log-sources.md).",
    )
    steward_alert_secret: SecretStr | None = Field(
        None,
        description="Comma-separated secrets by which Alertmanager, Grafana (bearer token) and PagerDuty (signature) "
        "start log inspections at /alerts/…; empty: nobody can.",
    )
    steward_alert_routes: Path | None = Field(
        None,
        description="YAML or JSON file: which channel an alert is answered in, and as whom (docs/log-sources.md).",
    )
    steward_log_hidden: str = Field(
        "email,card,iban,phone",
        description="Personal data of log lines that neither a model nor a reader sees, comma-separated: email, "
        "card, iban, phone, ip, public_ip, user. none: all is shown. Passwords, tokens and keys are always hidden.",
    )
    steward_log_clear_folders: str = Field(
        "",
        description="Comma-separated folders whose log lines may be shown with their personal data (never secrets).",
    )

    # -- minutes of meetings
    steward_minutes_templates: Path | None = Field(
        None,
        description="Folder of TOML templates for minutes: each adds a kind of meeting, or replaces the built-in one "
        "of its file name.",
    )
    steward_pdf_fonts: str = Field(
        "",
        description="Comma-separated TrueType or OpenType files for PDF files, tried in order. Empty: those that "
        "Debian's font packages install.",
    )

    # -- Slack
    slack_bot_token: SecretStr | None = Field(None, description="Bot token (xoxb-…) of one workspace.")
    slack_app_token: SecretStr | None = Field(None, description="App token (xapp-…): switches Socket Mode on.")
    slack_signing_secret: SecretStr | None = Field(None, description="Verifies Slack's HTTP requests.")
    slack_client_id: str | None = Field(None, description="OAuth client id: many workspaces by /slack/install.")
    slack_client_secret: SecretStr | None = Field(None, description="OAuth client secret.")
    slack_streaming: Annotated[Streaming, BeforeValidator(_streaming)] = Field(
        "auto",
        description="Where Slack's own status and streams show the work: auto in direct messages, on in channels "
        "too (only the asker sees it live there), off nowhere.",
    )
    slack_api_url: str = Field("https://slack.com/api/", description="Base URL of Slack's Web API.")

    # -- Teams
    app_id: str | None = Field(None, description="Microsoft App id of the bot: switches Teams on.")
    app_password: SecretStr | None = Field(None, description="Client secret of the bot's app registration.")
    app_type: Literal["SingleTenant", "MultiTenant", "UserAssignedMSI"] = Field(
        "SingleTenant", description="Kind of app registration."
    )
    app_tenantid: str | None = Field(None, description="Tenant of a single-tenant bot.")
    teams_allowed_tenants: str = Field(
        "", description="Comma-separated tenant ids that may use the bot. Empty: APP_TENANTID alone."
    )
    teams_local_mode: bool = Field(
        False,
        description="Accept unauthenticated Teams activities on loopback, for the Agents Playground only.",
    )
    teams_openid_metadata_url: str = Field(
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
        description="Where the connector's signing keys are published (sovereign clouds differ).",
    )
    teams_token_issuer: str = Field(
        "https://api.botframework.com",
        description="Issuer of the connector's tokens (sovereign clouds differ).",
    )
    teams_login_url: str | None = Field(
        None, description="Where the bot gets its own token. Empty: the login page of APP_TENANTID."
    )
    teams_oauth_scope: str = Field(
        "https://api.botframework.com/.default", description="Scope of the bot's own token."
    )

    teams_graph_url: str = Field(
        "https://graph.microsoft.com", description="Microsoft Graph (sovereign clouds differ)."
    )
    teams_file_hosts: str = Field(
        ".sharepoint.com,.sharepoint.us,.sharepoint-mil.us,.svc.ms,.1drv.com",
        description="Comma-separated ends of host names that files of Teams chats may be fetched from.",
    )
    identity_endpoint: str = Field(
        "http://169.254.169.254/metadata/identity/oauth2/token",
        description="Azure's identity service, for APP_TYPE=UserAssignedMSI. Azure sets it where it differs.",
    )
    identity_header: SecretStr | None = Field(None, description="Azure sets it beside IDENTITY_ENDPOINT.")

    # -- HTTP
    host: str = Field("127.0.0.1", description="Address to listen on. Loopback unless told otherwise.")
    port: int = Field(DEFAULT_PORT, ge=0, le=65535, description="The one port of the web page and webhooks.")
    public_url: str | None = Field(None, description="How people reach this server, for links in messages.")
    steward_sign_in: Literal["demo", "header", "off"] = Field(
        "off",
        description="Who may use the web page: demo (pick one of the demo's people, loopback only), header (a "
        "trusted proxy sets STEWARD_SIGN_IN_HEADER), off.",
    )
    steward_sign_in_header: str = Field(
        "X-Forwarded-Email", description="Header with the signed-in person's e-mail, set by your proxy."
    )

    # -- keys and privacy
    steward_secret_keys: SecretStr | None = Field(
        None,
        description="Comma-separated Fernet keys, newest first; encrypts tokens at rest. Empty: a key file in "
        "STEWARD_DATA, made at first start.",
    )
    retention_days: int = Field(365, ge=1, description="Days until conversations and job records are deleted.")

    # -- workers
    worker_slots: int = Field(8, ge=1, le=256, description="Jobs one worker process runs at once.")
    worker_lane_slots: str = Field(
        "",
        description="Jobs of a lane that one worker runs at once, e.g. logs=2,summary=3. Lanes not named: three "
        "quarters of WORKER_SLOTS; ingest and those in WORKER_PROCESS_LANES: one.",
    )
    worker_process_lanes: str = Field(
        "logs",
        description="Comma-separated lanes whose jobs run in processes of their own, since they compute more than "
        "they wait. none: all in threads.",
    )
    worker_memory_mb: int = Field(
        0, ge=0, description="A worker above this finishes what it has and is replaced (exit status 75). 0: no limit."
    )
    worker_max_jobs: int = Field(0, ge=0, description="Jobs after which a worker is replaced. 0: no limit.")
    job_lease_seconds: float = Field(30.0, gt=0, description="A worker silent for so long has lost its job.")
    poll_seconds: float = Field(0.05, gt=0, description="How often an idle worker looks, without a broker.")
    per_person_running: int = Field(4, ge=1, description="Jobs of one person that run at the same time.")
    per_person_queued: int = Field(200, ge=1, description="Jobs of one person that may wait; more are refused.")
    per_tenant_queued: int = Field(5000, ge=1, description="Jobs of one workspace that may wait.")
    per_person_per_minute: int = Field(60, ge=1, description="Questions one person may ask a minute.")
    per_tenant_per_minute: int = Field(6000, ge=1, description="Questions one workspace may ask a minute.")
    max_upload_bytes: int = Field(25_000_000, ge=1, description="Largest file taken with a question in chat.")
    max_transcript_bytes: int = Field(5_000_000, ge=1, description="Largest transcript that minutes are made of.")
    max_document_bytes: int = Field(50_000_000, ge=1, description="Largest document that ingest reads.")
    parse_memory_bytes: int = Field(
        1_500_000_000,
        ge=100_000_000,
        description="Address space of the child process that parses a document.",
    )
    parse_seconds: float = Field(60.0, gt=0, description="Time one document may take to parse.")

    # -- e-mail drafts
    email_sending: bool = Field(
        False,
        description="Offer Send under e-mail drafts, where the asker's mail channel can send. Off: drafts can only "
        "be saved and downloaded.",
    )
    email_approval_days: int = Field(14, ge=1, description="Days until a draft nobody sent or discarded lapses.")

    # -- minutes
    minutes_retention_days: int = Field(
        1_095,
        ge=1,
        description="Days until minutes are deleted from the library; their conversations go by RETENTION_DAYS.",
    )
    minutes_readers: str = Field(
        "", description="Comma-separated groups, people's ids or e-mail addresses that may read all minutes."
    )
    tickets_kind: Literal["json", "jira", "github"] = Field(
        "json", description="What takes action items as tickets: any JSON API, Jira Cloud, or GitHub issues."
    )
    tickets_url: str | None = Field(
        None,
        description="Where tickets are made; empty: nowhere. json: the address to post to; jira: the site, "
        "https://acme.atlassian.net; github: https://api.github.com, or an Enterprise server's API.",
    )
    tickets_token: SecretStr | None = Field(None, description="Token for the ticket system, sent as Bearer.")
    tickets_user: str | None = Field(
        None, description="Jira Cloud: the e-mail address of the token's account (basic authentication)."
    )
    tickets_project: str = Field(
        "", description="Jira: project key; GitHub: owner/repository; json: sent as project, if set."
    )
    tickets_fields: str = Field(
        "",
        description="Comma-separated ours=theirs. json: names of title, body, owner, due, labels, project, key, name "
        "and url there; jira: issuetype=Task and other fields by id.",
    )
    tickets_timeout_seconds: float = Field(10.0, gt=0, description="Time one call to the ticket system may take.")
    email_channels: str = Field(
        "",
        description="Comma-separated ways people may connect their own mailbox: imap, graph (Microsoft 365), gmail. "
        "Empty: none, drafts are downloaded as .eml (see docs/connect-mail.md).",
    )
    email_imap_url: str | None = Field(
        None, description="IMAP server: imaps://HOST or imap+starttls://HOST; imap:// on this machine alone."
    )
    email_smtp_url: str | None = Field(
        None, description="Server that takes mail to be sent: smtps://HOST or smtp+starttls://HOST. Empty: no Send."
    )
    email_imap_sign_in: Literal["password", "microsoft", "google"] = Field(
        "password", description="What IMAP and SMTP sign in with: a password, or a token of Microsoft's or Google's."
    )
    email_sent_copy: bool = Field(
        True, description="Put what SMTP took into the Sent folder. Off where the server does that itself."
    )
    email_ca_file: Path | None = Field(None, description="Authorities of the mail servers' certificates, as PEM.")
    email_timeout_seconds: float = Field(20.0, gt=0, description="Longest wait for a mail server's answer.")
    email_microsoft_client_id: str | None = Field(None, description="App registration that asks for mailboxes.")
    email_microsoft_client_secret: SecretStr | None = Field(None, description="Its secret; a public client has none.")
    email_microsoft_login_url: str = Field(
        "https://login.microsoftonline.com/organizations",
        description="Microsoft's sign-in with the tenant: put your tenant's id in place of organizations.",
    )
    email_google_client_id: str | None = Field(None, description="Google OAuth client that asks for mailboxes.")
    email_google_client_secret: SecretStr | None = Field(None, description="Its secret.")
    email_google_login_url: str = Field(
        "https://accounts.google.com/o/oauth2/v2/auth", description="Google's page of consent."
    )
    email_google_token_url: str = Field("https://oauth2.googleapis.com/token", description="Google's token service.")
    email_gmail_url: str = Field("https://gmail.googleapis.com", description="The Gmail API.")

    # -- logs
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    log_format: Literal["console", "json"] = Field("console", description="console for people, json for machines.")

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL in use, with the psycopg driver named for PostgreSQL."""
        if not self.database_url:
            return f"sqlite:///{self.steward_data / 'steward.db'}"
        for prefix in ("postgresql://", "postgres://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url

    @property
    def lane_slots(self) -> dict[str, int]:
        """How many jobs of a lane one worker runs at once, where that is not left to its slots."""
        pairs = [part.partition("=") for part in self.worker_lane_slots.split(",") if part.strip()]
        return LANE_SLOTS | {lane.strip(): int(number) for lane, _, number in pairs}

    @property
    def process_lanes(self) -> tuple[str, ...]:
        """The lanes whose jobs run in processes of their own, suspects not counted."""
        named = (lane.strip() for lane in self.worker_process_lanes.split(","))
        return tuple(dict.fromkeys(lane for lane in named if lane not in ("", "none", SUSPECT_LANE)))

    @property
    def log_hidden_kinds(self) -> tuple[PersonalKind, ...]:
        """The sorts of personal data that are hidden in log lines."""
        named = {kind.strip().lower() for kind in self.steward_log_hidden.split(",")}
        return tuple(kind for kind in PERSONAL_KINDS if kind in named)

    @property
    def is_embedded_database(self) -> bool:
        """True when the database is a SQLite file."""
        return self.database.startswith("sqlite")

    @property
    def has_slack(self) -> bool:
        """True when Slack is switched on: a bot token, or OAuth for many workspaces."""
        return bool(self.slack_bot_token or self.slack_client_id)

    @property
    def has_teams(self) -> bool:
        """True when Teams is switched on."""
        return bool(self.app_id or self.teams_local_mode)

    @property
    def base_url(self) -> str:
        """The address for links, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def is_secret(name: str) -> bool:
    """Return whether the field holds a secret (and so must not be shown)."""
    return "SecretStr" in str(Settings.model_fields[name].annotation)


def plain_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain JSON values, secrets included: for a child of ours and nowhere else."""
    values = settings.model_dump(mode="python", exclude_defaults=True)
    return {
        name: value.get_secret_value()
        if isinstance(value, SecretStr)
        else value
        if isinstance(value, int | float | bool | str)
        else str(value)
        for name, value in values.items()
        if value is not None
    }


def load_settings(environment: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the environment (or the mapping given) into Settings; `overrides` win over both.

    Empty values count as unset. `NAME_FILE` gives the value of NAME from a file, without its last newline.

    Raises:
        SettingsInvalid: a value does not parse, a file cannot be read, or NAME and NAME_FILE are both set.
    """
    source = dict(os.environ if environment is None else environment)
    values: dict[str, object] = {}
    for field in Settings.model_fields:
        value = _read(source, field.upper())
        if value is not None:
            values[field] = value
    values.update({name: value for name, value in overrides.items() if value is not None})
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsInvalid(f"Some settings can't be used. {problems}.") from error
    _check_together(settings)
    return settings


def has_screen() -> bool:
    """Return whether a browser could show a window here; without one, Python might start a text browser."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def child_environment(**settings: str) -> dict[str, str]:
    """Return this process's environment with the settings (upper-case names) put in, for a child of ours."""
    return {**os.environ, **settings}


def secret_at(reference: str) -> SecretStr:
    """Return the secret that `env:NAME` or `file:PATH` stands for, read now: mounted secrets are replaced.

    Raises:
        SettingsInvalid: there is none.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        value = os.environ.get(place, "")
    else:
        try:
            value = Path(place).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsInvalid(f"The secret {reference} can't be read: {error.strerror}.") from error
    if not value:
        raise SettingsInvalid(f"The secret {reference} is empty.")
    return SecretStr(value)


def _read(source: Mapping[str, str], name: str) -> str | None:
    value, file = source.get(name) or None, source.get(f"{name}_FILE") or None
    if value and file:
        raise SettingsInvalid(f"Both {name} and {name}_FILE are set. Keep one of them.")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n") or None
        except OSError as error:
            raise SettingsInvalid(f"{name}_FILE names {file}, which can't be read: {error.strerror}.") from error
    return value


def _check_together(settings: Settings) -> None:
    if settings.slack_bot_token and not (settings.slack_signing_secret or settings.slack_app_token):
        raise SettingsInvalid(
            "SLACK_BOT_TOKEN is set without SLACK_SIGNING_SECRET (HTTP) or SLACK_APP_TOKEN (Socket Mode). "
            "Set one of them, or unset SLACK_BOT_TOKEN."
        )
    if settings.slack_client_id and not (settings.slack_client_secret and settings.slack_signing_secret):
        raise SettingsInvalid("SLACK_CLIENT_ID needs SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET beside it.")
    loopback = settings.host in ("127.0.0.1", "::1", "localhost")
    if settings.teams_local_mode and not loopback:
        raise SettingsInvalid("TEAMS_LOCAL_MODE turns authentication off, so HOST must be loopback.")
    if settings.steward_sign_in == "demo" and not loopback:
        raise SettingsInvalid("STEWARD_SIGN_IN=demo lets anyone be anyone, so HOST must be loopback.")
    if settings.app_id and settings.app_type == "SingleTenant" and not settings.app_tenantid:
        raise SettingsInvalid("APP_TYPE=SingleTenant needs APP_TENANTID.")
    _check_lanes(settings)
    _check_mail(settings)
    unknown = {kind.strip().lower() for kind in settings.steward_log_hidden.split(",")} - {
        *PERSONAL_KINDS,
        "none",
        "",
    }
    if unknown:
        raise SettingsInvalid(
            f"STEWARD_LOG_HIDDEN names {sorted(unknown)[0]!r}; it takes {', '.join(PERSONAL_KINDS)}, or none."
        )
    if settings.qdrant_api_key and not settings.qdrant_url:
        raise SettingsInvalid("QDRANT_API_KEY is set without QDRANT_URL.")


def _check_lanes(settings: Settings) -> None:
    try:
        slots = settings.lane_slots
    except ValueError as error:
        raise SettingsInvalid("WORKER_LANE_SLOTS takes lane=number, several by commas: logs=2,summary=3.") from error
    unknown = sorted({*slots, *settings.process_lanes} - set(LANES))
    if unknown or any(number < 1 for number in slots.values()):
        raise SettingsInvalid(
            f"WORKER_LANE_SLOTS and WORKER_PROCESS_LANES take these lanes: {', '.join(LANES)}. "
            + (f"There is no lane {unknown[0]}." if unknown else "A lane needs at least one slot.")
        )


def _check_mail(settings: Settings) -> None:
    named = {part.strip().lower() for part in settings.email_channels.split(",") if part.strip()}
    if unknown := sorted(named - {"imap", "graph", "gmail"}):
        raise SettingsInvalid(f"EMAIL_CHANNELS takes imap, graph, gmail; there is no {unknown[0]}.")
    if settings.email_imap_url:
        read_server(settings.email_imap_url, "imap")
    if settings.email_smtp_url:
        read_server(settings.email_smtp_url, "smtp")
    provider = settings.email_imap_sign_in if "imap" in named else ""
    if "imap" in named and not settings.email_imap_url:
        raise SettingsInvalid("EMAIL_CHANNELS names imap, so EMAIL_IMAP_URL must say which server.")
    if ("graph" in named or provider == "microsoft") and not settings.email_microsoft_client_id:
        raise SettingsInvalid("Mailboxes at Microsoft need EMAIL_MICROSOFT_CLIENT_ID.")
    if ("gmail" in named or provider == "google") and not settings.email_google_client_id:
        raise SettingsInvalid("Mailboxes at Google need EMAIL_GOOGLE_CLIENT_ID.")


def example_env() -> str:
    """Return the text of deploy/example.env: every setting, its meaning and its default, all commented out."""
    lines = [
        "# Every setting of Steward. Generated by `steward admin example-env`; do not edit by hand.",
        "# A secret NAME may be given as NAME_FILE, the path of a file that holds it.",
        "",
    ]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=False)
        shown = "" if default is None or name == "steward_data" else str(default)
        lines += [f"# {field.description}", f"#{name.upper()}={shown}", ""]
    return "\n".join(lines)
