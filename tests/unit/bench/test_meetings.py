"""The bench of minutes reads corpora by their fields and ends with one line of JSON."""

import json
from pathlib import Path

import pytest

from bench.meeting_data import LabelledMeeting
from bench.meetings import main
from tests.unit.workers.jobs.meeting_summary.demo_meetings import budget_round


def write_corpora(folder: Path) -> None:
    utterances = budget_round().utterances
    qmsum = {
        "meeting": "ES1",
        "meeting_transcripts": [{"speaker": u.speaker, "content": u.text} for u in utterances],
        "general_query_list": [
            {"query": "Summarize", "answer": "The team stays with Nordlicht. Ben sends the forms by Friday."}
        ],
        "specific_query_list": [{"query": "What about the travel budget?", "answer": "There are 3,500 euros left."}],
        "topic_list": [{"topic": "hosting", "relevant_text_span": [["2", "6"]]}],
    }
    labelled = {
        "meeting": "X1",
        "corpus": "AMI",
        "utterances": [
            {"id": u.id, "speaker": u.speaker, "start": u.start, "end": u.start, "text": u.text} for u in utterances
        ],
        "minutes": {
            "actions": [{"text": "Ben sends the forms.", "evidence": ["u9", "u10"]}],
            "decisions": [{"text": "Stay with Nordlicht.", "evidence": ["u7"]}],
            "problems": [{"text": "NA.", "evidence": []}],
        },
    }
    (folder / "one.jsonl").write_text(json.dumps(qmsum) + "\n")
    (folder / "two.jsonl").write_text(json.dumps(labelled) + "\n")


def test_the_bench_ends_with_one_line_that_holds_every_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpora(tmp_path)

    assert main(["--data", str(tmp_path)]) == 0

    report = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert report["summaries"]["rouge"]["engine"]["rouge1"] > 0
    assert report["items"]["ami.actions"]["engine"]["item_recall"] == 100.0
    assert report["items"]["ami.decisions"]["engine"]["item_f1"] == 100.0
    assert report["items"]["ami.decisions"]["held_out"]["item_precision"] == 100.0  # nothing taught, nothing guessed
    assert report["invention"]["invented"] == 0
    assert report["validator"]["false_alarms"] == 0


def test_a_folder_without_corpora_is_measured_as_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path)]) == 0

    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1]) == {"bench": "meetings"}


def test_meetings_of_the_same_people_are_one_series() -> None:
    names = ("ES2002a", "ES2002d", "IS1000b", "Bmr012", "X1")

    series = [LabelledMeeting(name, "ami", budget_round(), {}).series for name in names]

    assert series == ["ES2002", "ES2002", "IS1000", "Bmr", "X1"]
