from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.study.postgres import new_database, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Generator[str]:
    """A PostgreSQL server for all tests that do not end it."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="module")
def server(postgres: str) -> str:
    """An empty database for the tests of a file."""
    pytest.importorskip("psycopg")
    return new_database(postgres)
