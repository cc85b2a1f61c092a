-- The verdicts of one gate, in the order of its budgets.
SELECT number, document FROM verdicts WHERE gate_id = $gate::UUID ORDER BY number;
