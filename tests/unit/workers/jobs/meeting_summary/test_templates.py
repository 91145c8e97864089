"""Which kind of meeting minutes are written up as, and in which language they are labelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import RequestInvalid, SettingsInvalid
from tests.unit.workers.jobs.meeting_summary.demo_meetings import budget_round
from workers.jobs.meeting_summary.export import to_markdown
from workers.jobs.meeting_summary.extract import extract_minutes
from workers.jobs.meeting_summary.layout import Layout
from workers.jobs.meeting_summary.templates import choose_template, read_templates
from workers.jobs.meeting_summary.wording import language_asked_for, languages
from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import Transcript

RETRO = "\n".join([
    "Ana: So what went well in the last sprint, and what could be better?",
    "Tom: The release went well, because the tests were ready in time.",
    "Ana: What should we stop doing in the next sprint?",
    "Tom: We should stop doing reviews on Friday evenings.",
])  # fmt: skip


def chosen(transcript: Transcript, *, asked: str | None = None, request: str = "") -> str:
    return choose_template(read_templates(), transcript, asked=asked, request=request).name


def test_the_option_wins_over_the_words_and_the_words_over_the_talk() -> None:
    talk = parse_transcript(RETRO.encode())

    assert chosen(talk, asked="board", request="minutes of our stand-up") == "board"
    assert chosen(talk, request="minutes of our stand-up please") == "standup"
    assert chosen(talk, request="minutes please") == "retro"
    assert chosen(budget_round()) == "general"


def test_an_unknown_option_is_refused_with_the_list() -> None:
    with pytest.raises(RequestInvalid) as refused:
        chosen(budget_round(), asked="séance")

    assert "customer_call" in refused.value.reply


def test_a_template_says_which_sections_in_which_order_and_wording() -> None:
    minutes = extract_minutes(budget_round())
    board = read_templates()["board"]

    headings = [line for line in to_markdown(minutes, Layout.of(board, "en")).splitlines() if line.startswith("## ")]
    assert headings == ["## Resolutions", "## Summary", "## Topics", "## Action items", "## Matters left open"]
    assert "## Beschlüsse\n\n_Ohne Sprachmodell gefunden" in to_markdown(minutes, Layout.of(board, "de"))


def test_an_interview_lists_no_decisions_and_a_one_to_one_no_shares_of_talk() -> None:
    templates = read_templates()

    assert "decisions" not in templates["interview"].sections
    assert "per_person" not in templates["one_to_one"].sections


def test_a_folder_replaces_built_in_templates_and_adds_others(tmp_path: Path) -> None:
    (tmp_path / "retro.toml").write_text('title = "Look back"\nsections = ["action_items"]\nwords = ["retro"]')
    (tmp_path / "planning.toml").write_text('title = "Planning"\nsections = ["decisions"]\nwords = ["planning"]')
    templates = read_templates(tmp_path)

    assert templates["retro"].title == "Look back"
    assert (
        choose_template(templates, budget_round(), asked=None, request="minutes of the planning").name == "planning"
    )


@pytest.mark.parametrize("text", ["title =", 'title = "X"\nsections = ["jokes"]', 'title = "X"\nsections = []'])
def test_a_broken_template_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_text(text)

    with pytest.raises(SettingsInvalid, match=r"mine\.toml"):
        read_templates(tmp_path)


def test_every_language_words_everything() -> None:
    keys = {code: set(wording.texts) for code, wording in languages().items()}

    assert len(keys) == 12
    assert all(found == keys["en"] for found in keys.values())
    assert all("{share}" in wording["of_the_talk"] for wording in languages().values())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("minutes in German please", "de"),
        ("Protokoll auf Englisch", "en"),
        ("compte rendu en espagnol", "es"),
        ("протокол українською", "uk"),
        ("日本語で議事録をお願いします", "ja"),
        ("minutes of the German market meeting", None),
        ("minutes", None),
    ],
)
def test_the_language_is_the_one_the_request_names(text: str, language: str | None) -> None:
    assert language_asked_for(text) == language
