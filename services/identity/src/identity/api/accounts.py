"""The accounts of the cabinet."""

from flask import Response

from common.web import Routes, idempotency
from identity.api import models
from identity.api.access import BEARER, SignedIn, answers, caller, reply
from identity.api.registrations import claim_of
from identity.handlers import cabinet
from identity.handlers.desk import Desk
from identity.store.accounts import Shown


def blueprint(desk: Desk, signed_in: SignedIn) -> Routes:
    """The routes."""
    routes = Routes("accounts", __name__, url_prefix="/v1/me/accounts", abp_security=BEARER)

    @routes.get("", responses=answers(models.Accounts, 200, 401), summary="Linked accounts")
    def linked() -> Response:
        shown = cabinet.linked(desk, signed_in().user)
        return reply(models.Accounts(accounts=[_account(account) for account in shown]))

    @routes.post("", responses=answers(models.AddedAccount, 201, 401, 409), summary="Add an account by proof")
    def add(body: models.NewAccount) -> Response:
        resident, (key, digest) = signed_in(), idempotency()
        claim = claim_of(body)
        request = cabinet.Request(body.account, claim, body.nickname, key, digest)
        made = cabinet.add(desk, resident.user, request, caller())
        answer = reply(models.AddedAccount(account=_account(made.account), position=made.position), 201)
        answer.headers["Location"] = f"/v1/me/accounts/{made.account.number}"
        return answer

    @routes.patch("/<number>", responses=answers(models.Account, 200, 401, 404), summary="Change the nickname")
    def rename(path: models.AccountPath, body: models.AccountChange) -> Response:
        return reply(_account(cabinet.rename(desk, signed_in().user, path.number, body.nickname)))

    @routes.delete("/<number>", responses=answers(models.Position, 200, 401, 404), summary="Remove an account")
    def remove(path: models.AccountPath) -> Response:
        return reply(models.Position(position=cabinet.remove(desk, signed_in().user, path.number).position))

    return routes


def _account(shown: Shown) -> models.Account:
    return models.Account.model_validate(shown._asdict())
