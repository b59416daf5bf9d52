"""Everything about money: who owes what, who agreed to what, what was asked of the gateway and what came of it."""
