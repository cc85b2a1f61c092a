"""What the store's tests share: a database that holds a run."""

from pathlib import Path

from farm.records import record
from farm.store import Store
from tests.conftest import a_run, a_session


def of_one_run(folder: Path) -> Store:
    store = Store(folder / "farm.duckdb")
    session = a_session()
    store.append([record(session, a_run(session))])
    return store
