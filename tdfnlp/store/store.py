"""A study in one file or database: filled by reading, suggesting and answering, never by guessing.

Nothing that a coder said is ever changed or deleted. ``answers()`` gives what holds now: the last
answer of each coder on each utterance that was not taken back.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, select

from ..codebook import Code
from ..coding import Coding, Study
from ..predictions import Predictions
from ..transcript import Transcript, Utterance
from . import answering, assigning, facts, runs, texts, themes
from .answering import Given
from .assigning import Wanted
from .database import connect, name_of, reading, writing
from .records import Added, Answer, Assignment, Pool, Run, Settings, Unit, Used
from .schema import meta
from .themes import Change, ThemeChange


class Store:
    """An open study. Make one with ``Store.open``; close it, or use it in a ``with`` block.

    Safe for several threads and several processes at once.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self.name = name

    @classmethod
    def open(cls, where: str | Path, *, create: bool = True) -> Self:
        """Open a study; an older one is brought up to date, a damaged one is left as it is.

        Parameters
        ----------
        where : str or Path
            A file (``study.db``), or a URL (``postgresql://user@host/database``).
        create : bool
            Whether to make one where there is none.

        Raises
        ------
        StoreError
            Not there, damaged, no study, of a newer tdfnlp, or out of reach.
        MissingExtraError
            PostgreSQL without its driver.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, Store.open(f"{folder}/s.db") as store:
        ...     len(store.codes()), store.transcripts()
        (14, ())
        """
        engine = connect(where, create=create)
        return cls(engine, name_of(where))

    def close(self) -> None:
        """Let go of the file or the connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def created(self) -> str:
        """When the study was made: ISO 8601, UTC, to the microsecond."""
        with reading(self._engine) as connection:
            query = select(meta.c.value).where(meta.c.key == "created")
            return str(connection.scalars(query).one_or_none() or "")

    def settings(self) -> Settings:
        """How the study is coded."""
        with reading(self._engine) as connection:
            return facts.read_settings(connection)

    def configure(self, **changes: float) -> Settings:
        """Change settings, by name; the seed is fixed once there are utterances.

        Raises
        ------
        InputError
            A share outside 0 to 1, no time for a lease, or another seed for a filled study.
        """
        with writing(self._engine) as connection:
            return facts.change_settings(connection, changes)

    def add_transcripts(
        self, transcripts: Sequence[Transcript], utterances: Iterable[Utterance]
    ) -> Added:
        """Take transcripts in that are not there yet, with their utterances.

        Raises
        ------
        InputError
            A transcript of that name is there with another text.
        """
        with writing(self._engine) as connection:
            seed = facts.read_settings(connection).seed
            return texts.add_transcripts(connection, transcripts, utterances, seed)

    def transcripts(self) -> tuple[Transcript, ...]:
        """All transcripts, in the order in which they came."""
        with reading(self._engine) as connection:
            return texts.read_transcripts(connection)

    def units(self, ids: Sequence[int] | None = None) -> tuple[Unit, ...]:
        """Utterances with their numbers: those asked for, in that order, or all."""
        with reading(self._engine) as connection:
            return texts.read_units(connection, ids)

    def sources(self) -> dict[int, tuple[str, str | None]]:
        """Give name and group of each transcript, by its number in ``Pool.transcripts``."""
        with reading(self._engine) as connection:
            return texts.read_sources(connection)

    def numbers(self) -> dict[tuple[str, int, int], int]:
        """Give the number of each utterance, by transcript id, start and end."""
        with reading(self._engine) as connection:
            return texts.unit_numbers(connection)

    def count(self) -> int:
        """How many utterances there are."""
        with reading(self._engine) as connection:
            return texts.count_units(connection)

    def add_codes(self, codes: Iterable[Code]) -> None:
        """Take codes in that are not there yet."""
        with writing(self._engine) as connection:
            texts.add_codes(connection, codes)

    def codes(self) -> tuple[Code, ...]:
        """All codes, the 14 domains first, outer ones before inner ones."""
        with reading(self._engine) as connection:
            return texts.read_codes(connection)

    def add_run(self, run: Run, ids: Sequence[int], predictions: Predictions) -> int:
        """Keep what a model said; earlier runs stay.

        Parameters
        ----------
        run : Run
        ids : sequence of int, length n
            Utterances, in the order of the predictions.
        predictions : Predictions

        Returns
        -------
        int
            The run's number.
        """
        with writing(self._engine) as connection:
            return runs.add_run(connection, run, ids, predictions)

    def runs(self) -> tuple[Run, ...]:
        """All runs, oldest first; the last one is what coders see."""
        with reading(self._engine) as connection:
            return runs.read_runs(connection)

    def pool(self, run: int | None = None) -> Pool:
        """Give the whole study as arrays, under one run (the newest where left out)."""
        with reading(self._engine) as connection:
            return runs.read_pool(connection, run or runs.latest(connection))

    def predictions(self, ids: Sequence[int], run: int | None = None) -> Predictions | None:
        """Give what a run said (the newest where left out), in that order; None without a run."""
        with reading(self._engine) as connection:
            number = run or runs.latest(connection)
            return None if number is None else runs.read_predictions(connection, number, ids)

    def vectors(self, ids: Sequence[int]) -> npt.NDArray[np.float32]:
        """Vectors of utterances, shape (n, d), to half precision."""
        with reading(self._engine) as connection:
            return runs.read_vectors(connection, ids)

    def add_coder(self, name: str) -> str:
        """Make a coder known, and give the name as the study spells it.

        Raises
        ------
        InputError
            A name without a letter or digit.
        """
        with writing(self._engine) as connection:
            answering.coder_number(connection, name)
        return answering.coder_name(name)

    def coders(self) -> tuple[str, ...]:
        """All coders, in the order in which they came."""
        with reading(self._engine) as connection:
            return tuple(answering.coder_names(connection).values())

    def assign(self, coder: str, wanted: Iterable[Wanted], n: int) -> tuple[Assignment, ...]:
        """Hand the first `n` of the wanted utterances that are free to a coder, for a while."""
        with writing(self._engine) as connection:
            minutes = facts.read_settings(connection).lease_minutes
            return assigning.assign(connection, coder, wanted, n, minutes)

    def assignments(
        self, coder: str | None = None, *, pending: bool = False
    ) -> tuple[Assignment, ...]:
        """Who has what; `pending` leaves out answered ones and leases that have run out."""
        with reading(self._engine) as connection:
            return assigning.read_assignments(connection, coder=coder, pending=pending)

    def release(self, coder: str) -> None:
        """Give a coder's unanswered questions back to the queue."""
        with writing(self._engine) as connection:
            assigning.release(connection, coder)

    def answer(self, coder: str, *given: Given) -> tuple[Answer, ...]:
        """Keep a coder's answers: all of them or none. Durable when this returns.

        Raises
        ------
        InputError
            An unknown utterance, or a token that belongs to another answer.
        StoreError
            It could not be stored.
        """
        with writing(self._engine) as connection:
            return answering.record(connection, coder, given)

    def undo(self, coder: str, token: str) -> Answer | None:
        """Take the coder's last answer back; gives the undo, None where there is nothing."""
        with writing(self._engine) as connection:
            return answering.undo(connection, coder, token)

    def answers(self, *, coder: str | None = None) -> tuple[Answer, ...]:
        """Give what holds now, of one coder or of all."""
        with reading(self._engine) as connection:
            return answering.current(answering.read_answers(connection, coder=coder))

    def record(self, *, utterance: int | None = None) -> tuple[Answer, ...]:
        """Everything ever answered, undone or not, in the order it was written."""
        with reading(self._engine) as connection:
            return answering.read_answers(connection, utterance=utterance)

    def change_themes(
        self, coder: str, kind: Change, data: Mapping[str, object], token: str
    ) -> ThemeChange:
        """Keep what a coder did to themes (`tdfnlp.themes` says what); durable when this returns.

        Raises
        ------
        InputError
            A token that belongs to another change.
        """
        with writing(self._engine) as connection:
            return themes.add_change(connection, coder, kind, data, token)

    def theme_changes(self) -> tuple[ThemeChange, ...]:
        """Everything ever done to themes, in the order it was done."""
        with reading(self._engine) as connection:
            return themes.read_changes(connection)

    def use_model(self, model: str, folder: str) -> None:
        """Record that from now on this model suggests; what was used before stays in the record.

        Parameters
        ----------
        model : str
            ``Model.id``.
        folder : str
            Where it lies, or a shipped model's name.
        """
        with writing(self._engine) as connection:
            facts.use_model(connection, model, folder)

    def models(self) -> tuple[Used, ...]:
        """Give the models chosen for this study, in that order; the last one is in use."""
        with reading(self._engine) as connection:
            return facts.read_models(connection)

    def study(self) -> Study:
        """Give transcripts, codes, and what holds now as codings of their coders."""
        with reading(self._engine) as connection:
            units = {one.id: one.utterance for one in texts.read_units(connection, None)}
            standing = answering.current(answering.read_answers(connection))
            transcripts = texts.read_transcripts(connection)
            codes = texts.read_codes(connection)
        codings = [
            Coding(
                units[one.utterance].transcript,
                units[one.utterance].start,
                units[one.utterance].end,
                label.code,
                one.coder,
                label.valence,
                one.how,
                one.when,
                note=one.note,
            )
            for one in standing
            for label in one.labels
        ]
        return Study(transcripts, tuple(codings), codes=codes)
