-- A company of :payments payments over two years, ten to a contract, one contract to a customer.
-- Keys are ordered by time, as the product's own are.
CREATE FUNCTION pg_temp.key(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8000' || lpad(to_hex(n), 12, '0'))::uuid
$$;
CREATE TEMP TABLE facts ON COMMIT DROP AS
SELECT (SELECT id FROM legal_entities LIMIT 1) AS entity_id,
       (SELECT id FROM shops LIMIT 1) AS shop_id,
       :payments::bigint AS payments,
       greatest(:payments::bigint / 10, 1) AS contracts,
       business_now() - interval '730 days' AS since;

INSERT INTO customers (id, kind, name, email, phone, inn, created_at)
SELECT pg_temp.key(1, c),
       CASE WHEN c % 10 = 0 THEN 'company' ELSE 'person' END,
       CASE WHEN c % 10 = 0 THEN 'ООО «Вектор-' || c || '»'
            ELSE (ARRAY['Ковалёв','Орлов','Савин','Гущин','Лебедев','Насыров','Фролов','Тарасов','Ильин','Белов',
                        'Юдин','Ершов','Майоров','Зайцев','Лаптев','Дорохов','Кротов','Шилов','Носов','Жук'])[1 + c % 20]
              || ' ' || (ARRAY['Анна','Павел','Алёна','Мария','Иван','Ольга','Тимур','Ирина','Антон','Нина','Глеб',
                               'Вера','Роман'])[1 + c % 13] || ' ' || c END,
       'client' || c || '@example.com',
       '+7916' || lpad(c::text, 7, '0'),
       CASE WHEN c % 10 = 0 THEN lpad((7700000000 + c)::text, 10, '0') END,
       f.since
FROM facts f, generate_series(1, f.contracts) c;

INSERT INTO contracts (id, number, title, customer_id, legal_entity_id, shop_id, status, advance, created_at)
SELECT pg_temp.key(2, c), '2025-' || lpad(c::text, greatest(4, length(c::text)), '0'), 'Обслуживание', pg_temp.key(1, c), f.entity_id, f.shop_id,
       'active', 'by_calendar', f.since
FROM facts f, generate_series(1, f.contracts) c;

INSERT INTO payment_plans (id, contract_id, kind, kopecks, period_unit, period_count, anchor_on, created_at)
SELECT pg_temp.key(3, c), pg_temp.key(2, c), 'recurring', 100000 + c % 5000000, 'month', 1, f.since::date, f.since
FROM facts f, generate_series(1, f.contracts) c;

INSERT INTO payment_methods (id, customer_id, shop_id, gateway_id, kind, title, last4, expiry_year, expiry_month, created_at)
SELECT pg_temp.key(4, c), pg_temp.key(1, c), f.shop_id, 'm-' || c, 'bank_card', 'Bank card', lpad((c % 10000)::text, 4, '0'),
       2030, 12, f.since
FROM facts f, generate_series(1, f.contracts) c;

INSERT INTO consents (customer_id, contract_id, kind, action, text_version, text, text_sha256, shown, max_kopecks, at)
SELECT pg_temp.key(1, c), pg_temp.key(2, c), 'recurring', 'given', '1', 'Согласен', '-', '{}', 10000000, f.since
FROM facts f, generate_series(1, f.contracts) c;

INSERT INTO autopays (id, contract_id, customer_id, consent_id, method_id, max_kopecks, status, created_at, changed_at)
SELECT pg_temp.key(5, c), pg_temp.key(2, c), pg_temp.key(1, c),
       (SELECT id FROM consents WHERE contract_id = pg_temp.key(2, c)), pg_temp.key(4, c), 10000000, 'active',
       f.since, f.since
FROM facts f, generate_series(1, f.contracts) c;

-- Payment n is line n / contracts of contract 1 + n % contracts; nine of ten succeed, the last few are under way.
CREATE TEMP TABLE lines ON COMMIT DROP AS
SELECT n, 1 + n % f.contracts AS c, n / f.contracts AS line,
       CASE WHEN n >= f.payments - 5 THEN 'pending' WHEN n % 100 < 90 THEN 'succeeded' ELSE 'canceled' END AS status,
       100000 + (n * 7919) % 6000000 AS kopecks,
       f.since + (interval '730 days') * (n::float8 / f.payments) AS at,
       n >= f.payments * 0.98 AS recent
FROM facts f, generate_series(0, f.payments - 1) n;

INSERT INTO installments (id, contract_id, plan_id, number, due_on, period_start, period_end, kopecks, status, issue_at, created_at)
SELECT pg_temp.key(6, n), pg_temp.key(2, c), pg_temp.key(3, c), line, at::date, f.since::date + (72 * line)::int,
       f.since::date + (72 * (line + 1))::int, kopecks, CASE WHEN status = 'succeeded' THEN 'paid' ELSE 'invoiced' END, at, at
FROM facts f, lines;

INSERT INTO invoices (id, number, legal_entity_id, customer_id, contract_id, installment_id, kopecks, due_on, purpose, status,
                      created_at, paid_at)
SELECT pg_temp.key(7, n), '2025-' || lpad(n::text, greatest(4, length(n::text)), '0'), f.entity_id, pg_temp.key(1, c), pg_temp.key(2, c),
       pg_temp.key(6, n), kopecks, at::date, 'Обслуживание',
       CASE WHEN status = 'succeeded' THEN 'paid' WHEN recent THEN 'open' ELSE 'written_off' END, at,
       CASE WHEN status = 'succeeded' THEN at END
FROM facts f, lines;

INSERT INTO notices (id, installment_id, method_id, kopecks, charge_on, created_at, sent_at)
SELECT pg_temp.key(8, n), pg_temp.key(6, n), pg_temp.key(4, c), kopecks, at::date, at - interval '3 days', at - interval '3 days'
FROM lines;

INSERT INTO payments (id, number, invoice_id, customer_id, contract_id, shop_id, autopay_id, method_id, notice_id, initiator,
                      kopecks, currency, status, key, body, gateway_id, saves_method, sends, checks, reason, paid_with, last4,
                      created_at, decided_at)
SELECT pg_temp.key(9, n), nextval('payment_numbers'), pg_temp.key(7, n), pg_temp.key(1, c), pg_temp.key(2, c), f.shop_id,
       CASE WHEN line > 0 THEN pg_temp.key(5, c) END, CASE WHEN line > 0 THEN pg_temp.key(4, c) END,
       CASE WHEN line > 0 THEN pg_temp.key(8, n) END, CASE WHEN line > 0 THEN 'schedule' ELSE 'customer' END,
       kopecks, 'RUB', status, md5('key' || n)::uuid, repeat('{"amount": "1.00"}', 30), md5(n::text)::uuid::text, false, 1, 0,
       CASE WHEN status = 'canceled' THEN 'insufficient_funds' END, 'bank_card', lpad((c % 10000)::text, 4, '0'),
       at, CASE WHEN status <> 'pending' THEN at + interval '5 seconds' END
FROM facts f, lines ORDER BY n;

INSERT INTO allocations (payment_id, invoice_id, kopecks, created_at)
SELECT pg_temp.key(9, n), pg_temp.key(7, n), kopecks, at FROM lines WHERE status = 'succeeded';

INSERT INTO status_history (object_kind, object_id, old, new, source, at)
SELECT 'payment', pg_temp.key(9, n), 'sending', status, 'answer', at FROM lines ORDER BY n;

INSERT INTO messages (id, kind, dedupe_key, customer_id, payment_id, recipient, subject, text_body, html_body, status, tries,
                      next_try_at, created_at, sent_at)
SELECT pg_temp.key(10, n), 'payment_succeeded', 'bench:' || n, pg_temp.key(1, c), pg_temp.key(9, n),
       'client' || c || '@example.com', 'Оплата прошла', 'Оплата прошла', '<p>Оплата прошла</p>', 'sent', 1, at, at, at
FROM lines;
