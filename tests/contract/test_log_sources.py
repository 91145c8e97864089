"""What every log source promises: the asked lines once each, and never silence where it could not look."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.log_sources import LogSources
from tests.twins.log_services import (
    SECRET,
    CloudWatchTwin,
    ElasticsearchTwin,
    EntriesTwin,
    Entry,
    KubernetesTwin,
    LogService,
    LokiTwin,
    OpenSearchTwin,
    serving,
)
from workers.log_sources.building import build_source
from workers.log_sources.cloudwatch import CloudWatch
from workers.log_sources.elasticsearch import Elasticsearch
from workers.log_sources.http_api import HttpApi
from workers.log_sources.kubernetes import Kubernetes
from workers.log_sources.loki import Loki
from workers.log_sources.port import LogLine, LogQuery, LogSource, SourceReport, SourceUnreadable, read_source
from workers.logs.index import Window
from workers.logs.reading import ReadingCancelled

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HOUR = Window(START, START + timedelta(hours=1))
BASE: dict[str, Any] = {"name": "here", "services": ["payments", "checkout"], "groups": ["engineering"]}
HTTP = ("loki", "elasticsearch", "opensearch", "kubernetes", "http")
KINDS = ("folder", "journald", "cloudwatch", *HTTP)


def entry(minute: float, service: str, text: str) -> Entry:
    return Entry(START + timedelta(minutes=minute), service, text)


@dataclass
class World:
    """One kind of source with something in it."""

    kind: str
    put: Callable[[Sequence[Entry]], None]
    source: Callable[[], LogSource]
    service: LogService | None = None


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with _world(request.param, tmp_path, monkeypatch) as made:
        yield made


@contextlib.contextmanager
def _world(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("LOG_TOKEN", SECRET)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    match kind:
        case "folder":
            yield World(
                kind, lambda entries: _write_files(folder, entries), lambda: _built("folder", paths=[str(folder)])
            )
        case "journald":
            export = folder / "journal.export"
            yield World(
                kind, lambda entries: _write_export(export, entries), lambda: _built("journald", files=[str(export)])
            )
        case _:
            with serving(_TWINS[kind]()) as service:

                def put(entries: Sequence[Entry]) -> None:
                    service.entries[:] = entries

                yield World(kind, put, lambda: _over_http(kind, service.url), service)


_TWINS: dict[str, Callable[[], LogService]] = {
    "loki": LokiTwin,
    "elasticsearch": ElasticsearchTwin,
    "opensearch": OpenSearchTwin,
    "kubernetes": KubernetesTwin,
    "cloudwatch": CloudWatchTwin,
    "http": EntriesTwin,
}


def _declared(kind: str, **fields: Any) -> Any:
    return LogSources.model_validate({"sources": [{**BASE, "kind": kind, **fields}]}).sources[0]


def _built(kind: str, **fields: Any) -> LogSource:
    return build_source(_declared(kind, **fields))


def _over_http(kind: str, url: str) -> LogSource:
    at_once: Any = {"pause": lambda seconds: None}
    common = {"url": url, "token": "env:LOG_TOKEN", "page_size": 3}
    match kind:
        case "loki":
            return Loki(_declared(kind, **common, labels={"app": "shop"}), **at_once)
        case "elasticsearch" | "opensearch":
            return Elasticsearch(_declared(kind, **common, index="logs-*"), **at_once)
        case "kubernetes":
            return Kubernetes(_declared(kind, **common, namespace="shop"), **at_once)
        case "cloudwatch":
            groups = {"payments": "/ecs/payments", "checkout": "/ecs/checkout"}
            return CloudWatch(_declared(kind, region="eu-west-1", log_groups=groups, endpoint=url))
    fields = {
        "url": f"{url}/v1/{{service}}/entries",
        "parameters": {"from": "{start}", "to": "{end}", "contains": "{text}"},
        "time_format": "milliseconds",
        "entries": "/result/items",
        "message": "/log/text",
        "time": "/at",
        "service": "/svc",
        "paging": {"style": "cursor", "parameter": "after", "pointer": "/next"},
    }
    return HttpApi(_declared(kind, **{**common, **fields}), **at_once)


def _write_files(folder: Path, entries: Sequence[Entry]) -> None:
    for service in {one.service for one in entries}:
        lines = [f"{one.at.isoformat()} INFO {one.text}\n" for one in entries if one.service == service]
        (folder / f"{service}.log").write_text("".join(lines))
    for path in folder.glob("*.log"):
        os.utime(path, (HOUR.end_at.timestamp(), HOUR.end_at.timestamp()))


def _write_export(path: Path, entries: Sequence[Entry]) -> None:
    parts: list[bytes] = []
    for one in entries:
        text = one.text.encode()
        stamp = str(int(one.at.timestamp() * 1_000_000)).encode()
        parts.append(b"__REALTIME_TIMESTAMP=" + stamp + b"\n_SYSTEMD_UNIT=" + one.service.encode() + b".service\n")
        parts.append(b"PRIORITY=6\nMESSAGE\n" + len(text).to_bytes(8, "little") + text + b"\n\n")
    path.write_bytes(b"".join(parts))


def read(world: World, **query: Any) -> tuple[list[LogLine], SourceReport]:
    lines: list[LogLine] = []
    asked = LogQuery(**{"window": HOUR, **query})
    return lines, read_source(world.source(), asked, lines.extend)


def texts(lines: Sequence[LogLine]) -> list[str]:
    """The messages, without the level that files and the journal put before them."""
    return [line.text.rsplit("INFO ", 1)[-1] for line in lines]


def test_the_lines_of_the_time_and_the_service_come_and_no_others(world: World) -> None:
    world.put(
        [
            entry(-1, "payments", "before"),
            entry(5, "payments", "pool exhausted"),
            entry(6, "checkout", "another service"),
            entry(60, "payments", "the end is not part of it"),
        ]
    )

    lines, report = read(world, services=("payments",))

    assert texts(lines) == ["pool exhausted"]
    assert (lines[0].service, lines[0].at) == ("payments", START + timedelta(minutes=5))
    assert (report.status, report.lines, report.cut, report.problem) == ("read", 1, "", "")


def test_more_than_a_page_comes_once_each_even_at_one_moment(world: World) -> None:
    world.put([entry(5 + number // 2, "payments", f"line {number:02}") for number in range(20)])

    lines, report = read(world, services=("payments",))

    assert sorted(texts(lines)) == [f"line {number:02}" for number in range(20)]
    assert report.problem == ""


def test_without_a_service_all_of_them_come(world: World) -> None:
    world.put([entry(1, "payments", "one"), entry(2, "checkout", "two")])

    lines, _report = read(world)

    assert sorted((line.service, text) for line, text in zip(lines, texts(lines), strict=True)) == [
        ("checkout", "two"),
        ("payments", "one"),
    ]


@pytest.mark.parametrize("text", ['say "no"', "a{b}|c", "x\\y", '"} |~ ".*', "it's 100%", "ünï çødé"])
def test_a_text_is_looked_for_as_it_stands_and_never_as_a_query(world: World, text: str) -> None:
    world.put([entry(1, "payments", f"before {text} after"), entry(2, "payments", "something else")])

    lines, report = read(world, services=("payments",), text=text)

    assert texts(lines) == [f"before {text} after"]
    assert report.problem == ""


@pytest.mark.parametrize("service", ['x"} or {a="b', "payments|checkout", ".*", "a,b) in (c", "../../etc"])
def test_a_service_that_looks_like_a_query_finds_nothing(world: World, service: str) -> None:
    world.put([entry(1, "payments", "one"), entry(2, "checkout", "two")])

    lines, report = read(world, services=(service,))

    assert lines == []
    assert report.status == "nothing_found"


def test_nothing_found_is_not_could_not_read(world: World) -> None:
    world.put([entry(-120, "payments", "long ago")])

    lines, report = read(world, services=("payments",))

    assert (lines, report.status, report.problem) == ([], "nothing_found", "")


def test_a_limit_cuts_and_is_named(world: World) -> None:
    world.put([entry(number, "payments", f"line {number:02}") for number in range(20)])

    by_lines, said_lines = read(world, services=("payments",), max_lines=7)
    by_bytes, said_bytes = read(world, services=("payments",), max_bytes=100)

    assert len(by_lines) == 7
    assert said_lines.cut == "7 lines"
    assert sum(len(line.text) + 1 for line in by_bytes) <= 100
    assert said_bytes.cut.endswith("MB")


def test_stop_ends_the_reading(world: World) -> None:
    world.put([entry(number, "payments", f"line {number:02}") for number in range(20)])

    with pytest.raises(ReadingCancelled):
        read_source(world.source(), LogQuery(window=HOUR), lambda page: None, is_cancelled=lambda: True)


def test_a_time_limit_ends_the_reading(world: World) -> None:
    world.put([entry(number, "payments", f"line {number:02}") for number in range(20)])
    ticks = iter(range(0, 10_000, 40))

    report = read_source(world.source(), LogQuery(window=HOUR), lambda page: None, clock=lambda: next(ticks))

    assert report.cut == "60 seconds" or report.pages <= 1


def test_the_doctor_is_told_what_answers_or_what_is_wrong(world: World) -> None:
    world.put([entry(1, "payments", "one")])
    assert world.source().check()

    if world.service is not None:
        world.service.faults = [403] * 8
    else:
        for path in Path(_place(world)).iterdir():
            path.unlink()
        Path(_place(world)).rmdir()

    if world.kind != "http":  # any answer of its host will do there
        with pytest.raises(SourceUnreadable):
            world.source().check()


def _place(world: World) -> str:
    declared = world.source()._declared  # type: ignore[attr-defined]
    return str(declared.paths[0] if world.kind == "folder" else Path(declared.files[0]).parent)


# ---------------------------------------------------------------- behind HTTP
@pytest.fixture(params=(*HTTP, "cloudwatch"))
def remote(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with _world(request.param, tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("faults", [[429], [503, 502], ["drop"], ["truncated"]])
def test_a_passing_failure_is_ridden_out(remote: World, faults: list[str | int]) -> None:
    if remote.kind == "kubernetes" and faults == ["truncated"]:
        faults = [500]  # its logs are lines, which have no end that could be missing
    if remote.kind == "cloudwatch":
        faults = [503]  # botocore's own retries, which pause: one is enough
    remote.put([entry(number, "payments", f"line {number:02}") for number in range(8)])
    assert remote.service is not None
    remote.service.faults = list(faults)

    lines, report = read(remote, services=("payments",))

    assert texts(lines) == [f"line {number:02}" for number in range(8)]
    assert report.problem == ""


def test_a_lasting_failure_is_said_and_never_taken_for_silence(remote: World) -> None:
    remote.put([entry(1, "payments", "one")])
    assert remote.service is not None
    remote.service.faults = [401] * 20

    lines, report = read(remote, services=("payments",))

    assert (lines, report.status) == ([], "could_not_read")
    assert SECRET not in report.problem


def test_what_came_before_it_broke_off_is_kept_and_the_break_is_said(remote: World) -> None:
    if remote.kind in ("kubernetes", "cloudwatch"):
        pytest.skip("one page holds all of it here")
    remote.put([entry(number, "payments", f"line {number:02}") for number in range(8)])
    service = remote.service
    assert service is not None
    lines: list[LogLine] = []

    def take(page: Sequence[LogLine]) -> None:
        lines.extend(page)
        service.faults = [500] * 20

    report = read_source(remote.source(), LogQuery(window=HOUR, services=("payments",)), take)

    assert texts(lines) == ["line 00", "line 01", "line 02"]
    assert report.status == "read"
    assert "500" in report.problem


def test_a_point_in_time_is_closed_when_a_limit_ends_the_reading(tmp_path: Path, monkeypatch: Any) -> None:
    for kind in ("elasticsearch", "opensearch"):
        with _world(kind, tmp_path, monkeypatch) as world:
            world.put([entry(number, "payments", f"line {number:02}") for number in range(20)])

            read(world, max_lines=4)

            assert isinstance(world.service, ElasticsearchTwin)
            assert (world.service.opened, world.service.points) == (1, set())


def test_half_an_answer_of_elasticsearch_is_a_problem(tmp_path: Path, monkeypatch: Any) -> None:
    with _world("elasticsearch", tmp_path, monkeypatch) as world:
        world.put([entry(1, "payments", "one")])
        assert isinstance(world.service, ElasticsearchTwin)
        world.service.failed_shards = 1

        lines, report = read(world)

        assert len(lines) == 1
        assert "in part" in report.problem


def test_a_journal_in_json_is_read_like_an_export(tmp_path: Path) -> None:
    stamp = str(int(START.timestamp() * 1_000_000))
    fields = {
        "__REALTIME_TIMESTAMP": stamp,
        "_SYSTEMD_UNIT": "payments.service",
        "PRIORITY": "3",
        "MESSAGE": [112, 255],
    }
    (tmp_path / "journal.json").write_text(json.dumps(fields) + "\n")
    lines: list[LogLine] = []

    source = _built("journald", files=[str(tmp_path / "journal.json")])
    read_source(source, LogQuery(window=HOUR), lines.extend)

    assert [(line.service, line.text) for line in lines] == [("payments", "ERROR p\N{REPLACEMENT CHARACTER}")]


def test_more_entries_in_one_nanosecond_than_loki_shows_are_said_to_be_missing(
    tmp_path: Path, monkeypatch: Any
) -> None:
    with _world("loki", tmp_path, monkeypatch) as world:
        world.put([*(entry(5, "payments", f"burst {number}") for number in range(5)), entry(6, "payments", "after")])

        lines, report = read(world)

        assert texts(lines)[-1] == "after"
        assert "raise page_size" in report.problem
