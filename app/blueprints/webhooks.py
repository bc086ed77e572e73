"""Where gateways tell us what happened. Their signature stands in for a session, a token and an origin."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request

from app.errors import BadSignature, DomainError, NotFound
from app.services.payments import take_webhook
from app.web.extensions import csrf
from app.web.guards import public

webhooks = Blueprint("webhooks", __name__)
csrf.exempt(webhooks)
log = structlog.get_logger(__name__)

MAX_BYTES = 64 * 1024


@webhooks.post("/webhooks/<gateway>")
@public
def receive(gateway: str) -> Response:
    """200 once the message has had its effect, 400 if it is not to be believed, 500 to be told again."""
    request.max_content_length = MAX_BYTES
    try:
        outcome = take_webhook(gateway, request.get_data(), dict(request.headers))
    except BadSignature as problem:
        log.warning("webhook_refused", gateway=gateway, why=problem.message)
        return _say(problem.message, 400)
    except NotFound as problem:
        return _say(problem.message, 404)
    except DomainError as problem:
        log.error("webhook_failed", gateway=gateway, code=problem.code)
        return _say("Please tell us again.", 500)
    return _say(outcome, 200)


def _say(words: str, status: int) -> Response:
    return Response(f"{words}\n", status, content_type="text/plain; charset=utf-8")
