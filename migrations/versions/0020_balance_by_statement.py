"""What is posted balances in the statement that writes it: asked once for all its entries, not at the commit for each."""

from __future__ import annotations

from alembic import op

revision = "0020_balance_by_statement"
down_revision = "0019_lighter_payments"
branch_labels = None
depends_on = None

# Without a look at the table: what is there already balances, and no plan of a small table serves a large one.
BALANCED = """
CREATE OR REPLACE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT transaction_id INTO wrong FROM added GROUP BY transaction_id HAVING sum(kopecks) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger transaction % does not sum to zero', wrong;
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("DROP TRIGGER ledger_sums_to_zero ON ledger_entries")
    op.execute(BALANCED)
    op.execute(
        "CREATE TRIGGER ledger_sums_to_zero AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced()"
    )
