from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import command, retrieval
from bench.retrieval_corpus import path_of
from bench.retrieval_metrics import auroc, hit_at, ndcg, reciprocal_rank

CORPUS = [
    {"id": "leave", "title": "Leave", "text": "# Leave\n\n## Carrying over\n\nStaff may carry over five days."},
    {"id": "pay", "title": "Pay", "text": "Salaries are paid on the last working day of the month."},
    {"id": "travel", "title": "Travel", "text": "Book trains early. Hotels may cost 120 euros."},
]
QUESTIONS = [
    {
        "question": "How many days may I carry over?",
        "answerable": True,
        "gold": [{"doc": "leave", "span": "five days"}],
    },
    {"question": "When are salaries paid?", "answerable": True, "gold": [{"doc": "pay"}]},
    {
        "question": "And hotels?",
        "history": [{"role": "user", "text": "What may trains cost?"}, {"role": "assistant", "text": "It depends."}],
        "answerable": True,
        "gold": [{"doc": "travel"}],
    },
    {"question": "Who won the world cup?", "answerable": False, "gold": []},
]


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, float]]:
    assert command.main(["retrieval", "--data", str(folder)]) == 0
    figures: dict[str, dict[str, float]] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return figures


def test_the_last_line_holds_all_figures_of_a_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_lines(tmp_path / "corpus.jsonl", CORPUS)  # type: ignore[arg-type]
    write_lines(tmp_path / "questions.jsonl", QUESTIONS)
    figures = run(tmp_path, capsys)

    assert figures["hybrid"] == {"recall@1": 1, "recall@5": 1, "recall@10": 1, "mrr@10": 1, "ndcg@10": 1}
    assert figures["hybrid"].keys() == figures["bm25"].keys() == figures["dense"].keys()
    assert figures["refusal_auroc"] == 1.0
    assert figures["span@5"] == 1.0


def test_a_folder_of_files_is_ingested_as_ingest_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs" / "people").mkdir(parents=True)
    (tmp_path / "docs" / "people" / "leave.md").write_text(str(CORPUS[0]["text"]))
    (tmp_path / "docs" / "pay.txt").write_text(str(CORPUS[1]["text"]))
    write_lines(tmp_path / "questions.jsonl", [{**QUESTIONS[0], "gold": [{"doc": "leave.md"}]}])
    figures = run(tmp_path, capsys)

    assert figures["hybrid"]["recall@1"] == 1.0
    assert figures["refusal_auroc"] is None


def test_a_folder_without_questions_fails_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert retrieval.main(["--data", str(tmp_path)]) == 1
    assert "questions.jsonl" in capsys.readouterr().err


def test_documents_that_cannot_be_read_are_no_measurement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    write_lines(tmp_path / "questions.jsonl", QUESTIONS)

    assert retrieval.main(["--data", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert "broken.pdf" in printed.err
    assert "nothing to measure" in printed.err
    assert "recall" not in printed.out


def test_an_unknown_benchmark_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["nonsense"]) == 2
    assert "retrieval" in capsys.readouterr().err


def test_a_document_is_meant_by_path_name_or_stem() -> None:
    paths = ["people/leave.md", "pay.txt", "a/index.md", "b/index.md"]

    assert path_of("people/leave.md", paths) == "people/leave.md"
    assert path_of("leave.md", paths) == "people/leave.md"
    assert path_of("pay", paths) == "pay.txt"
    assert path_of("index.md", paths) == "index.md"  # two of that name: nothing is guessed


def test_figures_of_a_ranking_can_be_checked_by_hand() -> None:
    ranked = ["a", "b", "c", "d"]

    assert (hit_at(ranked, {"b"}, 1), hit_at(ranked, {"b"}, 5)) == (0.0, 1.0)
    assert reciprocal_rank(ranked, {"c", "d"}) == pytest.approx(1 / 3)
    assert ndcg(ranked, {"a", "b"}) == pytest.approx(1.0)
    assert ndcg(ranked, {"b"}) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg(ranked, {"z"}) == 0.0


def test_auroc_is_one_when_separated_half_by_chance_and_nothing_without_both() -> None:
    assert auroc([0.9, 0.8], [0.1]) == 1.0
    assert auroc([0.5, 0.5], [0.5]) == 0.5
    assert auroc([0.1], [0.9]) == 0.0
    assert auroc([], [0.5]) is None


scores = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=20)


@given(positives=scores, negatives=scores)
def test_auroc_equals_counting_all_pairs(positives: list[float], negatives: list[float]) -> None:
    pairs = [(one > other) + (one == other) / 2 for one in positives for other in negatives]

    assert auroc(positives, negatives) == pytest.approx(sum(pairs) / len(pairs))
