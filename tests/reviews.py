"""For the tests of the review page: an invented study, and a coder without a browser."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tdfnlp.codebook import Code
from tdfnlp.coding import Decision
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.predictions import OwnCodes, Predictions
from tdfnlp.review import Desk, Seats, create_app
from tdfnlp.segmentation import segment
from tdfnlp.store import Run, Store
from tdfnlp.transcript import Role, Transcript, Turn

MODEL = "words-1"
WORDS = {
    "know": "Knowledge",
    "practise": "Skills",
    "job": "Social/professional role and identity",
    "confident": "Beliefs about capabilities",
    "harm": "Beliefs about consequences",
    "paid": "Reinforcement",
    "forget": "Memory, attention and decision processes",
    "time": "Environmental context and resources",
    "team": "Social influences",
    "afraid": "Emotion",
    "diary": "Behavioural regulation",
}
ANNA = (
    "What gets in the way of the foot checks?",
    "There is never the time. The clinic runs over by noon and the room is gone.",
    "And the guidance, how well is it known?",
    "Half of us do not know the new interval, it was never on a poster or anywhere. "
    "You can ring Dr Harrow on 07700 900123 and even she is not sure of it.",
    "Who else plays a part?",
    "My team reminds me. If they did not, I would simply forget it on a Friday.",
    "Mm, okay.",
    "I am confident with the monofilament, you practise that until it is in your hands.",
)
BEN = (
    "How do you feel about the checks?",
    "I am a bit afraid of finding something, honestly, and that it does harm to start a scare.",
    "Is it yours to do?",
    "It is the nurse's job as I see it, nobody has paid a doctor for that yet.",
    "What helps you keep to it?",
    "A diary on the wall. I tick the days, and when a week has no ticks I can tell.",
)


def transcript(name: str, said: tuple[str, ...], speaker: str, group: str | None) -> Transcript:
    """Interviewer and speaker in turn."""
    text, turns = "", []
    for place, words in enumerate(said):
        who, role = ((speaker, "participant"), ("Interviewer", "interviewer"))[place % 2 == 0]
        label = f"{who}: "
        known: Role = "participant" if role == "participant" else "interviewer"
        turns.append(Turn(len(text) + len(label), len(text) + len(label + words), who, known))
        text += label + words + "\n"
    return Transcript(name, text, tuple(turns), group=group)


def interviews() -> tuple[Transcript, ...]:
    """Two short interviews of two groups."""
    return (
        transcript("P1", ANNA, "Anna", "nurses"),
        transcript("P2", BEN, "Ben", "doctors"),
    )


def fill(store: Store, sources: tuple[Transcript, ...], *, audit: float = 0.0) -> None:
    """Put transcripts and suggestions in."""
    store.configure(audit_share=audit, double_share=0.0)
    store.add_transcripts(sources, segment(sources))
    suggest(store)


def suggest(store: Store, own: Sequence[Code] = (), sure: float = 0.5) -> None:
    """Suggest the domains whose words were said, and rank codes of the study in their order."""
    units = store.units()
    texts = [one.utterance.text.lower() for one in units]
    proba = np.full((len(units), len(DOMAINS) + 1), 0.01, dtype=np.float32)
    for row, text in enumerate(texts):
        heard = [domain for word, domain in WORDS.items() if word in text]
        for weight, domain in zip((0.72, 0.55, 0.4), heard, strict=False):
            proba[row, DOMAINS.index(domain)] = weight
    valences = np.full((len(units), len(DOMAINS), len(VALENCES)), 0.1, dtype=np.float32)
    for row, text in enumerate(texts):
        valences[row, :, 0 if "n't" in text or "not" in text or "never" in text else 1] = 0.7
    decisions: tuple[Decision, ...] = tuple(
        "suggest" if row.max() > 0.5 else "abstain" for row in proba
    )
    found = Predictions(proba, valences, decisions, np.eye(len(units), 8, dtype=np.float32))
    if own:
        found = replace(found, own=ranked(own, len(units), sure))
    facts: dict[str, object] = {}
    thresholds = {"suggest": [0.5] * len(DOMAINS), "abstain": [0.1] * len(DOMAINS)}
    run = Run(0, MODEL, "none", "none", dict(thresholds), facts)
    store.add_run(run, [one.id for one in units], found)


def ranked(codes: Sequence[Code], n: int, sure: float) -> OwnCodes:
    """Rank codes for n passages: such a share of what is left for each, enough for the first."""
    row = [sure * (1 - sure) ** place for place in range(len(codes))]
    proba = np.array([[*row, 1 - sum(row)]] * n)
    return OwnCodes(tuple(codes), proba, (0.4,) * len(codes))


HOST = "127.0.0.1:8765"
ORIGIN = f"http://{HOST}"
CHILD = ("Knowledge", "does not know the interval")
OTHER = ("Admin", "aside")
FOLDER = ("Emotion", "a mere folder")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("review") / "study.db"
    with Store.open(path) as opened:
        opened.add_codes(
            [Code(CHILD, "Knowledge"), Code(OTHER), Code(FOLDER, "Emotion", codable=False)]
        )
        fill(opened, interviews())
    return path


@pytest.fixture
def study(filled: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(shutil.copy(filled, tmp_path)) as opened:
        yield opened


@pytest.fixture
def seats() -> Seats:
    return Seats(["anna", "ben"])


class Caller:
    """A coder's browser, as far as the server can tell."""

    def __init__(self, store: Store, seats: Seats, coder: str | None = None) -> None:
        self.desk = Desk(store, seats)
        app = create_app(self.desk, [HOST])
        self.client = TestClient(app, base_url=ORIGIN, raise_server_exceptions=False)
        self.client.headers["Origin"] = ORIGIN
        self.coder = coder
        self.number = 0
        if coder:
            assert self.post("enter", {"token": seats.token(coder)})["coder"] == coder

    def get(self, name: str, status: int = 200) -> dict[str, Any]:
        answer = self.client.get(f"/api/{name}")
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def post(self, name: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        body = {"coder": self.coder, "study": self.desk.key} | body
        answer = self.client.post(f"/api/{name}", json=body)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def token(self) -> str:
        self.number += 1
        return f"{self.coder}-token-number-{self.number}"

    def ask(self, **only: str) -> dict[str, Any]:
        return dict(self.post("question", only)["question"])

    def answer(self, question: dict[str, Any], *labels: object, **more: object) -> dict[str, Any]:
        return self.post("answer", self.given(question, *labels, **more))

    def given(self, question: dict[str, Any], *labels: object, **more: object) -> dict[str, Any]:
        own = {"token": self.token(), "coder": self.coder, "study": self.desk.key}
        own["utterance"] = question["utterance"]
        return own | {"labels": list(labels), "run": question.get("run")} | more


@pytest.fixture
def anna(study: Store, seats: Seats) -> Caller:
    return Caller(study, seats, "anna")


@pytest.fixture
def ben(study: Store, seats: Seats) -> Caller:
    return Caller(study, seats, "ben")


def label(*code: str, valence: str | None = None) -> dict[str, object]:
    return {"code": list(code), "valence": valence}


def said(pieces: list[dict[str, str]]) -> str:
    return "".join(one["text"] for one in pieces)
