-- :contracts monthly contracts, one to a customer, each with a card, a consent, an autopay, an open invoice and its
-- notice: whatever a permit asks for. Their lines are charged only from next year on, so that nothing is due yet.
CREATE FUNCTION pg_temp.key(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8000' || lpad(to_hex(n), 12, '0'))::uuid
$$;
CREATE TEMP TABLE facts ON COMMIT DROP AS
SELECT (SELECT id FROM legal_entities) AS entity_id, (SELECT id FROM shops) AS shop_id,
       business_now() - interval '40 days' AS since, business_date(business_now()) AS today;
CREATE TEMP TABLE agreed ON COMMIT DROP AS SELECT c, 49000 + c % 100 AS kopecks FROM generate_series(1, :contracts) c;
-- The consents' chain and the keys between tables are not what is measured; written row by row they take most of the time.
SET LOCAL session_replication_role = replica;

INSERT INTO customers (id, kind, name, email, created_at)
SELECT pg_temp.key(1, c), 'person', 'Клиент ' || c, 'client' || c || '@example.com', since FROM agreed, facts;

INSERT INTO contracts (id, number, title, customer_id, legal_entity_id, shop_id, status, advance, created_at)
SELECT pg_temp.key(2, c), '2026-' || lpad(c::text, 7, '0'), 'Обслуживание', pg_temp.key(1, c), entity_id, shop_id,
       'active', 'on_payment', since FROM agreed, facts;

INSERT INTO payment_plans (id, contract_id, kind, kopecks, period_unit, period_count, anchor_on, created_at)
SELECT pg_temp.key(3, c), pg_temp.key(2, c), 'recurring', kopecks, 'month', 1, today, since FROM agreed, facts;

INSERT INTO payment_methods (id, customer_id, shop_id, gateway_id, kind, title, last4, expiry_year, expiry_month, created_at)
SELECT pg_temp.key(4, c), pg_temp.key(1, c), shop_id, 'm-' || c, 'bank_card', 'Bank card *4444', '4444', 2030, 12, since
FROM agreed, facts;

INSERT INTO consents (customer_id, contract_id, kind, action, text_version, text, text_sha256, shown, max_kopecks, at)
SELECT pg_temp.key(1, c), pg_temp.key(2, c), 'recurring', 'given', '1', 'Согласен', '-', '{}', 100000, since
FROM agreed, facts ORDER BY c;

INSERT INTO autopays (id, contract_id, customer_id, consent_id, method_id, max_kopecks, status, created_at, changed_at)
SELECT pg_temp.key(5, c), contract_id, customer_id, consents.id, pg_temp.key(4, c), max_kopecks, 'active', since, since
FROM agreed JOIN consents ON contract_id = pg_temp.key(2, c), facts;

INSERT INTO installments (id, contract_id, plan_id, number, due_on, period_start, period_end, kopecks, status, issue_at,
                          charge_at, created_at)
SELECT pg_temp.key(6, c), pg_temp.key(2, c), pg_temp.key(3, c), 1, today, today, (today + interval '1 month')::date, kopecks,
       'invoiced', business_now() - interval '4 days', business_now() + interval '1 year', since FROM agreed, facts;

INSERT INTO invoices (id, number, legal_entity_id, customer_id, contract_id, installment_id, kopecks, due_on, purpose, status,
                      created_at)
SELECT pg_temp.key(7, c), '2026-' || lpad(c::text, 7, '0'), entity_id, pg_temp.key(1, c), pg_temp.key(2, c), pg_temp.key(6, c),
       kopecks, today, 'Обслуживание', 'open', business_now() - interval '4 days' FROM agreed, facts;

INSERT INTO notices (id, installment_id, method_id, kopecks, charge_on, created_at, sent_at)
SELECT pg_temp.key(8, c), pg_temp.key(6, c), pg_temp.key(4, c), kopecks, today, business_now() - interval '4 days',
       business_now() - interval '4 days' FROM agreed, facts;
