"""What becomes of each charge of a run, drawn from its seed."""

from __future__ import annotations

from tests.crash.harness.plan import Plan

# What becomes of a customer's charge besides being charged: its share of all of them, at least one of each.
_SHARES = {
    "declined": 0.04,
    "refused": 0.01,
    "unlinks": 0.03,
    "withdraws": 0.03,
    "pays": 0.04,
    "leaves": 0.01,
    "unlinks_lost": 0.002,
    "unlinks_arrived": 0.002,
    "pays_in_doubt": 0.002,
}
# Each point of a look-up in the list, and of a checkout, takes a death of its own.
_AT_LEAST = {"unlinks_lost": 3, "unlinks_arrived": 3, "pays": 10, "leaves": 4, "refused": 5, "pays_in_doubt": 3}
ACTING = ("refused", "unlinks", "withdraws", "pays", "leaves", "unlinks_lost", "unlinks_arrived", "pays_in_doubt")


def draw_fates(plan: Plan) -> list[str]:
    """What becomes of each charge, in the order in which they fall due."""
    fates: list[str] = []
    for fate, share in _SHARES.items():
        fates += [fate] * max(_AT_LEAST.get(fate, 1), round(plan.charges * share))
    fates += ["plain"] * (plan.charges - len(fates))
    plan.chance("fates").shuffle(fates)
    return fates
