"""What each check promises, in words: for the page and the command."""

from __future__ import annotations

from portal.web.kit.i18n import lazy_gettext as _

PROMISES: dict[str, str] = {
    "one_success_per_invoice": _("Ни один счёт не оплачен дважды"),
    "one_live_payment_per_invoice": _("По счёту идёт не больше одного платежа"),
    "charge_had_consent": _("Каждое автосписание сделано по действующему согласию и в его пределах"),
    "charge_had_linked_method": _("С отвязанной карты ничего не списано"),
    "charge_was_announced": _("О каждом автосписании предупредили заранее и на эту сумму"),
    "announced_charge_was_made": _("Ни одно объявленное автосписание не забыто"),
    "key_was_young": _("Ни один запрос не повторён позже, чем шлюз помнит его ключ"),
    "outcome_is_known": _("Исход каждого платежа выяснен"),
    "gateway_success_is_posted": _("Всё, что ЮKassa списала для нас, у нас записано"),
    "posting_is_confirmed": _("Всё, что у нас записано, ЮKassa подтверждает"),
    "gateway_took_once": _("По списку ЮKassa ни один счёт не оплачен дважды"),
    "gateway_agrees": _("Суммы и счета у нас и в ЮKassa одни и те же"),
    "consents_are_unchanged": _("Ни одно согласие не изменено и не удалено"),
    "audit_is_unchanged": _("Ни одна запись журнала действий не изменена и не удалена"),
    "ledger_balances": _("Каждая проводка сходится в ноль"),
    "clearing_is_empty": _("Пришедшие деньги разнесены полностью"),
    "success_is_posted": _("Каждый успешный платёж проведён ровно один раз"),
    "posting_has_its_cause": _("За каждой проводкой стоит платёж или счёт"),
    "invoice_is_posted": _("Каждый счёт проведён на свою сумму"),
    "debt_agrees": _("Долг по договору равен долгу в учёте"),
    "advance_agrees": _("Аванс клиента равен авансу в учёте"),
    "allocations_fit": _("В счёт идёт не больше, чем пришло"),
    "paid_is_covered": _("Оплаченный счёт покрыт деньгами, неоплаченный — нет"),
    "line_agrees_with_invoice": _("График и счета говорят одно и то же"),
    "no_period_is_forgotten": _("У каждого действующего договора есть следующий платёж"),
    "periods_never_overlap": _("Ни один период не выставлен дважды"),
    "invoice_numbers_have_no_gaps": _("Номера счетов идут без пропусков"),
    "guards_stand": _("Запреты базы данных на месте"),
    "lists_were_read": _("Списки ЮKassa удаётся прочитать"),
    "letters_have_case": _("База данных различает большие и малые русские буквы"),
    "nothing_waits_too_long": _("Ничто не ждёт дольше своего срока"),
    "crm_shows_the_latest": _("CRM показывает то же, что кабинет"),
}
