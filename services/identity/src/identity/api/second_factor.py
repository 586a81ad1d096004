"""The second factor: set up, confirm, renew recovery codes, take off."""

from flask import Response

from common.web import Routes
from identity.api import models
from identity.api.access import BEARER, SignedIn, answers, nothing, reply
from identity.handlers import second_factor
from identity.handlers.desk import Desk

_PROBLEMS = (401, 403, 409, 429)


def blueprint(desk: Desk, signed_in: SignedIn) -> Routes:
    """The routes."""
    routes = Routes("second_factor", __name__, url_prefix="/v1/me/second-factor", abp_security=BEARER)

    @routes.post("", responses=answers(models.SecondFactorSetup, 200, *_PROBLEMS), summary="Begin to set it up")
    def begin(body: models.CurrentPassword) -> Response:
        made = second_factor.begin(desk, signed_in().user, body.current_password)
        return reply(models.SecondFactorSetup(secret=made.secret, uri=made.uri))

    @routes.post("/confirm", responses=answers(models.RecoveryCodes, 200, *_PROBLEMS), summary="Turn it on")
    def confirm(body: models.Code) -> Response:
        return reply(models.RecoveryCodes(recovery_codes=second_factor.confirm(desk, signed_in().user, body.code)))

    @routes.post(
        "/recovery-codes", responses=answers(models.RecoveryCodes, 200, *_PROBLEMS), summary="New recovery codes"
    )
    def renew(body: models.Code) -> Response:
        return reply(models.RecoveryCodes(recovery_codes=second_factor.renew_codes(desk, signed_in().user, body.code)))

    @routes.post("/remove", responses=answers(None, 204, *_PROBLEMS), summary="Take it off")
    def remove(body: models.SecondFactorRemoval) -> Response:
        second_factor.remove(desk, signed_in().user, body.current_password, body.code)
        return nothing()

    return routes
