"""The demo company holds together: counts, metadata, gold passages, access, and builders that repeat."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import importlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pypdfium2
import pytest
import yaml
from bs4 import BeautifulSoup
from docx import Document
from docx.table import Table

DEMO = Path(__file__).resolve().parents[3] / "deploy" / "demo"
POLICIES = sorted(path for path in (DEMO / "policies").rglob("*") if path.is_file())
REQUIRED = {"version", "effective_from", "owner", "owner_email", "regions", "status"}
DEFAULT_START = dt.datetime(2026, 11, 17, 8, 30, tzinfo=dt.UTC)


# --- reading ------------------------------------------------------------------------------------


def squeeze(text: str) -> str:
    return " ".join(text.split())


def docx_blocks(path: Path) -> Iterator[str]:
    for block in Document(str(path)).iter_inner_content():
        if isinstance(block, Table):
            yield from (" ".join(cell.text for cell in row.cells) for row in block.rows)
        else:
            yield block.text


@cache
def text_of(path: Path) -> str:
    """Return a document's text with runs of white space as one blank."""
    if path.suffix == ".docx":
        return squeeze("\n".join(docx_blocks(path)))
    if path.suffix == ".pdf":
        pages = pypdfium2.PdfDocument(path)
        return squeeze(" ".join(page.get_textpage().get_text_range() for page in pages))
    if path.suffix == ".html":
        return squeeze(BeautifulSoup(path.read_bytes(), "lxml").get_text(" "))
    return squeeze(path.read_text(encoding="utf-8"))


def front_matter(path: Path) -> dict[str, Any]:
    loaded = yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])
    assert isinstance(loaded, dict)
    return loaded


def metadata_of(path: Path) -> dict[str, str]:
    """Return the metadata fields a document states in its own format, by their front-matter names."""
    if path.suffix == ".md":
        return {name: str(value) for name, value in front_matter(path).items()}
    if path.suffix == ".html":
        tags = BeautifulSoup(path.read_bytes(), "lxml").find_all("meta", attrs={"name": True})
        return {str(tag["name"]): str(tag["content"]) for tag in tags}
    if path.suffix == ".docx":
        rows = [[cell.text for cell in row.cells] for row in Document(str(path)).tables[0].rows]
        return {label.lower().replace(" ", "_").replace("-", ""): value for label, value in rows}
    subject = pypdfium2.PdfDocument(path).get_metadata_dict()["Subject"]
    pairs = (part.split(": ", 1) for part in subject.split("; "))
    return {label.lower().replace(" ", "_").replace("-", ""): value for label, value in pairs}


def read_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DEMO / name).read_text(encoding="utf-8").splitlines()]


def read_toml(name: str) -> dict[str, Any]:
    return tomllib.loads((DEMO / name).read_text(encoding="utf-8"))


QUESTIONS = read_lines("questions.jsonl")
PEOPLE = {person["id"]: person for person in read_toml("people.toml")["people"]}


def may_read(person_id: str, document: str) -> bool:
    spaces = read_toml("spaces.toml")["spaces"]
    space = next(one for one in spaces if f"policies/{document}".startswith(one["path"] + "/"))
    return any(f"group:{group}" in space["allow"] for group in PEOPLE[person_id]["groups"])


@pytest.fixture
def demo_module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a loader of the demo's scripts, which import one another by their bare names."""
    monkeypatch.syspath_prepend(str(DEMO))

    def load(name: str) -> ModuleType:
        return importlib.import_module(name)

    return load


# --- policies -----------------------------------------------------------------------------------


def test_there_are_enough_documents_of_each_format() -> None:
    counts = Counter(path.suffix for path in POLICIES)

    assert sum(counts.values()) >= 44
    assert counts[".docx"] >= 6
    assert counts[".pdf"] >= 6
    assert counts[".html"] >= 8
    assert max(path.stat().st_size for path in POLICIES) < 60_000


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_a_document_states_its_version_date_owner_regions_and_status(path: Path) -> None:
    metadata = metadata_of(path)

    assert REQUIRED - set(metadata) == set()
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", metadata["effective_from"])
    assert metadata["owner_email"].endswith("@ottervale.example")
    assert metadata["status"] in {"current", "superseded"}


def test_a_superseded_version_says_when_it_ended() -> None:
    superseded = [path for path in POLICIES if metadata_of(path)["status"] == "superseded"]

    assert superseded
    assert all("effective_to" in metadata_of(path) for path in superseded)


def test_a_document_names_an_owner_among_the_people() -> None:
    names = {person["name"] for person in PEOPLE.values()}

    assert {metadata_of(path)["owner"].split(",")[0] for path in POLICIES} <= names


def test_the_conflicting_pair_is_current_and_disagrees() -> None:
    policy = DEMO / "policies/company/travel/travel-policy.md"
    guide = DEMO / "policies/company/travel/expense-guide-emea.pdf"

    assert metadata_of(policy)["status"] == metadata_of(guide)["status"] == "current"
    assert "within 30 days" in text_of(policy)
    assert "within 45 days" in text_of(guide)


# --- people and spaces --------------------------------------------------------------------------


def test_four_people_sign_in_one_a_role() -> None:
    signing_in = [person for person in PEOPLE.values() if person["sign_in"]]

    assert sorted(person["role"] for person in signing_in) == ["admin", "employee", "engineer", "hr"]


def test_two_people_are_called_anna_and_managers_exist() -> None:
    assert sum(person["name"].startswith("Anna ") for person in PEOPLE.values()) == 2
    assert {person.get("manager", "oskar.nyberg") for person in PEOPLE.values()} <= set(PEOPLE)


def test_each_space_names_a_folder_and_each_document_stands_in_one() -> None:
    folders = [DEMO / space["path"] for space in read_toml("spaces.toml")["spaces"]]

    assert all(folder.is_dir() for folder in folders)
    assert all(any(path.is_relative_to(folder) for folder in folders) for path in POLICIES)


# --- questions ----------------------------------------------------------------------------------


def test_there_are_sixty_questions_of_all_sorts() -> None:
    notes = " ".join(question["note"] for question in QUESTIONS)

    assert len({question["id"] for question in QUESTIONS}) == 60
    assert sum("history" in question for question in QUESTIONS) >= 3
    assert sum(not question["answerable"] for question in QUESTIONS) >= 5
    for sort in ("conflict", "restricted", "German", "paraphrase", "near twins", "injection"):
        assert sort in notes


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_a_gold_passage_stands_in_its_document_and_holds_what_is_expected(question: dict[str, Any]) -> None:
    gold_texts = [text_of(DEMO / "policies" / gold["doc"]) for gold in question["gold"]]
    missing = [
        gold["span"] for gold, text in zip(question["gold"], gold_texts, strict=True) if gold["span"] not in text
    ]

    assert missing == []
    assert all(any(part in text for text in gold_texts) for part in question["expect_in_answer"])
    assert bool(question["gold"]) is question["answerable"]


def test_an_answerable_question_is_asked_by_somebody_who_may_read_the_answer() -> None:
    barred = [
        question["id"]
        for question in QUESTIONS
        for gold in question["gold"]
        if not may_read(question["as"], gold["doc"])
    ]

    assert barred == []


def test_suggested_questions_are_two_a_kind_and_name_files_that_exist() -> None:
    suggested = read_toml("suggested.toml")["suggested"]
    files = [DEMO / name for one in suggested for name in one.get("files", [])]

    assert set(Counter(one["kind"] for one in suggested).values()) == {2}
    assert {one["as"] for one in suggested} <= set(PEOPLE)
    assert all(path.is_file() for path in files if not path.is_relative_to(DEMO / "logs"))


# --- meetings and e-mail ------------------------------------------------------------------------


def test_meetings_are_long_enough_and_last_a_quarter_of_an_hour_or_more() -> None:
    sources = sorted((DEMO / "sources/meetings").glob("*.md"))
    words = [len(path.read_text(encoding="utf-8").split()) for path in sources]
    last_cues = [
        re.findall(r"--> (\d\d):(\d\d):", path.read_text(encoding="utf-8"))[-1]
        for path in (DEMO / "meetings").glob("*.vtt")
    ]

    assert len(words) == 4
    assert min(words) >= 1500
    assert len(last_cues) == 2
    assert all(int(hours) * 60 + int(minutes) >= 15 for hours, minutes in last_cues)


def test_a_transcript_in_cues_keeps_each_spoken_word() -> None:
    source = (DEMO / "sources/meetings/2026-11-10-budget-round.teams.vtt.md").read_text(encoding="utf-8")
    transcript = (DEMO / "meetings/2026-11-10-budget-round.teams.vtt").read_text(encoding="utf-8")
    said = [line.split(": ", 1)[1] for line in source.split("---\n")[2].splitlines() if line]
    heard = re.findall(r"<v [^>]+>(.*)</v>", transcript)

    assert " ".join(heard).split() == " ".join(said).split()


@pytest.mark.parametrize("folder", sorted((DEMO / "email").iterdir()), ids=lambda folder: folder.name)
def test_a_thread_is_chained_by_references(folder: Path) -> None:
    messages = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]
    ids = [message["Message-ID"] for message in messages]

    assert len(messages) >= 3
    assert [message["In-Reply-To"] for message in messages] == [None, *ids[:-1]]
    assert all(message["From"] and message["To"] and message["Date"].datetime.tzinfo for message in messages)


def test_the_mail_that_announces_an_attachment_has_none() -> None:
    raw = (DEMO / "email/prairie-gate-quote/02-gate.eml").read_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.default)

    assert "find attached" in message.get_body().get_content()
    assert list(message.iter_attachments()) == []


# --- builders -----------------------------------------------------------------------------------


def test_building_again_gives_the_committed_texts(demo_module: Any, tmp_path: Path) -> None:
    built = demo_module("build_documents").build_all(tmp_path)

    changed = [path.name for path in built if text_of(path) != text_of(DEMO / path.relative_to(tmp_path))]
    assert len(built) == 36
    assert changed == []


def test_building_twice_gives_equal_bytes(demo_module: Any, tmp_path: Path) -> None:
    build_all = demo_module("build_documents").build_all

    first = [path.read_bytes() for path in build_all(tmp_path / "first")]
    assert first == [path.read_bytes() for path in build_all(tmp_path / "second")]


def test_a_seed_gives_one_set_of_logs_and_another_seed_another(demo_module: Any, tmp_path: Path) -> None:
    generate = demo_module("generate_logs").generate
    for name, seed in (("first", 7), ("second", 7), ("other", 8)):
        generate(tmp_path / name, start=DEFAULT_START, minutes=30, seed=seed, rate=0.2)
    logs = {
        name: [path.read_bytes() for path in sorted((tmp_path / name).rglob("*.log"))]
        for name in ("first", "second", "other")
    }

    assert logs["first"] == logs["second"]
    assert logs["first"] != logs["other"]


def test_the_default_logs_tell_the_incident_across_services(demo_module: Any, tmp_path: Path) -> None:
    incident = demo_module("generate_logs").generate(tmp_path, start=DEFAULT_START, minutes=120, seed=7)
    texts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()}
    failed_trace = re.search(r'" 504 .*trace=([0-9a-f]{32})', texts["access.log"])

    assert 20_000 <= sum(text.count("\n") for text in texts.values()) <= 60_000
    assert len(texts) >= 6
    assert incident.root_cause_service == "payments"
    assert dt.datetime.fromisoformat(incident.first_bad) > dt.datetime.fromisoformat(incident.rollout_at)
    assert "db.pool.max_size=4 (was 40)" in texts["payments.log"]
    assert failed_trace is not None
    assert failed_trace[1] in texts["payments.log"]
    assert failed_trace[1] in texts["checkout.jsonl"]
    assert "incident.json" not in texts


def test_nothing_fails_before_the_rollout(demo_module: Any, tmp_path: Path) -> None:
    incident = demo_module("generate_logs").generate(tmp_path, start=DEFAULT_START, minutes=120, seed=7)
    lines = (tmp_path / "payments/payments.log").read_text(encoding="utf-8").splitlines()
    first_error = next(line for line in lines if " ERROR " in line)

    stamp = dt.datetime.strptime(first_error[:23] + "+0000", "%Y-%m-%d %H:%M:%S,%f%z")
    assert abs(stamp - dt.datetime.fromisoformat(incident.first_bad)) < dt.timedelta(milliseconds=1)


@pytest.mark.parametrize(("start", "minutes"), [(DEFAULT_START, 10), (DEFAULT_START.replace(tzinfo=None), 120)])
def test_a_window_that_cannot_hold_the_story_is_refused(
    demo_module: Any, tmp_path: Path, start: dt.datetime, minutes: int
) -> None:
    with pytest.raises(ValueError, match=r"time zone|too few"):
        demo_module("generate_logs").generate(tmp_path, start=start, minutes=minutes, seed=7)
