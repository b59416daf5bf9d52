-- :n charges that are due, in empty tables.
TRUNCATE outbox, ledger, attempt, payment, schedule, invoice RESTART IDENTITY CASCADE;
ALTER SEQUENCE next_charge RESTART;
INSERT INTO invoice SELECT g, g, 490.00 FROM generate_series(1, :n) g;
INSERT INTO schedule SELECT g, g, 'pm_' || g, 490.00, now() - interval '1 hour' FROM generate_series(1, :n) g;
INSERT INTO payment (id, invoice_id, schedule_id, amount, due_at)
    SELECT g, g, g, 490.00, now() - interval '1 hour' + g * interval '1 ms' FROM generate_series(1, :n) g;
