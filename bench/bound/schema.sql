-- The least that a database has to keep of a charge: an attempt, its outcome, the books, the event. Nothing else.
CREATE TABLE invoice (
    id bigint PRIMARY KEY, customer_id bigint NOT NULL, amount numeric(12,2) NOT NULL,
    status text NOT NULL DEFAULT 'open', paid_at timestamptz
);
CREATE TABLE schedule (
    id bigint PRIMARY KEY, customer_id bigint NOT NULL, method_id text NOT NULL, amount numeric(12,2) NOT NULL,
    next_at timestamptz NOT NULL, status text NOT NULL DEFAULT 'active', last_payment_id bigint
);
CREATE TABLE payment (
    id bigint PRIMARY KEY, invoice_id bigint NOT NULL REFERENCES invoice, schedule_id bigint NOT NULL REFERENCES schedule,
    amount numeric(12,2) NOT NULL, status text NOT NULL DEFAULT 'due', due_at timestamptz NOT NULL,
    idem uuid NOT NULL DEFAULT gen_random_uuid(), gateway_id text, claimed_at timestamptz, paid_at timestamptz
);
CREATE INDEX payment_due ON payment (due_at, id) WHERE status = 'due';
CREATE TABLE attempt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payment_id bigint NOT NULL REFERENCES payment,
    n int NOT NULL DEFAULT 1, idem uuid NOT NULL, started_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz,
    outcome text, response jsonb, UNIQUE (payment_id, n)
);
CREATE TABLE ledger (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payment_id bigint NOT NULL REFERENCES payment,
    customer_id bigint NOT NULL, amount numeric(12,2) NOT NULL, kind text NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_customer ON ledger (customer_id, at);
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic text NOT NULL, payload jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), sent_at timestamptz
);
CREATE INDEX outbox_new ON outbox (id) WHERE sent_at IS NULL;
CREATE SEQUENCE next_charge;
