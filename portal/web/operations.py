"""Addresses for machines: alive, ready, measured. They hold no personal data."""

from __future__ import annotations

from ipaddress import ip_address

from fastapi import Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from kernel.db import ReadSession, read
from kernel.outbox import UNDELIVERED, UNDISPATCHED, Delivery, OutboxMessage
from kernel.settings import get_settings
from payments.charging.models import LIVE, Payment
from payments.webhooks.models import InboundWebhook
from portal.checks import unready
from portal.notifications.models import Message
from portal.web.kit.proxy import client_ip
from portal.web.kit.routing import Router

router = Router(include_in_schema=False)


@router.get("/healthz")
async def show_health() -> PlainTextResponse:
    """This process answers, whoever waits for what."""
    return PlainTextResponse("ok")


@router.get("/readyz")
def show_readiness() -> JSONResponse:
    """200 when migrated, with a beating scheduler and relay and, in demo, seeded; else 503 with what is missing."""
    try:
        with read() as session:
            missing = unready(session)
    except SQLAlchemyError:
        missing = ["database"]
    return JSONResponse({"ready": not missing, "missing": missing}, status_code=503 if missing else 200)


@router.get("/metrics")
def show_metrics(request: Request) -> Response:
    """Counts of rows by state, in Prometheus' format; in live mode only for callers on this machine or network."""
    if get_settings().mode == "live" and not _is_internal(client_ip(request)):
        return PlainTextResponse("not found", status_code=404)
    with read() as session:
        registry = _measure(session)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _is_internal(ip: str) -> bool:
    try:
        return ip_address(ip).is_private
    except ValueError:
        return False


def _measure(session: ReadSession) -> CollectorRegistry:
    registry = CollectorRegistry()
    live = Gauge("kabinet_payments_live", "Payments that are not final", ["status"], registry=registry)
    for status, count in session.execute(
        select(Payment.status, func.count()).where(Payment.status.in_(LIVE)).group_by(Payment.status)
    ):
        live.labels(status).set(count)
    waiting = Gauge("kabinet_waiting", "Rows that wait to be worked off", ["queue"], registry=registry)
    for queue, statement in (
        ("outbox", select(func.count()).select_from(OutboxMessage).where(UNDISPATCHED.where)),
        ("deliveries", select(func.count()).select_from(Delivery).where(UNDELIVERED.where)),
        ("webhooks", select(func.count()).select_from(InboundWebhook).where(InboundWebhook.status == "new")),
        ("letters", select(func.count()).select_from(Message).where(Message.status.in_(("queued", "uncertain")))),
    ):
        waiting.labels(queue).set(session.execute(statement).scalar_one())
    return registry
