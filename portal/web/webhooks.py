"""Notifications of the gateway come in here: checked for their origin, stored, answered. No Redis, no foreign call."""

from __future__ import annotations

import json
import secrets
from ipaddress import ip_address, ip_network
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.responses import PlainTextResponse

from kernel import log
from kernel.clock import business_now
from kernel.db import begin
from kernel.fault import fault
from kernel.settings import Settings, get_settings
from payments.webhooks.intake import NotANotification, take_in
from payments.webhooks.refusing import Reason, note_refusal
from portal.web.kit.proxy import client_ip
from portal.web.kit.routing import Router

_log = log.get(__name__)
router = Router()


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post("/webhooks/yookassa/{secret}", name="webhooks.yookassa")
def receive_yookassa(request: Request, secret: str, body: Annotated[bytes, Depends(_body)]) -> PlainTextResponse:
    """Store one notification. An empty secret in the settings switches this address off."""
    settings, ip = get_settings(), client_ip(request)
    if not settings.yookassa_webhook_secret or not secrets.compare_digest(
        secret.encode(), settings.yookassa_webhook_secret.encode()
    ):
        _note_refusal("secret", ip)
        raise HTTPException(404)
    if not _may_come_from(ip, settings):
        _log.warning("webhook.foreign_address")
        _note_refusal("address", ip)
        raise HTTPException(404)
    try:
        with begin() as session:
            take_in(session, json.loads(body), ip=ip)
            fault("webhook.before_intake")
        fault("webhook.after_intake")
    except (NotANotification, ValueError, RecursionError) as error:
        _log.warning("webhook.unreadable", field=str(error)[:40])
        _note_refusal("body", ip)
        return PlainTextResponse(f"not a notification: {error}"[:200], status_code=400)
    return PlainTextResponse("ok")


def _note_refusal(reason: Reason, ip: str) -> None:
    with begin() as session:
        note_refusal(session, reason, ip=ip, now=business_now(session))


def _may_come_from(ip: str, settings: Settings) -> bool:
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    if settings.mode != "live" and address.is_loopback:
        return True
    return any(address in ip_network(network) for network in settings.yookassa_webhook_ips)
