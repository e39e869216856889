"""A prompt that can be used: template, verbalizer, PLM and calibration together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

from promptsearch.artefact import PromptDocument, read_prompt_file, write_prompt_file
from promptsearch.errors import DataError, PLMError, PromptFileError
from promptsearch.showing import whole_text
from promptsearch.template import Template
from promptsearch.verbalizer import Label, Verbalizer

if TYPE_CHECKING:
    import numpy as np

    from promptsearch.plms.base import PLM
    from promptsearch.scoring import Readout
    from promptsearch.tasks.task import Example

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


@dataclass
class Prompt:
    """A prompt, ready to predict.

    The PLM is loaded when it is first needed; `device`, `offline` and `trust_remote_code` say how. `readout`
    is that of the document's record, where it has one.
    """

    document: PromptDocument
    device: str = "auto"
    offline: bool = False
    trust_remote_code: bool = False
    readout: Readout | None = None
    _plm: PLM | None = field(default=None, repr=False)

    @property
    def template(self) -> Template:
        """How the input is worded, and where the answer goes."""
        return self.document.to_template()

    @property
    def verbalizer(self) -> Verbalizer:
        """Which words stand for which label."""
        return self.document.to_verbalizer()

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that a text must give."""
        return self.template.fields

    @property
    def plm(self) -> PLM:
        """The PLM, loaded on first use.

        Raises:
            PLMError: it cannot be had, or its weights are others than those the prompt was found on.
        """
        if self._plm is None:
            from promptsearch.plms import load_plm

            wanted = self.document.plm
            plm = load_plm(
                wanted.reference,
                revision=wanted.revision if "/" in wanted.reference else None,
                dtype=wanted.dtype,
                device=self.device,
                offline=self.offline,
                trust_remote_code=self.trust_remote_code,
            )
            _check_weights(self.document, plm)
            self._plm = plm
        return self._plm

    def predict(
        self, texts: str | Mapping[str, object] | Sequence[str | Mapping[str, object]]
    ) -> list[Prediction]:
        """Predict the label of each text.

        Args:
            texts: one text or many, or a pandas frame; a text is a string where the prompt has one field,
                else field -> text.

        Raises:
            DataError: a text lacks a field.
            PLMError: the PLM cannot be had.
        """
        fields = self.fields
        examples = [as_example(text, fields) for text in _listed(texts)]
        found: list[Prediction] = []
        for start in range(0, len(examples), _CHUNK):
            found += self._predict(examples[start : start + _CHUNK])
        return found

    def _predict(self, examples: Sequence[Example]) -> list[Prediction]:
        import numpy as np

        from promptsearch.scoring import predict

        # Texts to predict rarely come again, and would crowd out of the cache those that do.
        log_probs = self.label_log_probs(examples, keep=False)
        shortened = self.plm.shortened(self.template, examples)
        labels = self.verbalizer.labels
        names = _distinct_names(self.document.verbalizer.names, labels)
        return [
            Prediction(
                labels[best] if best >= 0 else None,
                {name: float(p) for name, p in zip(names, np.exp(row))},
                bool(cut),
            )
            for best, row, cut in zip(predict(log_probs), log_probs, shortened)
        ]

    def label_log_probs(self, examples: Sequence[Example], keep: bool = True) -> np.ndarray:
        """Calibrated log-probability of each label: (n, labels), normalised over labels; NaN if unscored.

        Args:
            keep: whether answer states may be written to the cache on disk.

        Raises:
            PromptFileError: the document names a readout, which was not read.
        """
        from promptsearch.plms.base import AnswerScoring
        from promptsearch.readings import label_log_probs
        from promptsearch.scoring import Calibration

        self._check_readout()
        verbalizer = self.verbalizer
        words = verbalizer.words
        stored = self.document.calibration
        offsets = stored.word_offsets
        calibration = Calibration(
            stored.method,
            tuple(stored.label_offsets or ()),
            tuple(offsets[word] for word in words) if offsets is not None else None,
        )
        scoring = AnswerScoring(self.document.scoring.normalisation, self.document.scoring.filling)
        return label_log_probs(
            self.plm,
            self.template,
            verbalizer,
            calibration,
            scoring,
            examples,
            readout=self.readout,
            keep=keep,
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the prompt file, and the arrays of a readout beside it: NAME.json and NAME.safetensors.

        Raises:
            StorageError: they cannot be written.
            PromptFileError: the document names a readout, which was not read.
        """
        self._check_readout()
        document = self.document
        if self.readout is not None:
            from promptsearch.artefact.readouts import write_readout

            # First, so that there is never a prompt file without its arrays.
            document = document.model_copy(update={"readout": write_readout(path, self.readout)})
        write_prompt_file(path, document)

    def _check_readout(self) -> None:
        if self.document.readout is not None and self.readout is None:
            raise PromptFileError(
                f"the prompt needs the arrays in {self.document.readout.file}, which were not read",
                hint="Read the prompt with `load_prompt`.",
            )


def load_prompt(path: str | PathLike[str], **options: Any) -> Prompt:
    """Read a prompt file; the PLM is loaded when the prompt is first used.

    Args:
        options: `device`, `offline` and `trust_remote_code` of `Prompt`.

    Raises:
        PromptFileError: the file, or the file of arrays that it names, is missing, damaged or of a newer
            format.
    """
    document = read_prompt_file(path)
    if document.readout is None:
        return Prompt(document, **options)
    from promptsearch.artefact.readouts import read_readout

    return Prompt(document, readout=read_readout(path, document), **options)


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


def _distinct_names(names: Sequence[str], labels: Sequence[Label]) -> list[str]:
    """The labels' names, or something longer where two read the same (1 and "1")."""
    candidates = (list(names), [str(label) for label in labels])
    return next((each for each in candidates if len(set(each)) == len(each)), [repr(each) for each in labels])


def _check_weights(document: PromptDocument, plm: PLM) -> None:
    wanted = document.plm
    if plm.identity.family != wanted.family:
        raise PLMError(
            f"{wanted.reference} is {plm.identity.family}, and the prompt needs a {wanted.family} PLM"
        )
    if wanted.weights_sha256 not in (None, plm.identity.weights_sha256):
        raise PLMError(
            f"the weights of {wanted.reference} are not those the prompt was found on",
            where=f"sha256 {plm.identity.weights_sha256[:12]}… here, "
            f"{wanted.weights_sha256[:12]}… in the prompt file",
            hint="Fetch the same revision, or search again on these weights. "
            "To use them all the same, set plm.weights_sha256 to null in the prompt file.",
        )
