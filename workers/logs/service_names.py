"""The service that a log is of, read off the name of its file or of the instance that wrote it."""

import re
from pathlib import PurePath

_POD_NAME = re.compile(r"([a-z][a-z0-9-]*?)-(?=[a-z0-9]*[0-9])[a-z0-9]{4,10}-[a-z0-9]{4,5}$")
_GENERIC_STEMS = frozenset(
    [
        "app",
        "application",
        "log",
        "logs",
        "output",
        "out",
        "err",
        "error",
        "errors",
        "access",
        "server",
        "service",
        "messages",
        "syslog",
        "all",
        "combined",
        "main",
        "std",
        "stdout",
        "stderr",
        "console",
        "current",
        "latest",
        "debug",
        "info",
        "warn",
        "system",
        "journal",
        "kern",
        "upload",
        "file",
        "data",
        "text",
    ]
)  # names of files that do not name a service
_NAME_ENDS = re.compile(
    r"(?:[._-](?:\d[\dTtZz:._-]*|log|logs|txt|out|err|json|jsonl|ndjson|csv|gz|zst|stdout|stderr"
    r"|current))+$",
    re.I,
)


def service_of_instance(name: str, file_service: str | None) -> str:
    """Return the service that an instance belongs to; the name itself where it is no instance.

    Known by the file it stands in, or by the suffixes that Kubernetes gives: cart-5d8f7c9b4-2kxqz.
    """
    if file_service and name.startswith((f"{file_service}-", f"{file_service}_", f"{file_service}.")):
        return file_service
    pod = _POD_NAME.match(name)
    return pod[1] if pod else name


def service_of_name(name: str) -> str | None:
    """Return the service that a file is named after: payments-2026-03-04.log.gz is of payments.

    Kubernetes names (pod_namespace_container-id.log) give the container. None for names
    that say nothing, such as app.log.
    """
    base = PurePath(name).name
    pod = re.match(r"[a-z0-9.-]+_[a-z0-9-]+_([a-z0-9-]+?)-[0-9a-f]{32,64}\.log", base)
    if pod:
        return pod[1]
    stem = _NAME_ENDS.sub("", base)
    if stem.lower() not in _GENERIC_STEMS:
        return stem or None
    parents = [part for part in PurePath(name).parts[:-1] if part.lower() not in _GENERIC_STEMS | {"/", "var", "tmp"}]
    return parents[-1] if parents and not PurePath(name).is_absolute() else None
