"""A prompt that can be used: template, verbalizer, PLM and calibration together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

from promptsearch.artefact import PromptDocument, read_prompt_file, write_prompt_file
from promptsearch.decomposed import LABEL
from promptsearch.decomposed import label_log_probs as decomposed_log_probs
from promptsearch.errors import PromptFileError
from promptsearch.predicting import Prediction, Texts, distinct_names, predict_texts
from promptsearch.prompt_plm import check_prompt_plm, load_prompt_plm
from promptsearch.template import Template
from promptsearch.trigger import check_trigger_tokens
from promptsearch.verbalizer import Label, Verbalizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from promptsearch.artefact.tuned import TunedFolder
    from promptsearch.plms.base import PLM, AnswerScoring, AnswerStates
    from promptsearch.scoring import Readout
    from promptsearch.soft import SoftVectors
    from promptsearch.tasks.task import Example


@dataclass
class Prompt:
    """A prompt, ready to predict.

    The PLM is loaded when it is first needed; `device`, `offline` and `trust_remote_code` say how. `readout`,
    `soft` and `tuned` are those of the document's records, where it has them.
    """

    document: PromptDocument
    device: str = "auto"
    offline: bool = False
    trust_remote_code: bool = False
    readout: Readout | None = None
    _plm: PLM | None = field(default=None, repr=False)
    soft: SoftVectors | None = None
    tuned: TunedFolder | None = None

    @property
    def template(self) -> Template:
        """How the input is worded, and where the answer goes; with its soft tokens, if labels share them."""
        template = self.document.to_template()
        if self.soft is None or not self._shares_soft:
            return template
        from promptsearch.soft import SoftTemplate

        return SoftTemplate.of(template, self.soft)

    @property
    def questions(self) -> list[Template]:
        """What the PLM reads: the template, or where the task is asked label by label, one for each label."""
        decomposition = self.document.decomposition
        if decomposition is None:
            return [self.template]
        template, soft = self.document.to_template(), self.soft
        return decomposition.to_decomposition().questions(template, self.verbalizer, soft)

    @property
    def answers(self) -> Verbalizer:
        """What the PLM answers with: the verbalizer, or yes and no where the task is asked label by label."""
        decomposition = self.document.decomposition
        return self.verbalizer if decomposition is None else decomposition.to_decomposition().answers

    @property
    def _shares_soft(self) -> bool:
        return self.document.decomposition is None or self.document.decomposition.shared

    @property
    def verbalizer(self) -> Verbalizer:
        """Which words stand for which label."""
        return self.document.to_verbalizer()

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that a text must give."""
        return self.document.reads

    def check_fields(self, known: Sequence[str]) -> None:
        """Refuse the fields of a task where they lack one that the template reads.

        Raises:
            TemplateError: pointing at the field.
        """
        own = () if self.document.decomposition is None else (LABEL,)
        self.template.check_fields((*known, *own))

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels, in order."""
        return self.verbalizer.labels

    @property
    def label_names(self) -> tuple[str, ...]:
        """Readable names of the labels, all different."""
        return distinct_names(self.document.verbalizer.names, self.labels)

    @property
    def scoring(self) -> AnswerScoring:
        """How an answer of several tokens becomes one log-probability."""
        from promptsearch.plms.base import AnswerScoring

        return AnswerScoring(self.document.scoring.normalisation, self.document.scoring.filling)

    @property
    def plm(self) -> PLM:
        """The PLM, loaded on first use.

        Raises:
            PLMError: it cannot be had, or its weights are others than those the prompt was found on.
        """
        if self._plm is None:
            self._check_read()
            plm = load_prompt_plm(
                self.document,
                self.tuned,
                device=self.device,
                offline=self.offline,
                trust_remote_code=self.trust_remote_code,
            )
            self.use(plm)
            return plm
        return self._plm

    @property
    def has_plm(self) -> bool:
        """Whether the PLM is loaded."""
        return self._plm is not None

    def use(self, plm: PLM) -> None:
        """Answer with a PLM that is loaded already.

        Raises:
            PLMError: its family or weights are others than those the prompt was found on.
            PromptFileError: the text of the prompt's trigger becomes other tokens than those that were found.
        """
        check_prompt_plm(self.document, plm)
        check_trigger_tokens(self.document, plm)
        self._plm = plm

    @property
    def plms(self) -> tuple[PLM, ...]:
        """The PLM, loaded on first use; raises as `plm`."""
        return (self.plm,)

    @property
    def plm_references(self) -> tuple[str, ...]:
        """What the PLM is called."""
        return (self.document.plm.reference,)

    def predict(self, texts: Texts) -> list[Prediction]:
        """Predict the label of each text.

        Args:
            texts: one text or many, or a pandas frame; a text is a string where the prompt has one field,
                else field -> text.

        Raises:
            DataError: a text lacks a field.
            PLMError: the PLM cannot be had.
        """
        return predict_texts(self, texts)

    def shortened(self, examples: Sequence[Example]) -> NDArray[np.bool_]:
        """Whether a field of each example has to be cut to fit the PLM: (n,)."""
        import numpy as np

        return np.any([self.plm.shortened(question, examples) for question in self.questions], axis=0)

    def label_log_probs(
        self, examples: Sequence[Example], keep: bool = True, states: AnswerStates | None = None
    ) -> NDArray[np.float64]:
        """Calibrated log-probability of each label: (n, labels), normalised over labels; NaN if unscored.

        Args:
            keep: whether answer states may be written to the cache on disk.
            states: of these examples under the template, where they are at hand.

        Raises:
            PromptFileError: the document names something that was not read.
        """
        from promptsearch.readings import label_log_probs
        from promptsearch.scoring import Calibration

        self._check_read()
        if self.document.decomposition is not None:
            return decomposed_log_probs(self.plm, self.questions, self.answers, examples, keep)
        verbalizer = self.verbalizer
        words = verbalizer.words
        stored = self.document.calibration
        offsets = stored.word_offsets
        calibration = Calibration(
            stored.method,
            tuple(stored.label_offsets or ()),
            tuple(offsets[word] for word in words) if offsets is not None else None,
        )
        return label_log_probs(
            self.plm,
            self.template,
            verbalizer,
            calibration,
            self.scoring,
            examples,
            states,
            self.readout,
            keep=keep,
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the prompt file and what it needs beside it.

        Arrays of a readout go to NAME.safetensors, vectors of soft tokens to NAME.soft.safetensors, and what
        was trained of the PLM is copied to a folder NAME.lora, NAME.prefix or NAME.full.

        Raises:
            StorageError: it cannot be written.
            PromptFileError: the document names something that was not read.
        """
        self._check_read()
        document = self.document
        # Arrays first, so that there is never a prompt file without them.
        if self.readout is not None:
            from promptsearch.artefact.readouts import write_readout

            document = document.model_copy(update={"readout": write_readout(path, self.readout)})
        if self.soft is not None:
            from promptsearch.artefact.soft import write_soft

            document = document.model_copy(update={"soft": write_soft(path, self.soft)})
        if self.tuned is not None and document.tuned is not None:
            from promptsearch.artefact.tuned import copy_tuned

            named = document.tuned.model_copy(update={"folder": copy_tuned(path, self.tuned)})
            document = document.model_copy(update={"tuned": named})
        write_prompt_file(path, document)

    def _check_read(self) -> None:
        document = self.document
        for record, read in ((document.readout, self.readout), (document.soft, self.soft)):
            if record is not None and read is None:
                raise _not_read(f"arrays in {record.file}, which were")
        if document.tuned is not None and self.tuned is None:
            raise _not_read(f"folder {document.tuned.folder}, which was")


def _not_read(what: str) -> PromptFileError:
    return PromptFileError(
        f"the prompt needs the {what} not read", hint="Read the prompt with `load_prompt`."
    )


def load_prompt(path: str | PathLike[str], **options: Any) -> Prompt:
    """Read a prompt file; the PLM is loaded when the prompt is first used.

    Args:
        options: `device`, `offline` and `trust_remote_code` of `Prompt`.

    Raises:
        PromptFileError: the file, or what it names beside it, is missing, damaged or of a newer format.
    """
    return prompt_of(read_prompt_file(path), path, **options)


def prompt_of(document: PromptDocument, path: str | PathLike[str], **options: Any) -> Prompt:
    """The prompt of a document that was read from a file.

    Args:
        options: as for `load_prompt`.

    Raises:
        PromptFileError: what the document names beside the file is missing or damaged.
    """
    prompt = Prompt(document, **options)
    if document.readout is not None:
        from promptsearch.artefact.readouts import read_readout

        prompt.readout = read_readout(path, document)
    if document.soft is not None:
        from promptsearch.artefact.soft import read_soft

        prompt.soft = read_soft(path, document)
    if document.tuned is not None:
        from promptsearch.artefact.tuned import read_tuned

        prompt.tuned = read_tuned(path, document)
    return prompt
