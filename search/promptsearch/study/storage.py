"""Where a study is kept: the journal file of a run folder, or a server that many machines share."""

from __future__ import annotations

import random
import re
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import unquote, urlsplit

from promptsearch.errors import OptionError, StorageError, near_matches
from promptsearch.study.artefacts import STUDY_FILE

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage

Direction = Literal["maximize", "minimize"]
Answer = TypeVar("Answer")

CONNECT_SECONDS = 5
_KINDS = ("postgresql", "sqlite", "grpc", "journal")
_FORMS = "postgresql://user@host/database, sqlite:///file, grpc://host:port or journal:///file"
_SQLITE_WAIT_SECONDS = 30
# Also one with a slash or @ in it, which should have been escaped.
_BEFORE_HOST = re.compile(r"(://[^:/@?\s]*):.*@")
_IN_QUERY = re.compile(r"([?&](?:ssl)?password=)[^&#\s]*", re.IGNORECASE)
# Of processes that set up an empty database at once, all but one fail, and find it set up.
_TRIES = 8


def open_study(
    place: str | Path,
    name: str = "promptsearch",
    sampler: BaseSampler | None = None,
    directions: Sequence[Direction] = ("maximize",),
) -> Study:
    """The study of that name, begun where there is none; trials that dead workers left are put in its queue.

    Args:
        place: a run folder, a journal file, or a URL (see `open_storage`).
        sampler: proposes parameters; Optuna's default where None.
        directions: `maximize` or `minimize` for each objective.

    Raises:
        OptionError: the place is none, or an extra that it needs is not installed.
        StorageError: it cannot be reached, is damaged, or has this study with other directions.
    """
    import optuna

    from promptsearch.study.stale import reclaim

    storage = open_storage(place)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = _answering(
        place,
        lambda: optuna.create_study(
            storage=storage,
            sampler=sampler,
            study_name=name,
            directions=list(directions),
            load_if_exists=True,
        ),
    )
    found = [direction.name.lower() for direction in study.directions]
    if found != list(directions):
        raise StorageError(
            f"the study {name!r} has other objectives: {', '.join(found)}, not {', '.join(directions)}",
            where=shown(place),
            hint="Give it another name, or start a new run.",
        )
    reclaim(study)
    return study


def open_storage(place: str | Path) -> BaseStorage:
    """The storage at a place, which is a run folder, a journal file, or a URL.

    `postgresql://user:password@host:port/database`, `sqlite:///file`, `grpc://host:port` (a storage server
    of Optuna) and `journal:///file`.

    Raises:
        OptionError: the place is none, or an extra that it needs is not installed.
        StorageError: it cannot be reached, or is damaged.
    """
    kind = _kind(place)
    if kind == "postgresql":
        return _answering(place, lambda: _postgresql(str(place)))
    if kind == "sqlite":
        return _answering(place, lambda: _sqlite(str(place)))
    if kind == "grpc":
        return _answering(place, lambda: _grpc(str(place)))
    from promptsearch.study.journal import RunJournal

    return RunJournal(journal_file(place))


def journal_file(place: str | Path) -> Path:
    """The file of a journal: what a URL names, a file that is there or ends with .log, else in a folder."""
    if str(place).lower().startswith("journal:"):
        return Path(_path_of(str(place)))
    path = Path(place)
    is_file = path.is_file() or (path.suffix == ".log" and not path.is_dir())
    return path if is_file else path / STUDY_FILE


def shown(place: str | Path) -> str:
    """A place for people, without the password."""
    return _IN_QUERY.sub(r"\1***", _BEFORE_HOST.sub(r"\1:***@", str(place)))


def without_password(place: str) -> str:
    """A place as it is kept in files; who goes on has the password in PGPASSWORD or ~/.pgpass."""
    return _IN_QUERY.sub(r"\1", _BEFORE_HOST.sub(r"\1@", place))


def _kind(place: str | Path) -> str:
    if isinstance(place, Path) or "://" not in place:
        return "journal"
    kind = place.partition("://")[0].lower()
    kind = {"postgres": "postgresql", "postgresql+psycopg": "postgresql"}.get(kind, kind)
    if kind not in _KINDS:
        near = near_matches(kind, _KINDS, most=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise OptionError(
            f"a study cannot be kept in {kind!r}", where=shown(place), hint=f"{meant}Write {_FORMS}."
        )
    return kind


def _postgresql(url: str) -> BaseStorage:
    _need("psycopg", "postgres", url)
    from optuna.storages import RDBStorage
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    url = f"postgresql+psycopg://{url.partition('://')[2]}"
    try:
        make_url(url)
    except (ValueError, ArgumentError) as error:
        raise OptionError(
            "this is no address of a PostgreSQL database",
            where=shown(url),
            hint="Write postgresql://user:password@host:port/database, with %40 for @ in a password.",
        ) from error
    # A server that has gone and come back is connected to again.
    options = {"connect_args": {"connect_timeout": CONNECT_SECONDS}, "pool_pre_ping": True}
    return RDBStorage(url, engine_kwargs=options)


def _sqlite(url: str) -> BaseStorage:
    from optuna.storages import RDBStorage

    file = _path_of(url)
    if not Path(file).parent.is_dir():
        raise StorageError("there is no such folder", where=str(Path(file).parent))
    url = f"sqlite://{url.partition('://')[2]}"
    return RDBStorage(url, engine_kwargs={"connect_args": {"timeout": _SQLITE_WAIT_SECONDS}})


def _grpc(url: str) -> BaseStorage:
    _need("grpc", "grpc", url)
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import GrpcStorageProxy

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or port is None:
        raise OptionError("the address of a storage server needs a host and a port", where=url, hint=_FORMS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        storage = GrpcStorageProxy(host=host, port=port)
    storage.wait_server_ready(timeout=CONNECT_SECONDS)
    return storage


@contextmanager
def storage_trouble(place: str | Path) -> Generator[None]:
    """Within, what a driver or server says about the storage becomes a StorageError."""
    try:
        yield
    except Exception as error:
        if not _is_of_storage(error):
            raise
        raise _unusable(place, error) from error


def _answering(place: str | Path, work: Callable[[], Answer]) -> Answer:
    """What a storage answers, that others may set up at the same time."""
    with storage_trouble(place):
        for _ in range(_TRIES - 1):
            try:
                return work()
            except Exception as error:
                if not (_is_of_storage(error) and _may_pass(error)):
                    raise
                time.sleep(random.uniform(0.05, 0.4))
        return work()


def _is_of_storage(error: BaseException) -> bool:
    from optuna.exceptions import StorageInternalError

    drivers = ("sqlalchemy", "psycopg", "grpc", "sqlite3")
    return isinstance(error, (StorageInternalError, ConnectionError)) or (
        type(error).__module__.partition(".")[0] in drivers
    )


def _may_pass(error: BaseException) -> bool:
    causes = [error, error.__cause__, getattr(error, "orig", None)]
    said = " ".join(str(cause) for cause in causes if cause is not None)
    return any(part in said for part in ("already exists", "duplicate key", "UNIQUE", "is locked"))


def _unusable(place: str | Path, error: BaseException) -> StorageError:
    cause = getattr(error, "orig", None) or error.__cause__ or error
    said = str(cause).strip().partition("\n")[0]
    server = (
        "See that the server runs, that this machine may reach it, and that user, password and database "
        "are right."
    )
    if "password" in said:
        server = (
            "Passwords are kept in no file of a run: give it by the environment variable PGPASSWORD, or in "
            "~/.pgpass."
        )
    file = "See that the file may be written and is a database of SQLite."
    return StorageError(
        f"the study's storage cannot be used: {said or type(cause).__name__}",
        where=shown(place),
        hint=file if _kind(place) == "sqlite" else server,
    )


def _need(module: str, extra: str, url: str) -> None:
    try:
        import_module(module)
    except ImportError as error:
        raise OptionError(
            f"this storage needs the package {module}, which cannot be loaded: {error}",
            where=shown(url),
            hint=f"Run: pip install 'promptsearch[{extra}]'",
        ) from error


def _path_of(url: str) -> str:
    """The path of a URL: absolute for a journal, but for SQLite after a fourth slash only."""
    kind, _, path = url.partition("://")
    kind = kind.lower()
    if not path.startswith("/") or len(path) < 2:
        raise OptionError(f"the file is missing, or a slash before it: {url}", hint=f"Write {kind}:///file.")
    path = path if kind == "journal" else path[1:]
    return unquote(path)
