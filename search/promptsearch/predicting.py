"""From texts to predictions, for whatever has a log-probability for each label: a prompt, or several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from promptsearch.errors import DataError
from promptsearch.showing import whole_text
from promptsearch.verbalizer import Label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from promptsearch.artefact import EvaluationRecord, TaskRecord
    from promptsearch.plms.base import PLM
    from promptsearch.tasks.task import Example

Texts: TypeAlias = str | Mapping[str, object] | Sequence[str | Mapping[str, object]]

# Texts that are read at once, so that memory stays flat over a long file.
_CHUNK = 512


@dataclass(frozen=True)
class Prediction:
    """What a prompt says about one text.

    Attributes:
        label: as it stands in the task's data; None when the text could not be scored.
        probabilities: label name -> probability, in the order of the labels.
        shortened: whether the text was cut to fit the PLM.
    """

    label: Label | None
    probabilities: Mapping[str, float]
    shortened: bool = False


class SavedPredictor(Protocol):
    """What the file of a predictor tells about where it comes from."""

    @property
    def task(self) -> TaskRecord | None: ...

    @property
    def evaluation(self) -> tuple[EvaluationRecord, ...]: ...


class Predictor(Protocol):
    """A prompt, or several that answer together.

    Attributes:
        fields: what a text must give.
        labels: in the order of the columns of `label_log_probs`.
        label_names: readable names of the labels, all different.
        plms: what answers, loaded on first use.
        plm_references: what they are called.
    """

    @property
    def document(self) -> SavedPredictor: ...

    @property
    def fields(self) -> tuple[str, ...]: ...

    @property
    def labels(self) -> tuple[Label, ...]: ...

    @property
    def label_names(self) -> tuple[str, ...]: ...

    @property
    def plms(self) -> tuple[PLM, ...]: ...

    @property
    def plm_references(self) -> tuple[str, ...]: ...

    def check_fields(self, known: Sequence[str]) -> None:
        """Refuse the fields of a task where they lack one that is read."""
        ...

    def label_log_probs(self, examples: Sequence[Example], keep: bool = True) -> NDArray[np.float64]:
        """Log-probability of each label: (n, labels), normalised over labels; NaN if unscored."""
        ...

    def shortened(self, examples: Sequence[Example]) -> NDArray[np.bool_]:
        """Whether a field of each example has to be cut: (n,)."""
        ...

    def predict(self, texts: Texts) -> list[Prediction]:
        """The label of each text."""
        ...


def predict_texts(predictor: Predictor, texts: Texts) -> list[Prediction]:
    """Predict the label of each text, some hundred at a time.

    Raises:
        DataError: a text lacks a field.
        PLMError: a PLM cannot be had.
    """
    fields = predictor.fields
    examples = [as_example(text, fields) for text in _listed(texts)]
    found: list[Prediction] = []
    for start in range(0, len(examples), _CHUNK):
        found += _predictions(predictor, examples[start : start + _CHUNK])
    return found


def _predictions(predictor: Predictor, examples: Sequence[Example]) -> list[Prediction]:
    import numpy as np

    from promptsearch.scoring import predict

    # Texts to predict rarely come again, and would crowd out of the cache those that do.
    log_probs = predictor.label_log_probs(examples, keep=False)
    labels, names = predictor.labels, predictor.label_names
    return [
        Prediction(
            labels[best] if best >= 0 else None,
            {name: float(p) for name, p in zip(names, np.exp(row))},
            bool(cut),
        )
        for best, row, cut in zip(predict(log_probs), log_probs, predictor.shortened(examples))
    ]


def as_example(text: object, fields: Sequence[str]) -> Example:
    """One text as an example of a template's fields.

    Raises:
        DataError: it is neither text nor a mapping, or lacks a field.
    """
    from promptsearch.tasks.task import Example

    if not fields:
        raise DataError("the prompt's template reads no field, so it says the same of every text")
    if isinstance(text, str):
        if len(fields) > 1:
            raise DataError(
                f"the prompt reads {len(fields)} fields, but one text was given",
                hint=f"Give each of {', '.join(fields)}.",
            )
        return Example({fields[0]: whole_text(text)})
    if not isinstance(text, Mapping):
        raise DataError(f"a text must be a string or a mapping of fields, not {type(text).__name__}")
    missing = [name for name in fields if name not in text]
    if missing:
        raise DataError(
            f"a text lacks the field {missing[0]!r}",
            hint=f"The prompt reads {', '.join(fields)}; given are {', '.join(map(str, text)) or 'none'}.",
        )
    return Example({name: _value(name, text[name]) for name in fields})


def _value(name: str, value: object) -> str:
    from promptsearch.tasks.labels import unboxed

    value = unboxed(value)
    # A missing second sentence is an empty one; pandas marks it as not-a-number.
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, int | float):
        return str(value)
    raise DataError(f"the field {name!r} holds a {type(value).__name__}, not a text")


def _listed(texts: Any) -> list[Any]:
    if isinstance(texts, str | Mapping):
        return [texts]
    if hasattr(texts, "columns") and hasattr(texts, "to_dict"):
        return texts.to_dict(orient="records")
    return list(texts)


def distinct_names(names: Sequence[str], labels: Sequence[Label]) -> tuple[str, ...]:
    """The labels' names, or something longer where two read the same (1 and "1")."""
    candidates = (tuple(names), tuple(map(str, labels)))
    return next((each for each in candidates if len(set(each)) == len(each)), tuple(map(repr, labels)))
