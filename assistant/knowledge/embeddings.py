"""Turn texts into vectors whose cosine says how near two texts are in meaning.

One port, `Embedder`, with three adapters: MiniLM on this machine (the default: no key, no download), an API
through LangChain, and a hashing twin for tests. Vectors of two embedders, or of two versions of one, can't be
compared: `embedder_id` is therefore kept with every stored vector, and whoever searches refuses a mixture.

What is embedded (which prefix, how long a chunk) is decided in ingest; where vectors are kept, in
vector_store.py.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from assistant.errors import DependencyUnavailable, RateLimited, SettingsInvalid

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from assistant.settings import Settings

Vector = NDArray[np.float32]  # (dimension,), of length 1
Vectors = NDArray[np.float32]  # (texts, dimension), every row of length 1
Answer = TypeVar("Answer")

MINILM_TOKENS = 256  # sentence_bert_config.json: what it was trained on; later tokens are not read
MINILM_MARKS = 2  # [CLS] and [SEP] are counted in those
# Longer texts are cut before they are tokenized: 256 tokens of prose are some 1,200 characters, and 10 MB on
# one line would otherwise be tokenized whole to use its beginning.
MINILM_CHARS = 8_000

API_BATCH_TEXTS = 128  # 128 chunks of 256 tokens stay well below OpenAI's 300,000 tokens a request
API_TOKENS = 8_191  # the shortest window among the usual embedding APIs (OpenAI's)
CHARS_PER_TOKEN = 4.0  # OpenAI's rule of thumb for English; exact counts would need a download (tiktoken)

HASHING_DIMENSION = 256
HASHING_TOKENS = 512
_WORD = re.compile(r"\w+")


class Embedder(Protocol):
    """What ingest and search need of a model that embeds."""

    @property
    def embedder_id(self) -> str:
        """Name, weights, dimension and prefix rule in one line: equal ids, comparable vectors."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a passage are read, as `count_tokens` counts them; the rest is ignored."""

    def count_tokens(self, text: str) -> int:
        """Return how much of `max_tokens` the text would take; never cut off."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 a text, in the order given; shape (0, dimension) for none."""

    def embed_query(self, text: str) -> Vector:
        """Return the vector of a question, to be compared with those of passages."""


def build_embedder(spec: str, settings: Settings | None = None) -> Embedder:
    """Return the embedder that STEWARD_EMBEDDER names: "minilm", "hashing", or "provider:model" for an API.

    Providers are LangChain's (openai, azure_openai, ollama, bedrock, ...). Keys and addresses come from
    `settings`, else from where the provider's own library looks. Nothing is sent before the first text is.

    Raises:
        SettingsInvalid: `spec` names nothing known, the provider's package or key is missing, or the MiniLM
            weights of this installation are not the published ones.
    """
    if spec == "minilm":
        return MiniLmEmbedder()
    if spec == "hashing":
        return HashingEmbedder()
    if ":" in spec:
        return ApiEmbedder(spec, _api_client(spec, settings))
    raise SettingsInvalid(
        f"STEWARD_EMBEDDER is {spec!r}. Use 'minilm', 'hashing', or a provider and its model, "
        "as in 'openai:text-embedding-3-small'."
    )


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 in int8 on one thread: 40 chunks of 210 tokens a CPU second, a question 1.5 ms.

    Texts go through the model one at a time. Batches were slower (28 a CPU second in sixteens, as padding is
    computed too), took 300 MB instead of 120, and let a text's vector depend on its neighbours, since int8
    scales by the largest value of a batch. Several threads may call at once, and then run side by side.
    """

    def __init__(self, encoder: Path | None = None) -> None:
        # Imported here so that the bot and everything on an API start without them (0.2 s, 60 MB).
        import onnxruntime
        from tokenizers import Tokenizer

        from assistant.knowledge import minilm_onnx

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        # Waiting threads would otherwise burn a core each for nothing.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False  # costs 2 % of speed, and gives memory back after a long text
        path = encoder or minilm_onnx.encoder_path()
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(minilm_onnx.tokenizer_path()))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.dimension = minilm_onnx.DIMENSION
        self.max_tokens = MINILM_TOKENS - MINILM_MARKS
        weights = f"{minilm_onnx.WEIGHTS_SHA256[:12]}/int8-v{minilm_onnx.GRAPH_VERSION}"
        self.embedder_id = f"minilm-l6-v2/{weights}/{self.dimension}/plain"

    def count_tokens(self, text: str) -> int:
        """Return the word pieces of the text, without the two marks that the model adds."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 a text, reading at most its first 254 tokens."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self.embed_query(text)
        return vectors

    def embed_query(self, text: str) -> Vector:
        """Return the text's vector: this model was trained to treat questions and passages alike."""
        ids = self._tokenizer.encode(text[:MINILM_CHARS]).ids
        if len(ids) > MINILM_TOKENS:
            ids = [*ids[: MINILM_TOKENS - 1], ids[-1]]  # keep the closing mark
        embedding: Vector = self._session.run(["embedding"], {"input_ids": np.array([ids], np.int64)})[0][0]
        return embedding


class ApiEmbedder:
    """A provider's model behind LangChain's `Embeddings`; how often to retry is the client's own setting."""

    def __init__(self, spec: str, client: Embeddings) -> None:
        self._spec = spec
        self._client = client
        self.max_tokens = API_TOKENS

    @cached_property
    def dimension(self) -> int:
        """How many numbers a vector has; asked of the model, with one word, the first time."""
        return len(self._ask(lambda: self._client.embed_query("dimension")))

    @property
    def embedder_id(self) -> str:
        """The spec and the dimension; a provider publishes no hash of its weights."""
        return f"{self._spec}/{self.dimension}/plain"

    def count_tokens(self, text: str) -> int:
        """Return an estimate, four characters a token: enough to cut chunks by, not to bill by."""
        return math.ceil(len(text) / CHARS_PER_TOKEN)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 a text, asking for at most 128 texts a request.

        Raises:
            DependencyUnavailable: the provider did not answer, or not with one usable vector a text.
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), API_BATCH_TEXTS):
            batch = list(texts[start : start + API_BATCH_TEXTS])
            vectors[start : start + len(batch)] = self._vectors(batch)
        return vectors

    def embed_query(self, text: str) -> Vector:
        """Return the vector of a question, by the provider's own way for questions where it has one.

        Raises:
            DependencyUnavailable: the provider did not answer, or not with a usable vector.
        """
        vector: Vector = self._checked([self._ask(lambda: self._client.embed_query(text))], 1)[0]
        return vector

    def _vectors(self, texts: list[str]) -> Vectors:
        return self._checked(self._ask(lambda: self._client.embed_documents(texts)), len(texts))

    def _ask(self, request: Callable[[], Answer]) -> Answer:
        import httpx
        import openai

        try:
            return request()
        except openai.RateLimitError as error:
            raise RateLimited(f"embeddings of {self._spec}: {error}") from error
        except (openai.OpenAIError, httpx.HTTPError, OSError) as error:
            raise DependencyUnavailable(f"embeddings of {self._spec}: {type(error).__name__}: {error}") from error

    def _checked(self, rows: list[list[float]], texts: int) -> Vectors:
        if len(rows) != texts or any(len(row) != self.dimension for row in rows):
            raise DependencyUnavailable(
                f"{self._spec} returned {len(rows)} vectors for {texts} texts, or other sizes"
            )
        vectors = np.array(rows, np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise DependencyUnavailable(f"{self._spec} returned a vector without a direction (zero or not finite)")
        scaled: Vectors = vectors / lengths
        return scaled


def _api_client(spec: str, settings: Settings | None) -> Embeddings:
    from langchain.embeddings import init_embeddings

    provider = spec.partition(":")[0]
    options = {name: value for name, value in _api_options(provider, settings).items() if value is not None}
    try:
        return init_embeddings(spec, **options)
    except (ImportError, ValueError) as error:  # no such provider or package; no key
        raise SettingsInvalid(f"STEWARD_EMBEDDER is {spec!r}, which can't be used: {error}") from error


def _api_options(provider: str, settings: Settings | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if provider == "openai":
        # Or texts are sent as token numbers: that downloads a vocabulary, and only OpenAI understands them.
        options["check_embedding_ctx_length"] = False
    if settings is None:
        return options
    if provider == "openai":
        options |= {"api_key": settings.openai_api_key, "base_url": settings.openai_base_url}
    if provider == "azure_openai":
        options |= {
            "api_key": settings.azure_openai_api_key,
            "azure_endpoint": settings.azure_openai_endpoint,
            "api_version": settings.openai_api_version,
        }
    if provider == "ollama":
        options["base_url"] = settings.ollama_host
    return options


class HashingEmbedder:
    """Texts that share words and word pairs are near: no model, the same on every machine, for tests.

    Each word and each pair of neighbours adds or subtracts 1 at a place that its hash chooses.
    """

    dimension = HASHING_DIMENSION
    max_tokens = HASHING_TOKENS
    embedder_id = f"hashing-v1/{HASHING_DIMENSION}/plain"

    def count_tokens(self, text: str) -> int:
        """Return the number of words."""
        return len(_WORD.findall(text))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 a text, reading at most its first 512 words."""
        return np.array([self.embed_query(text) for text in texts], np.float32).reshape(-1, self.dimension)

    def embed_query(self, text: str) -> Vector:
        """Return the text's vector; one without words gets the first axis."""
        words = _WORD.findall(text.casefold())[: self.max_tokens]
        vector = np.zeros(self.dimension, np.float32)
        for feature in [*words, *(f"{first} {second}" for first, second in pairwise(words))]:
            digest = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "little")
            vector[digest // 2 % self.dimension] += 1 if digest % 2 else -1
        if not vector.any():
            vector[0] = 1
        return vector / np.float32(np.linalg.norm(vector))
