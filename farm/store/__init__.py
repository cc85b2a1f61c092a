"""The database: one DuckDB file. Raw readings are kept, summaries are queries, a run goes in whole or not at all."""

from farm.store.opening import SCHEMA_VERSION
from farm.store.store import Store, rows_of, statistics_of

__all__ = ["SCHEMA_VERSION", "Store", "rows_of", "statistics_of"]
