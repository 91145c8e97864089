"""Declared log sources: what is wrong in the file is said by the source's name and the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SettingsInvalid
from assistant.log_sources import load_log_sources
from assistant.settings import load_settings, secret_at


def declared(tmp_path: Path, text: str, name: str = "sources.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return load_log_sources(load_settings({}, steward_data=tmp_path, steward_log_sources=path))


def test_yaml_and_json_declare_the_same(tmp_path: Path) -> None:
    by_yaml = declared(tmp_path, "sources:\n- {name: shop, kind: folder, paths: [/logs], groups: [engineering]}\n")
    by_json = declared(
        tmp_path,
        '{"sources": [{"name": "shop", "kind": "folder", "paths": ["/logs"], "groups": ["engineering"]}]}',
        "sources.json",
    )

    assert by_yaml == by_json


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("kind: folder, paths: [/logs]", "source shop: groups"),
        ("kind: folder, paths: [logs], groups: [a]", "source shop: paths.0: Value error, 'logs' is not absolute"),
        ("kind: loki, url: nonsense, groups: [a]", "source shop: url"),
        ("kind: loki, url: 'http://loki', token: hunter2, groups: [a]", "source shop: token"),
        ("kind: splunk, groups: [a]", "splunk"),
        ("kind: folder, paths: [/logs], groups: [a], zone: Mars", "no time zone"),
        ("kind: folder, paths: [/logs], groups: [a], aliases: {x: y}", "alias 'x' stands for 'y'"),
        ("kind: folder, paths: [/logs], groups: [a], colour: red", "source shop: colour"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, fields: str, said: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        declared(tmp_path, f"sources:\n- {{name: shop, {fields}}}\n")

    assert said in str(refused.value)


def test_yaml_brings_no_objects_to_life(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        declared(tmp_path, "sources: !!python/object/apply:os.system ['true']\n")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    settings = load_settings({}, steward_data=tmp_path, steward_log_sources=tmp_path / "nowhere.yaml")

    with pytest.raises(SettingsInvalid, match="there is no such file"):
        load_log_sources(settings)


def test_a_secret_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("from-file\n")
    monkeypatch.setenv("LOG_TOKEN", "from-environment")

    assert secret_at(f"file:{tmp_path / 'token'}").get_secret_value() == "from-file"
    assert secret_at("env:LOG_TOKEN").get_secret_value() == "from-environment"
    with pytest.raises(SettingsInvalid, match="env:ABSENT"):
        secret_at("env:ABSENT")
