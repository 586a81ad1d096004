"""Registration and forgotten passwords: what works without being signed in."""

from datetime import date

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from common.money import BadAmount, parse_typed_amount
from identity.api import models
from identity.api.access import answers, caller, reply
from identity.domain.proof import Claim
from identity.errors import BadPaymentAmount
from identity.handlers import registration, secrets
from identity.handlers.desk import Desk


def claim_of(amount: str, day: date | None) -> Claim:
    """What a resident typed as proof; raises BadPaymentAmount."""
    try:
        return Claim(parse_typed_amount(amount), day)
    except BadAmount as error:
        raise BadPaymentAmount(field="/last_payment_amount") from error


def blueprint(desk: Desk) -> APIBlueprint:
    """The routes."""
    routes = APIBlueprint("registrations", __name__, url_prefix="/v1")

    @routes.post("/registrations", responses=answers(models.Accepted, 202, 409), summary="Register")
    def register(body: models.Registration) -> Response:
        claim = claim_of(body.last_payment_amount, body.last_payment_date)
        form = registration.Form(
            body.user_name, body.email, body.password, body.password_again, body.language, body.account, claim
        )
        registration.register(desk, form, caller())
        return reply(models.Accepted(), 202)

    @routes.post("/registrations/confirm", responses=answers(models.Opened, 200), summary="Confirm the e-mail")
    def confirm(body: models.Token) -> Response:
        opened = registration.confirm(desk, body.token)
        return reply(models.Opened(position=opened.position, accounts=sorted(opened.accounts)))

    @routes.post("/registrations/resend", responses=answers(models.Accepted, 202), summary="Send the mail again")
    def resend(body: models.Address) -> Response:
        registration.resend(desk, body.email)
        return reply(models.Accepted(), 202)

    @routes.post("/password-resets", responses=answers(models.Accepted, 202), summary="Ask for a new password")
    def ask_reset(body: models.Address) -> Response:
        secrets.ask_reset(desk, body.email)
        return reply(models.Accepted(), 202)

    @routes.post("/password-resets/confirm", responses=answers(None, 204), summary="Choose a new password")
    def reset(body: models.NewPassword) -> Response:
        secrets.reset(desk, body.token, body.password, body.password_again)
        return Response(status=204)

    return routes
