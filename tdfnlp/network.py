"""An encoder under the two heads that it is fine-tuned with and that are thrown away after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import ModelError
from .framework import DOMAINS, VALENCES
from .items import Item, domain_labels, soft_targets, valence_labels
from .packing import read_arrays
from .weights import Weights

Arrays = dict[str, npt.NDArray[Any]]

LOUD = 5
"""Times that a vector counts beside its one-hot domain when the direction is learnt."""
_SMALL = 16  # texts of one forward pass, sorted by length so that little is padded
_SHARPNESS = 0.1
_MAX_LENGTH = 160


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Heads over an encoder's vectors to begin with; each coefficients, then intercepts.

    Attributes
    ----------
    domain : pair of arrays
        Of shape (15, d) and (15,), on centred vectors.
    valence : pair of arrays
        Of shape (4, d + 14) and (4,), on vectors beside a one-hot domain.
    """

    domain: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
    valence: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


class Network:
    """The encoder with its two heads. It lives in torch."""

    def __init__(self, base: Weights, start: Start | None = None) -> None:
        import torch
        from transformers import AutoConfig, AutoModel, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(base.folder, local_files_only=True)
        config = AutoConfig.from_pretrained(base.folder, local_files_only=True)
        with torch.random.fork_rng():  # the weights that it is made with are not kept
            self.encoder: Any = AutoModel.from_config(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
        self._fill(read_arrays(base.folder), f"{config.model_type}.")
        self.encoder.train()
        width = self.encoder.config.hidden_size
        self.domain = torch.nn.Linear(width, len(DOMAINS) + 1)
        self.valence = torch.nn.Linear(width + len(DOMAINS), len(VALENCES))
        if start:
            for head, given in ((self.domain, start.domain), (self.valence, start.valence)):
                head.weight.data, head.bias.data = (torch.tensor(one).float() for one in given)

    def _fill(self, arrays: Mapping[str, npt.NDArray[np.float32]], prefix: str) -> None:
        import torch

        known = {key.removeprefix(prefix): torch.from_numpy(one) for key, one in arrays.items()}
        left = self.encoder.load_state_dict(known, strict=False).missing_keys
        if left:
            raise ModelError(f"The weights of the encoder lack {', '.join(left)}.")

    def freeze(self, layers: int) -> None:
        """Keep so many of the lowest layers as they are, and the embeddings with any."""
        for part in (self.encoder.embeddings, *self.encoder.encoder.layer)[: layers and layers + 1]:
            part.requires_grad_(False)

    def groups(self, rate: float) -> list[dict[str, Any]]:
        """Give what an optimiser moves, the encoder slower than its heads."""
        heads = [*self.domain.parameters(), *self.valence.parameters()]
        return [{"params": self.encoder.parameters(), "lr": rate}, {"params": heads, "lr": 1e-3}]

    def arrays(self) -> Arrays:
        """Give the encoder's weights as they are now."""
        return {name: array.numpy().copy() for name, array in self.encoder.state_dict().items()}

    def embed(self, texts: Sequence[str]) -> Any:
        """Vectors in the order of the texts, shape (n, width), of length 1."""
        import torch

        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        parts = [order[start : start + _SMALL] for start in range(0, len(order), _SMALL)]
        vectors = torch.cat([self._embed([texts[place] for place in part]) for part in parts])
        return vectors[torch.argsort(torch.tensor(order))]

    def _embed(self, texts: list[str]) -> Any:
        import torch

        tokens = self.tokenizer(
            texts, padding=True, truncation=True, max_length=_MAX_LENGTH, return_tensors="pt"
        )
        with torch.autocast("cpu", torch.bfloat16):
            hidden = self.encoder(**tokens)[0].float()
        mask = tokens["attention_mask"].unsqueeze(-1).float()
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)

    def held_loss(self, group: Sequence[Sequence[Item]]) -> float:
        """Loss on domain and direction without dropout, nothing learnt."""
        import torch

        self.encoder.eval()
        with torch.no_grad():
            loss = float(self._loss(group)[1])
        self.encoder.train()
        return loss

    def loss(self, group: Sequence[Sequence[Item]]) -> Any:
        """Contrast by domain, plus domain, plus direction; each topic's mean taken off first."""
        centred, loss = self._loss(group)
        labels = domain_labels([item for pack in group for item in pack])
        return _contrast(centred, labels) + loss

    def _loss(self, group: Sequence[Sequence[Item]]) -> tuple[Any, Any]:
        import torch

        functional = torch.nn.functional
        items = [item for pack in group for item in pack]
        vectors = self.embed([item.text for item in items])
        centred = torch.cat(
            [part - part.mean(0, keepdim=True) for part in vectors.split([len(p) for p in group])]
        )
        targets = torch.tensor(soft_targets(items), dtype=torch.float32)
        by_domain = -(targets * functional.log_softmax(self.domain(centred), 1)).sum(1).mean()
        valences = torch.tensor(valence_labels(items))
        rows, domains = torch.nonzero(valences >= 0, as_tuple=True)
        if not len(rows):
            return centred, by_domain
        shown = functional.one_hot(domains, len(DOMAINS)).float()
        # A vector has length 1 and the domain too, which would drown the passage.
        direction = functional.cross_entropy(
            self.valence(torch.cat([LOUD * vectors[rows], shown], 1)), valences[rows, domains]
        )
        return centred, by_domain + direction


def _contrast(centred: Any, labels: npt.NDArray[np.bool_]) -> Any:
    """Supervised contrastive loss; passages that share a domain attract, those without repel."""
    import torch

    unit = torch.nn.functional.normalize(centred, dim=1)
    alike = unit @ unit.T / _SHARPNESS
    alike = alike - 1e4 * torch.eye(len(unit))
    shared = torch.tensor(labels.astype(np.float32) @ labels.T.astype(np.float32) > 0).float()
    shared.fill_diagonal_(0)
    counts = shared.sum(1)
    likelihood = alike - torch.logsumexp(alike, 1, keepdim=True)
    own = (shared * likelihood).sum(1) / counts.clamp(min=1)
    return -(own[counts > 0]).mean() if (counts > 0).any() else own.sum()
