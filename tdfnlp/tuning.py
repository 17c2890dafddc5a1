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

import numpy as np

from .errors import InputError
from .files import replacing
from .items import Item
from .network import Arrays, Network, Start
from .packing import write_packed
from .weights import BESIDE, Weights, drop_weights

logger = logging.getLogger(__name__)

_TOPICS = 4
_PACK = 16
_WARM_UP = 0.06
_CHECKS = 8  # looks at held-out items on the way
_PATIENCE = 3  # looks without gain after which it stops


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
    frozen : int
        Lowest layers that stay as they are, and the embeddings with them; 0 to train everything.
    """

    epochs: float = 1.0
    rate: float = 1e-4
    random_state: int = 0
    frozen: int = 0


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
    network = Network(base, start)
    network.freeze(recipe.frozen)
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


def _stage(network: Network, group: list[list[Item]], steps: int) -> str:
    """Try one step, to say how long all may take; leaves no trace in what is learnt."""
    import torch

    started = perf_counter()
    with torch.random.fork_rng():
        network.loss(group).backward()
    minutes = (perf_counter() - started) * steps / 60
    return f"Fine-tuning (at most about {max(1, round(minutes))} min)"


class _Watch:
    """Looks at held-out items now and then, and keeps the weights that were best for them."""

    def __init__(self, network: Network, held: Sequence[Item], *, every: int) -> None:
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


def save_encoder(weights: Arrays, base: Weights, folder: Path, *, bits: int | None = None) -> None:
    """Write weights beside the base's own configuration and tokenizer.

    Parameters
    ----------
    weights : dict of str to array
    base : Weights
    folder : Path
    bits : int, optional
        Pack them into so many bits each (``packing``); half precision where left out.
    """
    from safetensors.numpy import save_file

    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    for name in BESIDE:
        if (base.folder / name).is_file():
            copyfile(base.folder / name, folder / name)
    drop_weights(folder)
    if bits:
        write_packed(folder, weights, bits)
        return
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
