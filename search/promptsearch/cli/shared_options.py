"""Options that stand together in several commands, behind each one's own; see `taking.takes`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptsearch.cli import options, screen

if TYPE_CHECKING:
    from promptsearch.compose import PromptEnsemble
    from promptsearch.prompt import Prompt


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """Of what searches."""

    max_test: options.MaxTest = None
    out: options.Out = None
    device: options.Device = "auto"
    dtype: options.Dtype = "auto"
    no_stand_in: options.NoStandIn = False
    offline: options.Offline = False
    trust_remote_code: options.TrustRemoteCode = False
    json: options.Json = False
    quiet: options.Quiet = False

    @property
    def in_search(self) -> dict[str, Any]:
        """These as arguments of `DiscoverConfig`."""
        return {
            "max_test": self.max_test,
            "out": self.out,
            "device": self.device,
            "dtype": self.dtype,
            "stand_in": not self.no_stand_in,
            "offline": self.offline,
            "trust_remote_code": self.trust_remote_code,
        }


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """Of what scores saved prompts."""

    device: options.Device = "auto"
    no_stand_in: options.NoStandIn = False
    offline: options.Offline = False
    trust_remote_code: options.TrustRemoteCode = False
    json: options.Json = False
    quiet: options.Quiet = False

    def load(self, path: Path) -> Prompt | PromptEnsemble:
        """The prompt or ensemble of a file.

        Raises:
            PromptSearchError: the file or its PLM cannot be read.
        """
        from promptsearch.compose import load_prompt_or_ensemble

        return load_prompt_or_ensemble(
            path, device=self.device, offline=self.offline, trust_remote_code=self.trust_remote_code
        )


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """Of what measures."""

    out: options.Tables = None
    no_stand_in: options.NoStandIn = False
    offline: options.Offline = False
    json: options.Json = False
    quiet: options.Quiet = False


def deliver(page: str, record: Any, json: bool, out: Path | None) -> None:
    """Print what was measured, as Markdown or as JSON; the Markdown into a file too where one is named.

    Raises:
        StorageError: the file cannot be written.
    """
    from promptsearch.paths import atomic_write

    if json:
        screen.print_json(record)
    else:
        print(page)
    if out is not None:
        atomic_write(out, page)
