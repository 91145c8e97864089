"""From a declaration to the source that reads it: a plain table, one line a kind."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.log_sources import (
    AnySource,
    CloudWatchSource,
    ElasticsearchSource,
    FolderSource,
    HttpApiSource,
    JournaldSource,
    KubernetesSource,
    LogSources,
    LokiSource,
)
from workers.log_sources.cloudwatch import CloudWatch
from workers.log_sources.elasticsearch import Elasticsearch
from workers.log_sources.folder import Folder
from workers.log_sources.http_api import HttpApi
from workers.log_sources.journald import Journald
from workers.log_sources.kubernetes import Kubernetes
from workers.log_sources.loki import Loki
from workers.log_sources.port import LogSource, SourceUnreadable


def build_source(declared: AnySource) -> LogSource:
    """Return what reads the declared source; nothing is opened yet."""
    match declared:
        case FolderSource():
            return Folder(declared)
        case JournaldSource():
            return Journald(declared)
        case KubernetesSource():
            return Kubernetes(declared)
        case LokiSource():
            return Loki(declared)
        case ElasticsearchSource():
            return Elasticsearch(declared)
        case CloudWatchSource():
            return CloudWatch(declared)
        case HttpApiSource():
            return HttpApi(declared)


def check_sources(declared: LogSources) -> Iterable[tuple[str, bool, str]]:
    """Yield each source's name, whether it can be used, and what was seen; for `steward doctor`."""
    for one in declared.sources:
        try:
            yield one.name, True, f"{one.kind}: {build_source(one).check()}"
        except SourceUnreadable as error:
            yield one.name, False, f"{one.kind}: {error}"
