"""What a reader should know is said in the language of the minutes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from assistant.mentions import Attachment
from assistant.minutes.schema import MinutesWarning
from assistant.replies import FileOffer, Notice
from tests.factories import make_job, make_mention
from tests.twins.jobs import FilesTwin, make_context
from tests.unit.workers.jobs.meeting_summary.demo_meetings import BUDGET_ROUND
from workers.jobs.meeting_summary import wording
from workers.jobs.meeting_summary.run import run
from workers.jobs.meeting_summary.wording import languages, make_warning, warning_in

SENTENCES = tomllib.loads(Path(wording.__file__).with_name("warnings.toml").read_text(encoding="utf-8"))


def braces(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_language_has_every_sentence_with_all_its_figures(language: str) -> None:
    english = SENTENCES["en"]
    ours = SENTENCES[language]

    assert ours.keys() == english.keys()
    assert {key: braces(text) for key, text in ours.items()} == {key: braces(text) for key, text in english.items()}
    assert language == "en" or not {text for text in ours.values() if text in english.values()}


def test_a_sentence_is_filled_once_whatever_stands_in_it() -> None:
    warning = make_warning("truncated", detail="{spoken} {detail} \\1")

    assert warning.text == "Not everything could be read: {spoken} {detail} \\1"
    assert warning_in(warning, "de") == "Nicht alles konnte gelesen werden: {spoken} {detail} \\1"


def test_without_a_sentence_in_the_language_it_stays_english() -> None:
    kept_before = MinutesWarning(code="truncated", text="Cut.")

    assert warning_in(kept_before, "de") == "Cut."
    assert warning_in(make_warning("weak_support", count=3), "fi").startswith("Lines that are only weakly supported")


def test_message_and_files_say_it_in_the_language_asked_for(tmp_path: Path) -> None:
    files, file = FilesTwin(), tmp_path / "weekly.txt"
    file.write_text(BUDGET_ROUND, encoding="utf-8")
    attached = Attachment(name=file.name, size_bytes=1, location=f"path:{file}")
    job = make_job(mention=make_mention("minutes in German", attachments=(attached,)), kind="meeting_summary")
    reply = run(job, make_context(files=files)).reply
    notices = [block.text for block in reply.blocks if isinstance(block, Notice)]
    offer = next(one for one in reply.blocks if isinstance(one, FileOffer) and one.name.endswith(".md"))
    sentence = "Die Besprechung wurde auf „en“ geführt; ohne Sprachmodell werden Zeilen nicht nach „de“ übersetzt."

    assert sentence in notices
    assert sentence in files.stored[offer.blob].decode()
