-- The tables that the database has.
SELECT table_name AS name FROM duckdb_tables() ORDER BY table_name;
