"""What a model said of a study's own codes, in the study file."""

import numpy as np
import pytest
from sqlalchemy import inspect, text, update
from studies import CHILD, CULTURE, many, predictions, run_of, with_own

from tdfnlp.errors import InputError, StoreError
from tdfnlp.store import Store, database
from tdfnlp.store.schema import suggestions

ROWS = [[0.7, 0.2, 0.1], [0.125, 0.25, 0.625]]


def test_own_codes_come_back_with_the_run_that_said_them(store: Store) -> None:
    ids = many(store, 3)
    before = store.add_run(run_of("m-1"), ids, predictions(["Goals"] * 3))
    said = with_own(predictions(["Goals", "Skills"]), ROWS, (0.6, 2.0))
    run = store.add_run(run_of("m-2"), ids[:2], said)
    found = store.predictions([ids[2], ids[1], ids[0]])
    assert found is not None and found.own is not None
    assert (found.own.codes, found.own.suggest) == ((CHILD, CULTURE), (0.6, 2.0))
    assert np.array_equal(found.own.proba, np.array([[0, 0, 0], *ROWS[::-1]], dtype=np.float32))
    earlier = store.predictions(ids, before)
    assert earlier is not None and earlier.own is None
    nobody = store.predictions([], run)
    assert nobody is not None and nobody.own is not None and nobody.own.proba.shape == (0, 3)
    store.add_run(run_of("m-3"), ids, predictions(["Goals"] * 3))  # of a model without own codes
    newest = store.predictions(ids)
    assert newest is not None and newest.own is None


def test_own_codes_of_a_wrong_length_are_refused(store: Store) -> None:
    ids = many(store, 2)
    for wrong in (
        with_own(predictions(["Goals"] * 2), ROWS[:1]),
        with_own(predictions(["Goals"] * 2), ROWS, (0.5,)),
        with_own(predictions(["Goals"] * 2), [row[:2] for row in ROWS]),
    ):
        with pytest.raises(InputError, match="A run needs one"):
            store.add_run(run_of(), ids, wrong)
    assert store.runs() == ()


def test_damaged_rows_are_said(store: Store) -> None:
    ids = many(store, 2)
    store.add_run(run_of(), ids, with_own(predictions(["Goals"] * 2), ROWS))
    for column in ("own", "proba"):
        with database.writing(store._engine) as connection:
            first = update(suggestions).where(suggestions.c.utterance == ids[0])
            connection.execute(first.values({column: b"\0" * 7}))
        with pytest.raises(StoreError, match="damaged"):
            store.predictions(ids)
    with pytest.raises(StoreError, match="damaged"):
        store.pool()
    rest = store.predictions(ids[1:])
    assert rest is not None and rest.own is not None and rest.own.proba[0, 2] == 0.625


def test_a_study_of_the_version_before_is_brought_up_to_date(place: str) -> None:
    with Store.open(place) as store:
        ids = many(store, 2)
        store.add_run(run_of(), ids, predictions(["Goals", "Skills"]))
        shape = _columns(store)
        with database.writing(store._engine) as connection:
            for table in ("runs", "suggestions"):
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN own"))
            connection.execute(text("UPDATE meta SET value = '2' WHERE key = 'version'"))
        before = _rows(store)
    with Store.open(place) as store:
        assert _columns(store) == shape
        assert [[*row[:-1]] for row in _rows(store)] == [list(row) for row in before]
        found = store.predictions(ids)
        assert found is not None and found.own is None and found.decisions == ("suggest",) * 2
        run = store.add_run(run_of(), ids, with_own(predictions(["Goals"] * 2), ROWS))
        found = store.predictions(ids, run)
        assert found is not None and found.own is not None and found.own.proba[1, 2] == 0.625


def _columns(store: Store) -> list[tuple[str, str]]:
    looks = inspect(store._engine)
    return [
        (one["name"], str(one["type"]))
        for table in ("runs", "suggestions")
        for one in looks.get_columns(table)
    ]


def _rows(store: Store) -> list[tuple[object, ...]]:
    with database.reading(store._engine) as connection:
        return [
            tuple(row)
            for query in ("SELECT * FROM runs", "SELECT * FROM suggestions")
            for row in connection.execute(text(query))
        ]
