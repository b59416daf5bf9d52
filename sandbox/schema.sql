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

-- The CRM. Records are JSON as `crm.item.get` shows them, without what is empty; user fields under their original
-- names. Instants in them are texts in the portal's own zone, which sort as the instants do.
CREATE TABLE IF NOT EXISTS crm_items (
    entity_type_id  INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    category_id     INTEGER,
    stage_id        TEXT,
    external_id     TEXT,
    contact_id      INTEGER,
    company_id      INTEGER,
    deal_id         INTEGER,
    invoice_id      INTEGER,
    updated_time    TEXT NOT NULL,
    record          TEXT NOT NULL,
    PRIMARY KEY (entity_type_id, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS crm_items_by_external ON crm_items (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS crm_items_by_stage ON crm_items (stage_id) WHERE stage_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS crm_items_by_contact ON crm_items (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS crm_items_by_company ON crm_items (company_id) WHERE company_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS crm_items_by_deal ON crm_items (deal_id) WHERE deal_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS crm_items_by_invoice ON crm_items (invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS crm_items_by_update ON crm_items (entity_type_id, updated_time);

CREATE TABLE IF NOT EXISTS crm_last_ids (
    entity_type_id  INTEGER PRIMARY KEY,
    id              INTEGER NOT NULL
);

-- Phones and addresses of contacts and companies; `sought` is how a search for duplicates compares them.
CREATE TABLE IF NOT EXISTS crm_ways (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    entity_type_id  INTEGER NOT NULL,
    item_id         INTEGER NOT NULL,
    type_id         TEXT NOT NULL,
    value_type      TEXT NOT NULL,
    value           TEXT NOT NULL,
    sought          TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS crm_ways_by_item ON crm_ways (entity_type_id, item_id);
CREATE INDEX IF NOT EXISTS crm_ways_by_sought ON crm_ways (type_id, sought);

CREATE TABLE IF NOT EXISTS crm_stages (
    id              INTEGER PRIMARY KEY,
    entity_type_id  INTEGER NOT NULL,
    category_id     INTEGER NOT NULL,
    status_id       TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    sort            INTEGER NOT NULL,
    semantics       TEXT,
    color           TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS crm_moves (
    id              INTEGER PRIMARY KEY,
    type_id         INTEGER NOT NULL,
    entity_type_id  INTEGER NOT NULL,
    owner_id        INTEGER NOT NULL,
    created_time    TEXT NOT NULL,
    category_id     INTEGER NOT NULL,
    stage_id        TEXT NOT NULL,
    semantics       TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS crm_moves_by_owner ON crm_moves (entity_type_id, owner_id);

CREATE TABLE IF NOT EXISTS crm_timeline (
    id              INTEGER PRIMARY KEY,
    form            TEXT NOT NULL,
    entity_type_id  INTEGER NOT NULL,
    item_id         INTEGER NOT NULL,
    created         TEXT NOT NULL,
    author_id       INTEGER NOT NULL,
    title           TEXT NOT NULL,
    text            TEXT NOT NULL,
    icon            TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS crm_timeline_by_item ON crm_timeline (entity_type_id, item_id, form);

CREATE TABLE IF NOT EXISTS crm_requisites (
    id              INTEGER PRIMARY KEY,
    entity_type_id  INTEGER NOT NULL,
    entity_id       INTEGER NOT NULL,
    inn             TEXT,
    xml_id          TEXT,
    record          TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS crm_requisites_by_owner ON crm_requisites (entity_type_id, entity_id);
CREATE INDEX IF NOT EXISTS crm_requisites_by_inn ON crm_requisites (inn) WHERE inn IS NOT NULL;
CREATE INDEX IF NOT EXISTS crm_requisites_by_xml_id ON crm_requisites (xml_id) WHERE xml_id IS NOT NULL;

-- Who may call. `kind`: webhook (user and code in the path) or token (`auth`).
CREATE TABLE IF NOT EXISTS crm_credentials (
    secret   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    user_id  INTEGER NOT NULL,
    scopes   TEXT NOT NULL,
    expired  INTEGER NOT NULL,
    PRIMARY KEY (kind, user_id, secret)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS crm_settings (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    settings  TEXT NOT NULL
);

-- Events to the portal's outgoing webhook: each is sent once. `due_at` is virtual, `real_due_at` the queue's own pause.
CREATE TABLE IF NOT EXISTS crm_events (
    id           INTEGER PRIMARY KEY,
    url          TEXT NOT NULL,
    event        TEXT NOT NULL,
    object_id    TEXT NOT NULL,
    handler_id   INTEGER NOT NULL,
    fields       TEXT NOT NULL,
    fault        TEXT,
    due_at       INTEGER,
    real_due_at  INTEGER NOT NULL,
    state        TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS crm_events_waiting ON crm_events (real_due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS crm_events_due ON crm_events (due_at) WHERE due_at IS NOT NULL;
