"""The trained model as a folder that transformers and promptsearch load."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from promptsearch.paths import atomic_folder
from promptsearch.plms.sources.loading import check_complete, load_weights
from promptsearch.plms.sources.quiet import quiet_transformers


def export_model(model: Any, tokenizer: Any, folder: Path, record: Mapping[str, object]) -> None:
    """Write model (float16 where no weight is too large for it), tokenizer and a record of the training.

    Raises:
        PLMError: the written folder does not load as a whole masked PLM.
        StorageError: it cannot be written.
    """
    largest = max(float(weight.detach().abs().max()) for weight in model.parameters())
    fits = largest <= torch.finfo(torch.float16).max
    copy = type(model)(model.config).to(torch.float16 if fits else torch.float32)
    copy.load_state_dict(model.state_dict())
    with atomic_folder(folder) as unfinished:
        with quiet_transformers():
            copy.save_pretrained(unfinished)
            tokenizer.save_pretrained(unfinished)
        (unfinished / "training.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        _, info = load_weights(unfinished, "masked")
        check_complete(info, str(folder))
