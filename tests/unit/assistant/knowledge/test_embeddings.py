"""Vectors are comparable, repeatable and of length 1, whichever embedder made them."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from assistant.errors import DependencyUnavailable, SettingsInvalid
from assistant.knowledge.embeddings import (
    ApiEmbedder,
    Embedder,
    HashingEmbedder,
    MiniLmEmbedder,
    build_embedder,
)
from assistant.settings import load_settings

LEAVE = "Staff may carry over five days of annual leave into the next year."
LEAVE_ASKED = "How much unused vacation can I take along to January?"
KITCHEN = "The dishwasher on the second floor is emptied by whoever comes in first."


class LetterCounts(Embeddings):
    """A stand-in for a provider: three numbers a text, not of length 1, and a note of every request's size."""

    def __init__(self) -> None:
        self.request_sizes: list[int] = []

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        self.request_sizes.append(len(texts))
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [1.0 + text.count("a"), 1.0 + text.count("b"), 1.0 + text.count("c")]


class ShortOfOne(LetterCounts):
    """A provider that loses the last text of every request."""

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        return super().embed_documents(texts)[:-1]


@pytest.fixture(scope="module")
def minilm() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@pytest.fixture(params=["minilm", "hashing", "api"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "minilm":
        shared: MiniLmEmbedder = request.getfixturevalue("minilm")
        return shared
    return HashingEmbedder() if request.param == "hashing" else ApiEmbedder("letters:abc", LetterCounts())


def test_every_passage_gets_a_row_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed_passages([LEAVE, "", "?!", KITCHEN])

    assert vectors.shape == (4, embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_passages_give_no_rows_of_the_right_width(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)


def test_a_text_has_the_same_vector_in_any_company(embedder: Embedder) -> None:
    alone = embedder.embed_passages([KITCHEN])[0]

    among_others = embedder.embed_passages([LEAVE * 20, "a", KITCHEN, LEAVE])[2]

    np.testing.assert_array_equal(among_others, alone)


def test_the_id_names_the_dimension(embedder: Embedder) -> None:
    assert f"/{embedder.dimension}/" in embedder.embedder_id


def test_two_embedders_have_two_ids() -> None:
    built = [build_embedder("minilm"), build_embedder("hashing"), ApiEmbedder("letters:abc", LetterCounts())]

    assert len({each.embedder_id for each in built}) == len(built)


def test_minilm_finds_a_paraphrase_nearer_than_another_subject(minilm: MiniLmEmbedder) -> None:
    asked = minilm.embed_query(LEAVE_ASKED)

    leave, kitchen = minilm.embed_passages([LEAVE, KITCHEN]) @ asked

    assert leave > kitchen + 0.3


def test_minilm_orders_near_texts_as_its_float32_original_does(minilm: MiniLmEmbedder) -> None:
    happy, very_happy, dog = minilm.embed_passages(
        ["That is a happy person", "That is a very happy person", "That is a happy dog"]
    )

    # In float32: .943 and .695.
    assert float(happy @ very_happy) == pytest.approx(0.94, abs=0.06)
    assert float(happy @ dog) == pytest.approx(0.69, abs=0.06)


def test_minilm_reads_nothing_beyond_its_window(minilm: MiniLmEmbedder) -> None:
    window = "leave " * minilm.max_tokens

    within, beyond = minilm.embed_passages([window, window + KITCHEN])

    assert minilm.count_tokens(window) == minilm.max_tokens
    np.testing.assert_array_equal(beyond, within)


def test_minilm_embeds_ten_megabytes_on_one_line(minilm: MiniLmEmbedder) -> None:
    assert np.isfinite(minilm.embed_query("word " * 2_000_000)).all()


def test_minilm_counts_word_pieces_without_its_own_marks(minilm: MiniLmEmbedder) -> None:
    assert minilm.count_tokens("") == 0
    assert minilm.count_tokens("five days of leave") == 4
    assert minilm.count_tokens("onboarding") > 1


@given(st.text(max_size=200))
def test_hashing_gives_any_text_a_direction(text: str) -> None:
    assert np.linalg.norm(HashingEmbedder().embed_query(text)) == pytest.approx(1, abs=1e-5)


def test_hashing_is_the_same_on_every_machine() -> None:
    places = np.flatnonzero(HashingEmbedder().embed_query("carry over"))

    assert places.tolist() == [120, 152, 187]  # carry, over, and the pair


def test_hashing_counts_shared_words_as_near() -> None:
    hashing = HashingEmbedder()
    asked = hashing.embed_query("carry over days of leave")

    leave, kitchen = hashing.embed_passages([LEAVE, KITCHEN]) @ asked

    assert leave > kitchen + 0.3


def test_an_api_is_asked_in_batches_and_answers_in_order() -> None:
    client = LetterCounts()
    texts = ["a" * (number % 7) for number in range(300)]

    vectors = ApiEmbedder("letters:abc", client).embed_passages(texts)

    assert client.request_sizes == [128, 128, 44]
    np.testing.assert_array_equal(vectors[:7], vectors[7:14])
    assert np.all(np.diff(vectors[:7, 0]) > 0)


def test_an_api_that_loses_a_text_is_unusable() -> None:
    with pytest.raises(DependencyUnavailable, match="for 2 texts"):
        ApiEmbedder("letters:abc", ShortOfOne()).embed_passages(["a", "b"])


def test_an_api_that_cannot_be_reached_is_worth_a_retry() -> None:
    settings = load_settings({}, openai_api_key="sk-none", openai_base_url=f"http://127.0.0.1:{unused_port()}/v1")

    with pytest.raises(DependencyUnavailable) as raised:
        build_embedder("openai:text-embedding-3-small", settings).embed_query(LEAVE)

    assert raised.value.retryable


def test_an_api_embedder_is_built_without_asking_anything() -> None:
    settings = load_settings({}, openai_api_key="sk-none")

    built = build_embedder("openai:text-embedding-3-small", settings)

    assert built.count_tokens("abcdefgh") == 2


@pytest.mark.parametrize("spec", ["", "minilm2", "word2vec"])
def test_an_unknown_embedder_is_refused_with_the_known_ones(spec: str) -> None:
    with pytest.raises(SettingsInvalid, match="'minilm', 'hashing'"):
        build_embedder(spec)


@pytest.mark.parametrize("spec", ["nobody:model", "cohere:embed-v4.0"])
def test_a_provider_that_is_unknown_or_not_installed_is_refused(spec: str) -> None:
    with pytest.raises(SettingsInvalid, match=spec):
        build_embedder(spec)


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
