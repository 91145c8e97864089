"""What an empty conversation offers: only what the person may run, with files that are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SettingsInvalid
from assistant.mentions import Person
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.database import open_engine
from bot.platforms.web.suggestions import MAX_SHOWN, Suggestion, attach, load_suggestions, suggestions_for

TOML = """
[[suggested]]
kind = "meeting_summary"
as = "ann"
text = "Summarise this meeting."
files = ["talk.vtt"]
shows = "Owners only where they were said."

[[suggested]]
text = "Why is checkout failing?"
kind = "log_inspection"
files = ["logs/"]
"""


def test_files_are_found_in_the_first_root_that_has_them_and_folders_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second" / "logs").mkdir(parents=True)
    (tmp_path / "second" / "talk.vtt").write_text("WEBVTT")
    file = tmp_path / "suggested.toml"
    file.write_text(TOML)

    talk, logs = load_suggestions(file, (tmp_path / "first", tmp_path / "second"))

    assert talk.files == (tmp_path / "second" / "talk.vtt",)
    assert (talk.best_as, talk.note) == ("ann", "Owners only where they were said.")
    assert logs.files == ()


@pytest.mark.parametrize("text", ["[[suggested]]\nkind = 1", "not toml", '[[suggested]]\ntext = ""'])
def test_a_file_that_is_not_as_agreed_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "suggested.toml").write_text(text)

    with pytest.raises(SettingsInvalid, match=r"suggested\.toml"):
        load_suggestions(tmp_path / "suggested.toml", ())


def test_nobody_is_offered_what_they_may_not_run_and_their_own_come_first() -> None:
    logs = Suggestion("Inspect the logs.", "log_inspection")
    hers = Suggestion("For Ann.", "policy_search", best_as="ann")
    his = Suggestion("For Ben.", "policy_search", best_as="ben")

    assert suggestions_for(Person(id="ann"), [logs, his, hers]) == (hers, his)
    assert suggestions_for(Person(id="eve", role="engineer"), [his, logs]) == (logs, his)
    assert len(suggestions_for(Person(id="ann"), [hers] * 20)) == MAX_SHOWN


def test_a_suggestions_file_goes_along_as_an_attachment(tmp_path: Path, embedded_settings: Settings) -> None:
    (tmp_path / "talk.vtt").write_text("WEBVTT")
    blobs = BlobStore(open_engine(embedded_settings.database), embedded_settings)

    (attachment,) = attach(Suggestion("Summarise.", files=(tmp_path / "talk.vtt",)), blobs)

    assert (attachment.name, attachment.size_bytes) == ("talk.vtt", 6)
    assert blobs.read(attachment) == b"WEBVTT"
