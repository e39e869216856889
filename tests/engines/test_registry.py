from importlib.metadata import EntryPoint

import pytest

from promptsearch import engines
from promptsearch.engines import engine, engine_names
from promptsearch.engines.manual import ManualEngine
from promptsearch.errors import OptionError


def added(monkeypatch, *entries):
    monkeypatch.setattr(engines, "entry_points", lambda group: [e for e in entries if e.group == group])


def test_manual_by_name():
    assert isinstance(engine("manual"), ManualEngine)
    assert engine("manual").name == "manual"
    assert engine_names()[0] == "manual"


def test_unknown_name_gives_near_matches():
    with pytest.raises(OptionError) as error:
        engine("manuel")
    assert error.value.message == "there is no engine 'manuel'"
    assert error.value.hint is not None
    assert error.value.hint.startswith("Did you mean manual? Engines: manual")


def test_engine_of_another_package(monkeypatch):
    entry = EntryPoint("theirs", "promptsearch.engines.manual.engine:ManualEngine", "promptsearch.engines")
    added(monkeypatch, entry)
    assert engine_names() == (*engines.ENGINES, "theirs")
    assert isinstance(engine("theirs"), ManualEngine)


def test_another_package_cannot_replace_a_built_in_engine(monkeypatch):
    added(monkeypatch, EntryPoint("manual", "no.such.module:Engine", "promptsearch.engines"))
    assert isinstance(engine("manual"), ManualEngine)


@pytest.mark.parametrize("value", ["no.such.module:Engine", "promptsearch.engines.manual:NoSuchName"])
def test_engine_that_cannot_be_loaded(monkeypatch, value):
    added(monkeypatch, EntryPoint("broken", value, "promptsearch.engines"))
    with pytest.raises(OptionError, match="the engine 'broken' cannot be loaded") as error:
        engine("broken")
    assert error.value.where == f"entry point {value}"
