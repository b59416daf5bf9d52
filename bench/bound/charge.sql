-- One charge: what is committed before the call, and what is committed after it.
begin;
select nextval('next_charge') as id \gset
update payment set status='charging', claimed_at=now() where id=:id and status='due';
insert into attempt(payment_id,idem) values(:id, gen_random_uuid()) returning id as aid \gset
commit;
begin;
update attempt set ended_at=now(), outcome='succeeded', response='{"id": "2da5c87d-000f-5000-8000-18db351245c7","status": "succeeded","paid": true,"amount": {"value": "490.00","currency": "RUB"}}' where id=:aid;
update payment set status='paid', gateway_id='2da5c87d-000f-5000-8000-18db351245c7', paid_at=now() where id=:id and status='charging';
update invoice set status='paid', paid_at=now() where id=:id;
update schedule set next_at=next_at+interval '1 month', last_payment_id=:id where id=:id;
insert into ledger(payment_id,customer_id,amount,kind) values(:id,:id,490.00,'payment');
insert into outbox(topic,payload) values('payment.paid','{"payment_id": 1,"amount": "490.00"}');
commit;
