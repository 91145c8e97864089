from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.knowledge.embeddings import HashingEmbedder
from ingest.parsed import ParsedDocument, Section
from ingest.split import MAX_PASSAGE_TOKENS, Passage, split_document

COUNTER = HashingEmbedder()  # one token a word: sizes can be checked by eye


def make_document(body: str, *sections: Section, title: str = "Leave") -> ParsedDocument:
    return ParsedDocument(title, body, sections, parser="test/1", media_type="text/markdown")


def split(body: str, *sections: Section, title: str = "Leave") -> list[Passage]:
    return split_document(make_document(body, *sections, title=title), COUNTER)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_a_short_section_is_one_passage_embedded_with_its_title_and_headings() -> None:
    body = "Staff may carry over five days."
    [passage] = split(body, Section(("Carrying over", "Limits"), 0, len(body), page=3))

    assert (passage.text, passage.page) == (body, 3)
    assert passage.embedded_text == "Leave › Carrying over › Limits\nStaff may carry over five days."


def test_a_passage_never_crosses_a_heading() -> None:
    body = "First part.\n\nSecond part."
    passages = split(body, Section(("One",), 0, 11), Section(("Two",), 13, 25))

    assert [(passage.heading_path, passage.text) for passage in passages] == [
        (("One",), "First part."),
        (("Two",), "Second part."),
    ]


def test_a_long_section_is_cut_between_paragraphs_into_passages_of_similar_size() -> None:
    paragraph = "word " * 99 + "end."
    passages = split("\n\n".join([paragraph] * 6))

    assert [passage.text.count("end.") for passage in passages] == [2, 2, 2]
    assert all(passage.text.endswith("end.") for passage in passages)


def test_a_paragraph_longer_than_a_passage_is_cut_between_sentences() -> None:
    sentence = "word " * 79 + "end. "
    passages = split(sentence * 9)

    assert len(passages) > 1
    assert all(passage.text.endswith("end.") for passage in passages)


def test_a_table_is_cut_between_rows_and_its_header_is_embedded_again() -> None:
    rows = [f"| plan {number} | {number} days |" for number in range(120)]
    body = "\n".join(["| plan | leave |", "| --- | --- |", *rows])
    passages = split(body)

    assert len(passages) > 1
    assert [row for passage in passages for row in passage.text.splitlines()] == body.splitlines()
    assert all(passage.embedded_text.splitlines()[1] == "| plan | leave |" for passage in passages)
    assert all("| plan | leave |" not in passage.text for passage in passages[1:])


def test_a_document_of_white_space_has_no_passages() -> None:
    assert split(" \n\n\t ") == []


def test_endless_headings_leave_room_for_text() -> None:
    body = "word " * 300
    passages = split(body, Section(("heading " * 400,), 0, len(body)))

    assert max(len(passage.text.split()) for passage in passages) <= 64
    assert squeezed("".join(passage.text for passage in passages)) == squeezed(body)


def test_megabytes_on_one_line_are_cut_before_a_test_must_end() -> None:
    for line in ("a" * 10_000_000, "word " * 400_000):  # looking at each word's whole rest takes hours
        passages = split(line)

        assert squeezed("".join(passage.text for passage in passages)) == squeezed(line)


texts = st.text(st.sampled_from("ab .\n|-é漢"), max_size=400) | st.text(max_size=400)


@given(before=texts, body=texts, repeats=st.integers(1, 30))
def test_no_text_is_lost_or_changed(before: str, body: str, repeats: int) -> None:
    text = before + body * repeats
    sections = (Section((), 0, len(before)), Section(("Rest",), len(before), len(text)))
    passages = split(text, *sections)

    assert all(text[passage.start_char : passage.end_char] == passage.text for passage in passages)
    assert squeezed("".join(passage.text for passage in passages)) == squeezed(text)
    assert all(passage.text == passage.text.strip() != "" for passage in passages)


@given(body=texts, repeats=st.integers(1, 40))
def test_no_passage_is_longer_than_an_embedding_reads(body: str, repeats: int) -> None:
    for passage in split(body * repeats):
        assert COUNTER.count_tokens(passage.embedded_text) <= MAX_PASSAGE_TOKENS
