"""What a search is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptsearch.engines import engine_names
from promptsearch.engines.mining.config import MiningConfig
from promptsearch.engines.words.config import WordsConfig
from promptsearch.errors import OptionError, TemplateError, near_matches
from promptsearch.plms.base import Normalisation
from promptsearch.readings import calibration_names
from promptsearch.scoring import METRICS
from promptsearch.showing import whole_text
from promptsearch.study.artefacts import versions
from promptsearch.tasks.task import Task
from promptsearch.template import Template
from promptsearch.verbalizer import Label

if TYPE_CHECKING:
    from promptsearch.tasks.memory import Rows

# Those of single label words; engines that find many words bring the calibration that goes with them.
DEFAULT_CALIBRATIONS = ("none", "contextual", "pmi", "batch")
DEFAULT_ENGINES = ("manual", "mining", "words")
DEFAULT_PLMS = ("minilm-mlm", "smollm2-135m")


@dataclass(frozen=True)
class DiscoverConfig:
    """What to search, over what, and by which rules.

    Attributes:
        task: a known task, a bundled sample, or a name for `data`.
        data: a file, a folder or rows; see `promptsearch.tasks.load_task`.
        mapping: field -> column of `data`.
        kind: what sort of task `data` is, in place of the guess.
        plms: references of PLMs; by default the built-in one and SmolLM2 where it can be had.
        shots: examples a class in train, and in dev alike; None takes all.
        calibrations: names in `promptsearch.readings.calibration_names()`; None takes
            `DEFAULT_CALIBRATIONS`.
        metric: what is maximised; None takes the task's own.
        templates, words: used in place of the library's; words as
            `Verbalizer.of` reads them, or text or a file for `words_from`.
        engines: names of engines; by default manual, mining and words; with `templates` given no mining, with
            `words` given manual alone.
        mining: which text the engine `mining` reads, and how.
        ensemble: whether the mined templates of each PLM also answer together, with learned weights.
        label_words: how the engine `words` goes about it.
        words_templates: how many of the other engines' best templates the engine `words` searches on a PLM.
        labels: for a search without labelled examples, the labels where there are no data.
        unlabelled: a file of texts of the task, for the engine `words` besides those of train.
        normalisation: how answers of several tokens are made comparable, see `AnswerScoring`.
        max_test: score at most so many test examples.
        out: folder for the run's files.
    """

    task: str | None = None
    data: str | Path | Rows | None = None
    mapping: Mapping[str, str] | str | None = None
    kind: str | None = None
    plms: Sequence[str] | None = None
    shots: int | None = 16
    seed: int = 0
    engines: Sequence[str] = ()
    mining: MiningConfig = field(default_factory=MiningConfig)
    ensemble: bool = False
    words_templates: int = 3
    label_words: WordsConfig = field(default_factory=WordsConfig)
    labels: Sequence[Label] = ()
    unlabelled: str | Path | None = None
    calibrations: Sequence[str] | None = None
    metric: str | None = None
    templates: Sequence[str] = ()
    words: Mapping[Any, object] | str | Path | None = None
    normalisation: Normalisation = "token"
    max_test: int | None = None
    stand_in: bool = True
    offline: bool = False
    device: str = "auto"
    dtype: str = "auto"
    trust_remote_code: bool = False
    out: str | Path | None = None
    command: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("plms", "engines", "calibrations", "templates"):
            # One name in place of a list of names means just that one, not its letters.
            if isinstance(given := getattr(self, name), str):
                object.__setattr__(self, name, (given,))
        if not self.engines:
            # Who gives words or templates wants those, not others.
            mining = self.words is None and not self.templates
            chosen = {"manual": True, "mining": mining, "words": self.words is None}
            object.__setattr__(self, "engines", tuple(n for n in DEFAULT_ENGINES if chosen[n]))
        for source in self.templates:
            if whole_text(source) != source:
                raise TemplateError("the template holds bytes that are no text", where=source)
            Template.parse(source)
        _check_names("engine", self.engines, engine_names())
        _check_names("calibration", self.calibrations or (), calibration_names())
        if self.metric is not None:
            _check_names("metric", [self.metric], METRICS)
        if self.normalisation not in ("sum", "token", "pmi"):
            raise OptionError(
                f"there is no normalisation {self.normalisation!r}", hint="There are sum, token, pmi."
            )


def _check_names(what: str, names: Sequence[str], known: Any) -> None:
    for name in names:
        if name not in known:
            near = near_matches(name, known)
            meant = f"Did you mean {near[0]!r}? " if near else ""
            raise OptionError(f"there is no {what} {name!r}", hint=f"{meant}There are {', '.join(known)}.")


def config_record(config: DiscoverConfig, task: Task) -> dict[str, Any]:
    """The config as it is written beside a run's results, with the data and versions it was used on."""
    data = config.data if isinstance(config.data, str | Path) or config.data is None else "rows in memory"
    mapping = (
        config.mapping if isinstance(config.mapping, str) or config.mapping is None else dict(config.mapping)
    )
    return {
        "task": task.name,
        "kind": task.kind,
        "stand_in_for": task.stand_in_for,
        "data": str(data) if data is not None else None,
        "source": {"kind": task.source.kind, "location": task.source.location},
        "mapping": mapping,
        "fingerprint": task.fingerprint,
        "splits": {name: len(task.splits[name]) for name in ("train", "dev", "test")},
        "plms": list(config.plms or DEFAULT_PLMS),
        "shots": config.shots,
        "seed": config.seed,
        "engines": list(config.engines),
        "label_words": plain(asdict(config.label_words)),
        "mining": plain(asdict(config.mining)),
        "ensemble": config.ensemble,
        "unlabelled": str(config.unlabelled) if config.unlabelled is not None else None,
        "calibrations": list(config.calibrations or DEFAULT_CALIBRATIONS),
        "metric": task.metric,
        "templates": list(config.templates),
        "words": _words_record(config.words),
        "max_test": config.max_test,
        "normalisation": config.normalisation,
        "device": config.device,
        "dtype": config.dtype,
        "command": config.command,
        "versions": versions(),
    }


def plain(value: Any) -> Any:
    """Paths as text, tuples as lists."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _words_record(words: Mapping[Any, object] | str | Path | None) -> Any:
    if words is None or isinstance(words, str | Path):
        return None if words is None else str(words)
    return [
        {"label": label, "words": given if isinstance(given, str) else str(given)}
        for label, given in words.items()
    ]
