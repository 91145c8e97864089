"""Sessions and tokens outlive a restart, and nobody else on the machine can read the key."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.errors import SettingsInvalid
from assistant.secret_keys import KEY_FILE, derived_key, secret_keys
from assistant.settings import load_settings


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = load_settings({}, steward_data=tmp_path / "new")

    first, second = secret_keys(settings), secret_keys(settings)

    path = tmp_path / "new" / KEY_FILE
    assert first == second
    assert len(first[0]) == 44
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == [KEY_FILE]


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    settings = load_settings({}, steward_data=tmp_path)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_keys(settings), range(24)))

    assert len(keys) == 1


def test_keys_of_the_settings_win_in_their_order(tmp_path: Path) -> None:
    settings = load_settings({"STEWARD_SECRET_KEYS": "new, old,"}, steward_data=tmp_path)

    assert secret_keys(settings) == ("new", "old")
    assert not (tmp_path / KEY_FILE).exists()


def test_no_key_and_no_place_for_one_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="STEWARD_SECRET_KEYS"):
        secret_keys(load_settings({"STEWARD_SECRET_KEYS": ", ,"}, steward_data=tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsInvalid, match=r"secret\.key"):
        secret_keys(load_settings({}, steward_data=tmp_path / "file"))


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert derived_key("k", "web session") != derived_key("k", "web upload")
