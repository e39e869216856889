"""Whole trainings on small random models and a small data file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from promptsearch.engines.soft.config import TrainingConfig
from promptsearch.tuning.config import TuneConfig
from promptsearch.tuning.observer import TuneObserver
from promptsearch.tuning.outcome import Tuning
from promptsearch.tuning.run import run
from tests.plms.zoo import raw
from tests.tuning.small import ENDS, OPENINGS

TRAINING = TrainingConfig(steps=12, batch=4, look_every=3, save_every=4)
WORDS = "negative=bad;positive=good"


def saved_plm(name: str, folder: Path) -> str:
    """A small model as transformers saves it, and its reference."""
    model, tokenizer = raw(name)
    model.save_pretrained(folder / name)
    tokenizer.save_pretrained(folder / name)
    return str(folder / name)


def saved_data(folder: Path) -> Path:
    """Train, validation and test of the small task."""
    place = folder / "films"
    place.mkdir(exist_ok=True)
    for split, openings in (("train", OPENINGS[:3]), ("validation", OPENINGS[3:5]), ("test", OPENINGS[5:])):
        rows = [
            {"text": f"{opening} {end}", "label": label}
            for opening in openings
            for label, ends in zip(("negative", "positive"), ENDS.values())
            for end in ends
        ]
        (place / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return place


def asked(plm: str, data: Path, out: Path, **options: Any) -> TuneConfig:
    """A short training of soft tokens, unless something else is asked for."""
    given = {
        "template": "{text} {soft*2} It was {mask}",
        "words": WORDS,
        "shots": None,
        "restarts": 1,
        "training": TRAINING,
        "rate": 0.05,
        "device": "cpu",
        "dtype": "float32",
    }
    return TuneConfig(plm=plm, data=data, kind="sentiment", out=out, **{**given, **options})


def tuned(plm: str, data: Path, out: Path, observer: TuneObserver | None = None, **options: Any) -> Tuning:
    """What such a training comes to."""
    return run(asked(plm, data, out, **options), observer or TuneObserver())
