-- Sound books of :payments payments, from 670 days ago until now: ten to a contract, nine that came in and one that was declined.
-- The rows are what the product would have written, so no check of the doctor finds anything.
SET LOCAL session_replication_role = replica;
CREATE FUNCTION pg_temp.key(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8000' || lpad(to_hex(n), 12, '0'))::uuid
$$;
CREATE TEMP TABLE facts ON COMMIT DROP AS
SELECT (SELECT id FROM legal_entities LIMIT 1) AS entity_id,
       (SELECT id FROM shops LIMIT 1) AS shop_id,
       greatest(:payments::bigint / 10, 1) AS contracts,
       business_now() - interval '670 days' AS since;

INSERT INTO customers (id, kind, name, email, created_at)
SELECT pg_temp.key(1, c), 'person', 'Клиент ' || c, 'client' || c || '@example.com', since
FROM facts, generate_series(1, contracts) c;

INSERT INTO contracts (id, number, title, customer_id, legal_entity_id, shop_id, status, advance, created_at)
SELECT pg_temp.key(2, c), '2025-' || lpad(c::text, greatest(4, length(c::text)), '0'), 'Обслуживание', pg_temp.key(1, c),
       entity_id, shop_id, 'active', 'on_payment', since
FROM facts, generate_series(1, contracts) c;

INSERT INTO payment_plans (id, contract_id, kind, kopecks, period_unit, period_count, anchor_on, created_at)
SELECT pg_temp.key(3, c), pg_temp.key(2, c), 'recurring', 100000 + c % 5000000, 'day', 75, since::date, since
FROM facts, generate_series(1, contracts) c;

INSERT INTO payment_methods (id, customer_id, shop_id, gateway_id, kind, title, last4, expiry_year, expiry_month, created_at)
SELECT pg_temp.key(4, c), pg_temp.key(1, c), shop_id, 'm-' || c, 'bank_card', 'Bank card', lpad((c % 10000)::text, 4, '0'),
       2030, 12, since
FROM facts, generate_series(1, contracts) c;

-- Three consents of each customer, in this order, and their chain.
INSERT INTO consents (customer_id, contract_id, kind, action, text_version, text, text_sha256, shown, max_kopecks, ip,
                      user_agent, at)
SELECT pg_temp.key(1, c), CASE WHEN k.kind = 'recurring' THEN pg_temp.key(2, c) END, k.kind, 'given', '2',
       repeat('Согласен на списания по договору, пока не отзову согласие. ', 25), md5(k.kind), '{"period": "75 дней"}',
       CASE WHEN k.kind = 'recurring' THEN 10000000 END, '192.0.2.7', 'Mozilla/5.0', since
FROM facts, (VALUES (1, 'offer'), (2, 'personal_data'), (3, 'recurring')) k(place, kind), generate_series(1, contracts) c
ORDER BY k.place, c;

WITH persons AS (SELECT c AS consent, consent_person(c) AS person FROM consents c WHERE kind = 'offer')
INSERT INTO consent_links (consent_id, customer_id, person, before, hash)
SELECT (consent).id, (consent).customer_id, person, NULL, consent_hash(consent, person, NULL) FROM persons;
WITH persons AS (
    SELECT c AS consent, consent_person(c) AS person, l.hash AS before
    FROM consents c JOIN consent_links l USING (customer_id) WHERE c.kind = 'personal_data'
)
INSERT INTO consent_links (consent_id, customer_id, person, before, hash)
SELECT (consent).id, (consent).customer_id, person, before, consent_hash(consent, person, before) FROM persons;
WITH persons AS (
    SELECT c AS consent, consent_person(c) AS person, l.hash AS before
    FROM consents c JOIN consent_links l USING (customer_id) WHERE c.kind = 'recurring' AND l.before IS NOT NULL
)
INSERT INTO consent_links (consent_id, customer_id, person, before, hash)
SELECT (consent).id, (consent).customer_id, person, before, consent_hash(consent, person, before) FROM persons;

INSERT INTO autopays (id, contract_id, customer_id, consent_id, method_id, max_kopecks, status, created_at, changed_at)
SELECT pg_temp.key(5, c), pg_temp.key(2, c), pg_temp.key(1, c), k.id, pg_temp.key(4, c), 10000000, 'active', since, since
FROM facts, generate_series(1, contracts) c JOIN consents k ON k.contract_id = pg_temp.key(2, c);

-- Line i of contract c has the key (c - 1) * 10 + i; nine are paid, the tenth is planned.
CREATE TEMP TABLE lines ON COMMIT DROP AS
SELECT (c - 1) * 10 + i AS n, c, i, (c - 1) * 9 + i AS number, 100000 + c % 5000000 AS kopecks,
       since + make_interval(days => (75 * (i - 1) + c % 70)::int, hours => (c % 24)::int) AS at,
       since::date + (75 * (i - 1))::int AS starts
FROM facts, generate_series(1, contracts) c, generate_series(1, 10) i ORDER BY 1;

INSERT INTO installments (id, contract_id, plan_id, number, due_on, period_start, period_end, kopecks, status, issue_at,
                          created_at)
SELECT pg_temp.key(6, n), pg_temp.key(2, c), pg_temp.key(3, c), i, at::date, starts, starts + 75, kopecks,
       CASE WHEN i < 10 THEN 'paid' ELSE 'planned' END, CASE WHEN i < 10 THEN at ELSE business_now() + interval '9 days' END,
       at
FROM lines;

INSERT INTO invoices (id, number, legal_entity_id, customer_id, contract_id, installment_id, kopecks, due_on, purpose, status,
                      created_at, paid_at)
SELECT pg_temp.key(7, n), '2025-' || lpad(number::text, greatest(4, length(number::text)), '0'), entity_id,
       pg_temp.key(1, c), pg_temp.key(2, c), pg_temp.key(6, n), kopecks, at::date, 'Обслуживание', 'paid',
       at - interval '4 days', at
FROM facts, lines WHERE i < 10;
INSERT INTO counters (legal_entity_id, kind, year, n) SELECT entity_id, 'invoice', 2025, contracts * 9 FROM facts;

INSERT INTO notices (id, installment_id, method_id, kopecks, charge_on, created_at, sent_at)
SELECT pg_temp.key(8, n), pg_temp.key(6, n), pg_temp.key(4, c), kopecks, at::date, at - interval '5 days',
       at - interval '5 days'
FROM lines WHERE i BETWEEN 2 AND 9;

-- The ninth line was declined a day before it came in.
CREATE TEMP TABLE tries ON COMMIT DROP AS
SELECT n, n AS line, c, i, kopecks, at, 'succeeded' AS status FROM lines WHERE i < 10
UNION ALL
SELECT n + 1, n, c, i, kopecks, at - interval '1 day', 'canceled' FROM lines WHERE i = 9;

INSERT INTO payments (id, number, invoice_id, customer_id, contract_id, shop_id, autopay_id, method_id, consent_id, notice_id,
                      initiator, kopecks, currency, status, key, body, gateway_id, saves_method, sends, checks, reason,
                      paid_with, last4, first_sent_at, permit_at, created_at, decided_at)
SELECT pg_temp.key(9, n), nextval('payment_numbers'), pg_temp.key(7, line), pg_temp.key(1, t.c), pg_temp.key(2, t.c), shop_id,
       CASE WHEN i > 1 THEN pg_temp.key(5, t.c) END, CASE WHEN i > 1 THEN pg_temp.key(4, t.c) END, a.consent_id,
       CASE WHEN i > 1 THEN pg_temp.key(8, line) END, CASE WHEN i > 1 THEN 'schedule' ELSE 'customer' END, kopecks, 'RUB',
       t.status, md5('key' || n)::uuid, repeat('{"amount": "1.00"}', 30), md5(n::text)::uuid::text, i = 1, 1, 0,
       CASE WHEN t.status = 'canceled' THEN 'insufficient_funds' END, 'bank_card', lpad((t.c % 10000)::text, 4, '0'), at, at,
       at, at + interval '5 seconds'
FROM facts, tries t JOIN autopays a ON a.id = pg_temp.key(5, t.c) ORDER BY n;

INSERT INTO allocations (payment_id, invoice_id, kopecks, created_at)
SELECT pg_temp.key(9, n), pg_temp.key(7, n), kopecks, at FROM lines WHERE i < 10;

INSERT INTO ledger_transactions (id, kind, source_id, at)
SELECT pg_temp.key(11, n), 'invoice', pg_temp.key(7, n), at FROM lines WHERE i < 10
UNION ALL
SELECT pg_temp.key(12, n), 'payment', pg_temp.key(9, n), at FROM lines WHERE i < 10;
INSERT INTO ledger_entries (transaction_id, account, customer_id, contract_id, kopecks)
SELECT pg_temp.key(e.kind, n), e.account, pg_temp.key(1, c), pg_temp.key(2, c), e.sign * kopecks
FROM lines, (VALUES (11, 'receivable', 1), (11, 'revenue', -1), (12, 'gateway', 1), (12, 'clearing', -1),
                    (12, 'clearing', 1), (12, 'receivable', -1)) e(kind, account, sign)
WHERE i < 10;

INSERT INTO gateway_payments (gateway_id, shop_id, status, kopecks, currency, refunded_kopecks, created_at, captured_at,
                              payment_id, invoice_id, contract_id, numbers, read_at)
SELECT gateway_id, shop_id, status, kopecks, currency, 0, created_at, CASE WHEN status = 'succeeded' THEN decided_at END, id,
       invoice_id, contract_id, '{}', business_now()
FROM payments;
INSERT INTO reconciliations (id, shop_id, status, deep, since_at, until_at, lease_until, payments, refunds)
SELECT gen_random_uuid(), shop_id, 'done', deep, business_now() - days, business_now(), business_now(), 0, 0
FROM facts, (VALUES (true, interval '35 days'), (false, interval '2 days')) windows(deep, days);

-- What each payment leaves behind beside the books: its story, its exchange, an event with its delivery, a letter.
INSERT INTO status_history (object_kind, object_id, old, new, source, at)
SELECT 'payment', pg_temp.key(9, n), 'sending', status, 'answer', at FROM tries;
INSERT INTO gateway_exchanges (payment_id, verb, outcome, http_status, answer, millis, at)
SELECT pg_temp.key(9, n), 'send', status, 200, '{"status": "succeeded", "paid": true}', 300, at FROM tries;
INSERT INTO outbox_messages (topic, payload, created_at, dispatched_at)
SELECT 'payments.payment_succeeded.v1', jsonb_build_object('payment_id', pg_temp.key(9, n)), at, at FROM tries;
INSERT INTO deliveries (message_id, consumer, tries, next_try_at, hinted_at, done_at)
SELECT id, 'notifications.payment_succeeded', 1, created_at, created_at, created_at FROM outbox_messages;
INSERT INTO messages (id, kind, dedupe_key, customer_id, payment_id, recipient, subject, text_body, html_body, status, tries,
                      next_try_at, created_at, sent_at)
SELECT pg_temp.key(10, n), 'payment_succeeded', 'bench:' || n, pg_temp.key(1, c), pg_temp.key(9, n),
       'client' || c || '@example.com', 'Оплата прошла', 'Оплата прошла', '<p>Оплата прошла</p>', 'sent', 1, at, at, at
FROM tries;

-- What employees did, an act to each twenty payments; the database chains them as it does anybody's.
SET LOCAL session_replication_role = origin;
INSERT INTO audit_entries (at, act, subject_kind, subject_id, details, ip)
SELECT at, 'contract.renamed', 'contract', pg_temp.key(2, c), '{"title": ["Обслуживание", "Обслуживание дома"]}', '192.0.2.7'
FROM lines WHERE n % 20 = 0 ORDER BY at;
