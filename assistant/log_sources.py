"""Which log sources there are: the file that STEWARD_LOG_SOURCES names, read and checked once.

A declaration says what a source is called, which services it holds, who may query it and how much one question may
take from it. It holds no secret: `env:NAME` and `file:PATH` say where one is. How a source is read is for
workers/log_sources; this module is shared because the doctor and the alert routes need the names as well.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, Field, HttpUrl, ValidationError, model_validator

from assistant.access import EVERYONE, groups_of, readable_groups
from assistant.errors import SettingsInvalid
from assistant.frozen import Frozen
from assistant.mentions import Mention
from assistant.settings import Settings

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
LABEL = r"^[A-Za-z_][A-Za-z0-9_.]{0,62}$"
REFERENCE = r"^(env:[A-Z][A-Z0-9_]*|file:/.+)$"
KUBERNETES_NAME = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin") from error
    return name


def _pattern(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not absolute: begin it with /")
    return text


SecretReference = Annotated[str, Field(pattern=REFERENCE)]
Zone = Annotated[str, AfterValidator(_zone)]
LabelName = Annotated[str, Field(pattern=LABEL)]
ServiceName = Annotated[str, Field(pattern=NAME)]
AbsolutePattern = Annotated[str, AfterValidator(_pattern)]


class Limits(Frozen):
    """How much one question may take from one source; what they cut is said in the answer."""

    max_bytes: int = Field(500_000_000, ge=1_000)
    max_lines: int = Field(2_000_000, ge=1)
    max_hours: float = Field(72.0, gt=0)  # of log time, counted back from the end of the asked time
    max_seconds: float = Field(60.0, gt=0)  # of reading


class BasicAuth(Frozen):
    """User name and password."""

    user: str
    password: SecretReference


class Declared(Frozen):
    """What every source says of itself."""

    name: str = Field(pattern=NAME)
    services: tuple[ServiceName, ...] = ()  # empty: the source is not sorted by service, and is always looked into
    aliases: dict[str, ServiceName] = Field(default_factory=dict)  # what people call a service: its name
    groups: tuple[str, ...] = Field(min_length=1)  # who may query it; "everyone" for the whole company
    zone: Zone | None = None  # of lines that do not say theirs
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _aliases_name_services(self) -> Declared:
        for alias, service in self.aliases.items():
            if service not in self.services:
                raise ValueError(f"alias {alias!r} stands for {service!r}, which is not among its services")
        return self


class FolderSource(Declared):
    """Files on the worker's machine: folders, files and globs; plain, gzip, zstd, rotated."""

    kind: Literal["folder"] = "folder"
    paths: tuple[AbsolutePattern, ...] = Field(min_length=1)


class JournaldSource(Declared):
    """The machine's journal by journalctl, or exported and binary journal files."""

    kind: Literal["journald"]
    files: tuple[AbsolutePattern, ...] = ()  # journalctl -o export, -o json, or *.journal; empty: the live journal
    units: dict[ServiceName, str] = Field(default_factory=dict)  # service: its systemd unit; else NAME.service


class HttpDeclared(Declared):
    """What the sources behind HTTP have in common."""

    url: HttpUrl
    token: SecretReference | None = None
    basic: BasicAuth | None = None
    ca_file: Path | None = None  # of a private certificate authority
    timeout_seconds: float = Field(20.0, gt=0, le=120)  # of one call
    page_size: int = Field(1000, ge=1, le=10_000)  # lines or entries a call

    @model_validator(mode="after")
    def _one_kind_of_auth(self) -> HttpDeclared:
        if self.token and self.basic:
            raise ValueError("give token or basic, not both")
        return self


class KubernetesSource(HttpDeclared):
    """The pods of one namespace, read by the API server."""

    kind: Literal["kubernetes"]
    namespace: str = Field(pattern=KUBERNETES_NAME)
    service_label: str = Field("app", pattern=r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")
    containers: tuple[str, ...] = ()  # empty: all


class LokiSource(HttpDeclared):
    """Loki's query_range."""

    kind: Literal["loki"]
    labels: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], str] = Field(default_factory=dict)
    service_label: str = Field("service_name", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    tenant: str | None = None  # X-Scope-OrgID
    page_size: int = Field(5000, ge=1, le=10_000)  # Loki's own max_entries_limit_per_query


class ElasticsearchSource(HttpDeclared):
    """Elasticsearch or OpenSearch, paged by point in time and search_after."""

    kind: Literal["elasticsearch", "opensearch"]
    index: str = Field(pattern=r"^[a-z0-9.][a-z0-9._*,-]*$")
    labels: dict[LabelName, str] = Field(default_factory=dict)  # exact values of further fields
    service_field: LabelName = "service.name"
    time_field: str = Field("@timestamp", pattern=r"^@?[A-Za-z_][A-Za-z0-9_.]*$")
    message_field: LabelName = "message"
    authorization: Literal["ApiKey", "Bearer"] = "ApiKey"


class CloudWatchSource(Declared):
    """CloudWatch Logs by FilterLogEvents; credentials come from AWS's own chain."""

    kind: Literal["cloudwatch"]
    region: str = Field(pattern=r"^[a-z0-9-]+$")
    log_groups: dict[ServiceName, str] = Field(min_length=1)  # service: its log group
    endpoint: HttpUrl | None = None  # empty: AWS's of the region
    timeout_seconds: float = Field(20.0, gt=0, le=120)

    @model_validator(mode="before")
    @classmethod
    def _services_are_the_groups(cls, given: Any) -> Any:
        if isinstance(given, dict) and "services" not in given and isinstance(given.get("log_groups"), dict):
            return {**given, "services": tuple(given["log_groups"])}
        return given


class Paging(Frozen):
    """How the next page is asked for: by a cursor from the answer, by an offset, by a page number, or not at all."""

    style: Literal["none", "cursor", "offset", "page"] = "none"
    parameter: str = "cursor"
    pointer: str = Field("", pattern=r"^(/.*)?$")  # JSON pointer to the next cursor; absent or null there: the end
    first_page: int = 1


class HttpApiSource(HttpDeclared):
    """Any HTTP interface that returns entries as JSON."""

    kind: Literal["http"]
    url: HttpUrl  # may hold {service}
    method: Literal["GET", "POST"] = "GET"
    parameters: dict[str, str] = Field(default_factory=dict)  # values may hold {start}, {end}, {text}, {limit}, …
    time_format: Literal["iso", "seconds", "milliseconds", "nanoseconds"] = "iso"  # of {start} and {end}
    entries: str = Field("", pattern=r"^(/.*)?$")  # JSON pointer to the list of entries
    message: str = Field("/message", pattern=r"^(/.*)?$")  # within an entry; "": the entry is the line
    time: str = Field("/time", pattern=r"^/.*$")
    service: str = Field("", pattern=r"^(/.*)?$")
    paging: Paging = Paging()
    openapi: Path | None = None  # a description that holds `operation`: its parameters are checked against ours
    operation: str = ""


AnySource = Annotated[
    FolderSource
    | JournaldSource
    | KubernetesSource
    | LokiSource
    | ElasticsearchSource
    | CloudWatchSource
    | HttpApiSource,
    Field(discriminator="kind"),
]


class LogSources(Frozen):
    """Everything that is declared. `default_groups` of a person decide what they see of it."""

    sources: tuple[AnySource, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> LogSources:
        names = [source.name for source in self.sources]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sources are called {name!r}")
        return self

    @property
    def services(self) -> tuple[str, ...]:
        """Every declared service, sorted."""
        return tuple(sorted({service for source in self.sources for service in source.services}))

    @property
    def names(self) -> dict[str, str]:
        """What services are called, in lower case, and the service each name means."""
        names = {service.lower(): service for one in self.sources for service in one.services}
        return {alias.lower(): service for one in self.sources for alias, service in one.aliases.items()} | names

    def for_asker(self, mention: Mention) -> LogSources:
        """Return those whose groups the asker is in, whoever else will read the answer."""
        own = set(groups_of(mention.asker))
        return LogSources(sources=tuple(source for source in self.sources if own & set(source.groups)))

    def for_readers(self, mention: Mention) -> LogSources:
        """Return those that the asker may query and everyone who will read the answer may see."""
        readers = set(readable_groups(mention))
        allowed = self.for_asker(mention).sources
        return LogSources(sources=tuple(source for source in allowed if readers & set(source.groups)))


def load_log_sources(settings: Settings) -> LogSources:
    """Return the declared sources, and each folder of STEWARD_LOG_FOLDERS as one that everyone may query.

    Raises:
        SettingsInvalid: the file can't be read, or says what can't be; the message names the source and the field.
    """
    folders = [folder.strip() for folder in settings.steward_log_folders.split(",") if folder.strip()]
    implied = tuple(
        FolderSource(name=_folder_name(folder, number), paths=(str(Path(folder).absolute()),), groups=(EVERYONE,))
        for number, folder in enumerate(folders, start=1)
    )
    path = settings.steward_log_sources
    declared = _read(path, path.stat().st_mtime_ns) if path is not None and path.is_file() else None
    if path is not None and declared is None:
        raise SettingsInvalid(f"STEWARD_LOG_SOURCES names {path}, and there is no such file.")
    return LogSources(sources=(*(declared.sources if declared else ()), *implied))


@functools.lru_cache(maxsize=4)
def _read(path: Path, _changed_at: int) -> LogSources:
    try:
        text = path.read_text(encoding="utf-8")
        # The safe loader makes plain values only: a file can't bring Python objects to life.
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsInvalid(f"{path} (STEWARD_LOG_SOURCES) can't be read: {error}") from error
    if not isinstance(content, dict):
        raise SettingsInvalid(f"{path} (STEWARD_LOG_SOURCES) must hold `sources:` with a list.")
    try:
        return LogSources.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(_problem(one["loc"], one["msg"], content) for one in error.errors()[:5])
        raise SettingsInvalid(f"{path} (STEWARD_LOG_SOURCES): {problems}") from error


def _problem(place: Iterable[int | str], message: str, content: dict[str, Any]) -> str:
    """Say which source and which field is wrong, by the source's name rather than by its number."""
    parts = list(place)
    if len(parts) > 1 and parts[0] == "sources" and isinstance(parts[1], int):
        entry = content["sources"][parts[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
        kind = entry.get("kind") if isinstance(entry, dict) else None
        field = ".".join(str(part) for part in parts[2:] if part != kind)
        return f"source {name or parts[1] + 1}: {field + ': ' if field else ''}{message}"
    return f"{'.'.join(map(str, parts)) or 'the file'}: {message}"


def _folder_name(folder: str, number: int) -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(folder.split("*")[0]).name).strip("-.")
    return f"{name or 'logs'}-{number}"
