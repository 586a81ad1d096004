"""Registration, forgotten passwords, links of letters: what works without being signed in."""

from flask import Response

from common.money import BadAmount, parse_typed_amount
from common.web import Routes
from identity.api import models
from identity.api.access import answers, caller, reply
from identity.domain.proof import Claim
from identity.errors import BadPaymentAmount, ProofMissing
from identity.handlers import cabinet, email, notices, registration, secrets
from identity.handlers.desk import Desk
from identity.store.notices import Notice

UNSUBSCRIPTIONS = "/v1/unsubscriptions"


def claim_of(form: models.Registration | models.NewAccount) -> Claim:
    """What a resident typed as proof; raises BadPaymentAmount, ProofMissing."""
    amount, code = form.last_payment_amount, form.one_time_code
    if (amount is None) == (code is None):
        raise ProofMissing(field="/last_payment_amount")
    if amount is None:
        return Claim(code=code)
    try:
        return Claim(parse_typed_amount(amount), form.last_payment_date)
    except BadAmount as error:
        raise BadPaymentAmount(field="/last_payment_amount") from error


def blueprint(desk: Desk) -> Routes:
    """The routes."""
    routes = Routes("registrations", __name__, url_prefix="/v1")
    _registrations(routes, desk)
    _addresses(routes, desk)
    _notices(routes, desk)
    _passwords(routes, desk)
    return routes


def _registrations(routes: Routes, desk: Desk) -> None:
    @routes.post("/registrations", responses=answers(models.Accepted, 202, 409), summary="Register")
    def register(body: models.Registration) -> Response:
        claim = claim_of(body)
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


def _addresses(routes: Routes, desk: Desk) -> None:
    @routes.post("/email-changes/confirm", responses=answers(models.Position, 200), summary="Confirm another e-mail")
    def confirm_email(body: models.Token) -> Response:
        return reply(models.Position(position=email.confirm(desk, body.token).position))

    @routes.post("/email-changes/undo", responses=answers(models.Position, 200), summary="Take the old e-mail back")
    def undo_email(body: models.Token) -> Response:
        return reply(models.Position(position=email.undo(desk, body.token).position))


def _notices(routes: Routes, desk: Desk) -> None:
    @routes.get("/link-notices/<token>", responses=answers(models.LinkNotice, 200), summary="Who else has my account?")
    def notice(path: models.NoticePath) -> Response:
        return _notice(notices.question(desk, path.token))

    @routes.post("/link-notices/<token>", responses=answers(models.LinkNotice, 200), summary="I know them, or not me")
    def answer_notice(path: models.NoticePath, body: models.NoticeAnswer) -> Response:
        return _notice(notices.answer(desk, path.token, body.answer))

    @routes.post("/unsubscriptions", responses=answers(None, 204), summary="End the notices a letter came under")
    def unsubscribe(query: models.LinkToken) -> Response:
        """One click of a mail program (RFC 8058) posts a form here; what is in it is not read."""
        cabinet.unsubscribe(desk, query.token)
        return Response(status=204)


def _passwords(routes: Routes, desk: Desk) -> None:
    @routes.post("/password-resets", responses=answers(models.Accepted, 202), summary="Ask for a new password")
    def ask_reset(body: models.Address) -> Response:
        secrets.ask_reset(desk, body.email)
        return reply(models.Accepted(), 202)

    @routes.post("/password-resets/confirm", responses=answers(None, 204), summary="Choose a new password")
    def reset(body: models.NewPassword) -> Response:
        secrets.reset(desk, body.token, body.password, body.password_again)
        return Response(status=204)


def _notice(found: tuple[Notice, str]) -> Response:
    notice, number = found
    return reply(models.LinkNotice(account=number, linked_at=notice.linked_at, answer=notice.answer))
