"""What the payer's card does to a payment on the hosted form."""

from __future__ import annotations

from sandbox.world import World
from sandbox.yookassa import payments
from sandbox.yookassa.bindings import describe_card
from sandbox.yookassa.cards import CardForm
from sandbox.yookassa.reasons import WORDS
from sandbox.yookassa.records import Method, Payment
from sandbox.yookassa.shops import Shop


def pay_with_card(
    world: World, shop: Shop, payment: Payment, form: CardForm, *, save: bool, confirmed: bool
) -> str | None:
    """Try the card: None when the money is taken or held, else the decline in Russian words.

    `save`: the payer's own choice, which counts only where the shop left it open. `confirmed`: by 3-D Secure.
    """
    card = form.card
    if card.reason:
        return decline(world, shop, payment, form, card.reason, card.party)
    saved = payment.saving == "always" or (payment.saving == "ask" and save)
    _attach(world, payment, form, saved=saved)
    payment.details["authorization_details"] = payments.authorized(confirmed)
    payments.accept(world, shop, payment, world.now())
    return None


def decline(world: World, shop: Shop, payment: Payment, form: CardForm, reason: str, party: str | None = None) -> str:
    """The bank says no: the payer may try again, or, where the shop wants so, the payment is canceled."""
    if not shop.form_retries:
        _attach(world, payment, form, saved=False)
        payments.cancel(world, shop, payment, reason, party)
    return WORDS.get(reason, reason)


def _attach(world: World, payment: Payment, form: CardForm, *, saved: bool) -> None:
    """The method gets the payment's own id."""
    method = Method(
        id=payment.id,
        shop_id=payment.shop_id,
        status="active" if saved else "inactive",
        created_at=world.now(),
        idempotence_key=payment.idempotence_key,
        saved=saved,
        details=describe_card(form),
    )
    method.save(world.store)
    payment.method_id = method.id
