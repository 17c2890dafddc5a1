"""Fine-tuning an encoder: the vector of a passage should say what kind of talk it is.

A sentence encoder's vector says the topic first, so a plain classifier learns topics. Here each
batch holds a few topics with all domains in each, every topic's mean is taken off inside the
batch, and what is left is drawn together by domain (supervised contrastive loss, Khosla et al.
2020) and classified, while the whole vector learns the direction. One pass is enough; more
over-fits to the authors of the corpus.
"""

import logging
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .files import replacing
from .framework import DOMAINS, VALENCES
from .items import Item, domain_labels, soft_targets, valence_labels
from .weights import Weights

logger = logging.getLogger(__name__)

Arrays = dict[str, npt.NDArray[Any]]

_TOPICS = 4
_PACK = 16
_SMALL = 16  # texts of one forward pass, sorted by length so that little is padded
_SHARPNESS = 0.1
_MAX_LENGTH = 160
_WARM_UP = 0.06
_CHECKS = 8  # looks at held-out items on the way
_PATIENCE = 2  # looks without gain after which it stops
LOUD = 5
"""Times that a vector counts beside its one-hot domain when the direction is learnt."""
_BESIDE = (
    "config.json",
    "tokenizer.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fine-tune.

    Attributes
    ----------
    epochs : float
        Passes over the items.
    rate : float
        Highest learning rate of the encoder; it rises over 6 % of the steps, then falls.
    random_state : int
        Shuffles the items and sets the two heads' first weights.
    """

    epochs: float = 1.0
    rate: float = 1e-4
    random_state: int = 0


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


def fine_tune(
    items: Sequence[Item],
    base: Weights,
    recipe: Recipe,
    *,
    start: Start | None = None,
    held: Sequence[Item] = (),
    progress: Callable[[str, int, int], object] | None = None,
) -> Arrays:
    """Train an encoder's weights on items.

    Parameters
    ----------
    items : sequence of Item
        From many topics, with every domain in each.
    base : Weights
        Where to start: a BERT or MPNet encoder with mean pooling.
    recipe : Recipe
    start : Start, optional
        Heads to begin with; random ones where left out.
    held : sequence of Item, optional
        Of others: it stops when these get no better, and the weights best for them are given.
    progress : callable, optional
        Gets (stage, done, total); the stage says how long it may take, before it starts.

    Returns
    -------
    dict of str to array
        The new weights, under the names they have in the file; empty where no step made `held`
        better.

    Raises
    ------
    InputError
        There are no items.
    """
    if not items:
        raise InputError("Fine-tuning needs items.")
    import torch

    rng = random.Random(recipe.random_state)  # noqa: S311
    torch.manual_seed(recipe.random_state)
    network = _Network(base, start)
    dealt = packs(items, rng)
    steps = max(1, int(recipe.epochs * len(dealt) / _TOPICS))
    optimiser = torch.optim.AdamW(network.groups(recipe.rate), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1, (step + 1) / (_WARM_UP * steps), max(0.02, 1 - step / steps))
    )
    stage = _stage(network, dealt[:_TOPICS], steps) if progress else ""
    watch = _Watch(network, held, every=max(1, steps // _CHECKS))
    for step in range(steps):
        if progress:
            progress(stage, step, steps)
        if len(dealt) < _TOPICS:
            dealt += packs(items, rng)
        loss = network.loss([dealt.pop() for _ in range(min(_TOPICS, len(dealt)))])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.encoder.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 20 == 0:
            logger.info("step %d of %d, loss %.3f", step, steps, loss.item())
        if watch.is_enough(step):
            break
    if progress:
        progress(stage, steps, steps)
    return watch.best


def _stage(network: "_Network", group: list[list[Item]], steps: int) -> str:
    """Try one step, to say how long all may take; leaves no trace in what is learnt."""
    import torch

    started = perf_counter()
    with torch.random.fork_rng():
        network.loss(group).backward()
    minutes = (perf_counter() - started) * steps / 60
    return f"Fine-tuning (at most about {max(1, round(minutes))} min)"


class _Watch:
    """Looks at held-out items now and then, and keeps the weights that were best for them."""

    def __init__(self, network: "_Network", held: Sequence[Item], *, every: int) -> None:
        self._network, self._every = network, every
        self._packs = packs(held, random.Random(0))  # noqa: S311
        self._losses = [network.held_loss(self._packs)] if held else []
        self._best: Arrays = {}

    @property
    def best(self) -> Arrays:
        return self._best if self._losses else self._network.arrays()

    def is_enough(self, step: int) -> bool:
        if not self._losses or (step + 1) % self._every:
            return False
        loss = self._network.held_loss(self._packs)
        logger.info("after step %d, loss on held-out items %.3f", step, loss)
        if loss < min(self._losses):
            self._best = self._network.arrays()
        self._losses.append(loss)
        return int(np.argmin(self._losses[::-1])) >= _PATIENCE


def save_encoder(weights: Arrays, base: Weights, folder: Path) -> None:
    """Write weights in half precision beside the base's own configuration and tokenizer."""
    from safetensors.numpy import save_file

    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    for name in _BESIDE:
        if (base.folder / name).is_file():  # the last two may be missing
            copyfile(base.folder / name, folder / name)
    halves = {name: np.ascontiguousarray(array, np.float16) for name, array in weights.items()}
    with replacing(folder / "model.safetensors") as part:
        save_file(halves, part)


def packs(items: Sequence[Item], rng: random.Random) -> list[list[Item]]:
    """Deal every topic's items into packs of about 16 that each hold many domains, in any order."""
    topics: dict[str, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        topics[item.topic][item.domains[0][0] if item.domains else ""].append(item)
    dealt: list[list[Item]] = []
    for topic in sorted(topics):
        domains = topics[topic]
        count = max(1, round(sum(map(len, domains.values())) / _PACK))
        hands: list[list[Item]] = [[] for _ in range(count)]
        place = rng.randrange(count)
        for domain in sorted(domains):
            rng.shuffle(domains[domain])
            for item in domains[domain]:
                hands[place % count].append(item)
                place += 1
        dealt += hands
    rng.shuffle(dealt)
    return dealt


class _Network:
    """The encoder with the two heads that it is trained under and that are thrown away."""

    def __init__(self, base: Weights, start: Start | None = None) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(base.folder, local_files_only=True)
        self.encoder = AutoModel.from_pretrained(
            base.folder, local_files_only=True, add_pooling_layer=False, dtype=torch.float32
        )
        self.encoder.train()
        width = self.encoder.config.hidden_size
        self.domain = torch.nn.Linear(width, len(DOMAINS) + 1)
        self.valence = torch.nn.Linear(width + len(DOMAINS), len(VALENCES))
        if start:
            for head, given in ((self.domain, start.domain), (self.valence, start.valence)):
                head.weight.data, head.bias.data = (torch.tensor(one).float() for one in given)

    def groups(self, rate: float) -> list[dict[str, Any]]:
        heads = [*self.domain.parameters(), *self.valence.parameters()]
        return [{"params": self.encoder.parameters(), "lr": rate}, {"params": heads, "lr": 1e-3}]

    def arrays(self) -> Arrays:
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
