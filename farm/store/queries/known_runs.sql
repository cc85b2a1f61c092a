-- Which of these runs the database has.
SELECT id::VARCHAR AS run_id FROM runs WHERE list_contains($run_ids::VARCHAR[], id::VARCHAR);
