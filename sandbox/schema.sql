-- Instants are integer milliseconds since the Unix epoch on the virtual clock, unless a name says real_.
-- Money is integer kopecks.

CREATE TABLE IF NOT EXISTS clock (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    shift_ms    INTEGER NOT NULL,
    target      INTEGER,
    origin      INTEGER,
    stops       TEXT NOT NULL,
    stuck       TEXT
);

CREATE TABLE IF NOT EXISTS shops (
    account_id     TEXT PRIMARY KEY,
    secret         TEXT NOT NULL,
    gateway_id     TEXT NOT NULL,
    name           TEXT NOT NULL,
    autopayments   INTEGER NOT NULL,
    form_retries   INTEGER NOT NULL,
    receipt_first  INTEGER NOT NULL,
    receipt_fails  INTEGER NOT NULL,
    webhook_url    TEXT
);

CREATE TABLE IF NOT EXISTS targets (
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS payments (
    seq              INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    shop_id          TEXT NOT NULL,
    status           TEXT NOT NULL,
    kopecks          INTEGER NOT NULL,
    currency         TEXT NOT NULL,
    captured_kopecks INTEGER,
    refunded_kopecks INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    captured_at      INTEGER,
    expires_at       INTEGER,
    due_at           INTEGER,
    method_id        TEXT,
    saving           TEXT NOT NULL,
    capture          INTEGER NOT NULL,
    idempotence_key  TEXT NOT NULL,
    details          TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS payments_by_shop ON payments (shop_id, created_at, seq);
CREATE INDEX IF NOT EXISTS payments_by_method ON payments (method_id, seq) WHERE method_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS payments_due ON payments (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS methods (
    seq              INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    shop_id          TEXT NOT NULL,
    type             TEXT NOT NULL,
    status           TEXT NOT NULL,
    saved            INTEGER NOT NULL,
    binding          INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    due_at           INTEGER,
    idempotence_key  TEXT NOT NULL,
    details          TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS methods_due ON methods (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS refunds (
    seq              INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    shop_id          TEXT NOT NULL,
    payment_id       TEXT NOT NULL,
    status           TEXT NOT NULL,
    kopecks          INTEGER NOT NULL,
    currency         TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    due_at           INTEGER,
    idempotence_key  TEXT NOT NULL,
    details          TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS refunds_by_shop ON refunds (shop_id, created_at, seq);
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment_id);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS operations (
    shop_id      TEXT NOT NULL,
    key          TEXT NOT NULL,
    fingerprint  BLOB NOT NULL,
    object_id    TEXT NOT NULL,
    made_at      INTEGER NOT NULL,
    PRIMARY KEY (shop_id, key)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outcomes (
    n        INTEGER PRIMARY KEY,
    subject  TEXT NOT NULL,
    outcome  TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS outcomes_by_subject ON outcomes (subject, n);

CREATE TABLE IF NOT EXISTS deliveries (
    id         INTEGER PRIMARY KEY,
    url        TEXT NOT NULL,
    event      TEXT NOT NULL,
    object_id  TEXT NOT NULL,
    body       TEXT NOT NULL,
    fault      TEXT,
    event_at   INTEGER NOT NULL,
    next_at    INTEGER,
    attempts   INTEGER NOT NULL,
    state      TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS faults (
    id      INTEGER PRIMARY KEY,
    system  TEXT NOT NULL,
    rule    TEXT NOT NULL,
    fired   INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS fault_calls (
    fault_id  INTEGER NOT NULL,
    key       TEXT NOT NULL,
    n         INTEGER NOT NULL,
    PRIMARY KEY (fault_id, key)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS journal (
    n                  INTEGER PRIMARY KEY AUTOINCREMENT,
    at                 INTEGER NOT NULL,
    real_at            INTEGER NOT NULL,
    system             TEXT NOT NULL,
    method             TEXT NOT NULL,
    path               TEXT NOT NULL,
    key                TEXT,
    payment_method_id  TEXT,
    request            TEXT,
    status             INTEGER,
    fault              TEXT,
    object_id          TEXT,
    outcome            TEXT
);
CREATE INDEX IF NOT EXISTS journal_by_method ON journal (payment_method_id) WHERE payment_method_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS mails (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id  TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    sender      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    real_at     INTEGER NOT NULL,
    copies      INTEGER NOT NULL,
    text        TEXT NOT NULL,
    html        TEXT NOT NULL,
    headers     TEXT NOT NULL,
    UNIQUE (message_id, recipient)
);

-- To whom letters about a contract go: the only trace here of whose a card is, for YooKassa does not know it.
CREATE TABLE IF NOT EXISTS addressees (
    contract   TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    PRIMARY KEY (contract, recipient)
) WITHOUT ROWID;
