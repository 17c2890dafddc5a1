"""What a user could encode with instead, each as a function from texts to vectors."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tdfnlp.embedding import Encoder
from tdfnlp.engine import cpu_count
from tdfnlp.weights import find_weights

Floats = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Floats]


def ours(precision: str) -> Encode:
    """Encode by tdfnlp without its cache."""
    return Encoder.load(precision=precision, cache=False).encode  # type: ignore[arg-type]


def sentence_transformers() -> Encode:
    """Encode as a user does today: the library's defaults."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_weights().folder), device="cpu")
    return lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False))


def sentence_transformers_bf16() -> Encode:
    """Encode by the library's own length sorting, weights in bfloat16."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(find_weights().folder), device="cpu", model_kwargs={"dtype": torch.bfloat16}
    )
    return lambda texts: (
        model.encode(list(texts), show_progress_bar=False, convert_to_tensor=True).float().numpy()
    )


def export_onnx(folder: Path) -> Path:
    """Export the default encoder to ONNX, beside a copy of its tokenizer, once."""
    import shutil

    import torch
    from transformers import AutoModel

    file = folder / "model.onnx"
    if file.is_file():
        return file
    source = find_weights().folder
    for name in (
        "tokenizer.json",
        "config.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
    ):
        shutil.copy(source / name, folder / name)
    model = AutoModel.from_pretrained(source, attn_implementation="eager")
    model.train(False)

    class Plain(torch.nn.Module):
        """Three inputs in a fixed order, one output: the exporter goes by position."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any, mask: Any, types: Any) -> Any:
            """Run the encoder."""
            return self.model(
                input_ids=ids, attention_mask=mask, token_type_ids=types
            ).last_hidden_state

    # Three tensors and not one twice: the exporter would take the two inputs for one.
    ids, mask, types = (torch.full((2, 8), value) for value in (7, 1, 0))
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    torch.onnx.export(
        Plain(),
        (ids, mask, types),
        str(file),
        input_names=["input_ids", "attention_mask", "token_type_ids"],
        output_names=["last_hidden_state"],
        dynamic_shapes=(free, free, free),
        external_data=False,
    )
    return file


def onnxruntime(folder: Path, *, int8: bool = False) -> Encode:
    """Encode by ONNX Runtime, sorted by length, 1,024 tokens a batch; int8 is dynamic."""
    import onnxruntime as ort
    from tokenizers import Tokenizer

    file = export_onnx(folder)
    if int8:
        from onnxruntime.quantization import quantize_dynamic

        quantised = folder / "model-int8.onnx"
        if not quantised.is_file():
            quantize_dynamic(file, quantised)
        file = quantised
    options = ort.SessionOptions()
    options.intra_op_num_threads = cpu_count()
    session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    return lambda texts: _run_sorted(
        session, [one.ids for one in tokenizer.encode_batch_fast(list(texts))]
    )


def _run_sorted(session: Any, ids: Sequence[Sequence[int]], budget: int = 1024) -> Floats:
    order = sorted(range(len(ids)), key=lambda row: -len(ids[row]))
    out = np.empty((len(ids), 384), np.float32)
    start = 0
    while start < len(order):
        length = len(ids[order[start]])
        rows = order[start : start + max(1, budget // length)]
        start += len(rows)
        tokens, mask = np.zeros((2, len(rows), length), np.int64)
        for place, row in enumerate(rows):
            tokens[place, : len(ids[row])] = ids[row]
            mask[place, : len(ids[row])] = 1
        feed = {
            "input_ids": tokens,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(tokens),
        }
        hidden = session.run(None, feed)[0]
        sums = (hidden * mask[:, :, None]).sum(axis=1)
        out[rows] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return out


def fastembed(folder: Path) -> Encode:
    """Encode by fastembed, the same ONNX file from a local folder."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    export_onnx(folder)
    TextEmbedding.add_custom_model(
        model="local/minilm",
        pooling=PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(url="http://localhost/none"),
        dim=384,
        model_file="model.onnx",
    )
    model = TextEmbedding("local/minilm", specific_model_path=str(folder), threads=cpu_count())
    return lambda texts: np.array(list(model.embed(list(texts))), np.float32)


def light_embed(folder: Path) -> Encode:
    """Encode by light-embed, the same ONNX file from a local folder."""
    from light_embed import TextEmbedding

    export_onnx(folder)
    model = TextEmbedding(
        str(folder),
        model_config={
            "onnx_file": "model.onnx",
            "pooling_config_path": str(find_weights().folder / "1_Pooling"),
            "normalize": True,
        },
    )
    return lambda texts: np.asarray(model.encode(list(texts), normalize_embeddings=True))
