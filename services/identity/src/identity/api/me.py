"""The resident's own cabinet: profile, password, accounts, activity."""

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from common.web import idempotency
from identity.api import models
from identity.api.access import BEARER, SignedIn, answers, caller, reply
from identity.api.registrations import claim_of
from identity.handlers import cabinet, secrets
from identity.handlers.desk import Desk
from identity.store.accounts import Shown

_NEWEST = 2**62


def blueprint(desk: Desk, signed_in: SignedIn) -> APIBlueprint:
    """The routes."""
    routes = APIBlueprint("me", __name__, url_prefix="/v1/me", abp_security=BEARER)

    @routes.get("", responses=answers(models.Profile, 200, 401), summary="Profile")
    def profile() -> Response:
        return _profile(desk, signed_in().user)

    @routes.patch("", responses=answers(models.Profile, 200, 401), summary="Change the language")
    def change(body: models.ProfileChange) -> Response:
        user_id = signed_in().user
        cabinet.change_language(desk, user_id, body.language)
        return _profile(desk, user_id)

    @routes.put("/password", responses=answers(models.Position, 200, 401, 403, 429), summary="Change the password")
    def password(body: models.PasswordChange) -> Response:
        resident = signed_in()
        given = (body.current_password, body.password, body.password_again)
        return reply(models.Position(position=secrets.change(desk, resident.user, resident.session, *given).position))

    @routes.get("/accounts", responses=answers(models.Accounts, 200, 401), summary="Linked accounts")
    def linked() -> Response:
        shown = cabinet.linked(desk, signed_in().user)
        return reply(models.Accounts(accounts=[_account(account) for account in shown]))

    @routes.post("/accounts", responses=answers(models.AddedAccount, 201, 401, 409), summary="Add an account by proof")
    def add(body: models.NewAccount) -> Response:
        resident, (key, digest) = signed_in(), idempotency()
        claim = claim_of(body.last_payment_amount, body.last_payment_date)
        request = cabinet.Request(body.account, claim, body.nickname, key, digest)
        made = cabinet.add(desk, resident.user, request, caller())
        answer = reply(models.AddedAccount(account=_account(made.account), position=made.position), 201)
        answer.headers["Location"] = f"/v1/me/accounts/{made.account.number}"
        return answer

    @routes.patch("/accounts/<number>", responses=answers(models.Account, 200, 401, 404), summary="Change the nickname")
    def rename(path: models.AccountPath, body: models.AccountChange) -> Response:
        return reply(_account(cabinet.rename(desk, signed_in().user, path.number, body.nickname)))

    @routes.delete("/accounts/<number>", responses=answers(models.Position, 200, 401, 404), summary="Remove an account")
    def remove(path: models.AccountPath) -> Response:
        return reply(models.Position(position=cabinet.remove(desk, signed_in().user, path.number).position))

    @routes.get("/activity", responses=answers(models.Activity, 200, 401), summary="What happened in my cabinet")
    def activity(query: models.Page) -> Response:
        entries = cabinet.history(desk, signed_in().user, query.after or _NEWEST, query.limit)
        following = entries[-1].id if len(entries) == query.limit else None
        listed = [models.Entry(**entry._asdict()) for entry in entries]
        return reply(models.Activity(entries=listed, next=following))

    return routes


def _profile(desk: Desk, user_id: str) -> Response:
    person = cabinet.profile(desk, user_id)
    return reply(
        models.Profile(
            user=person.user_id,
            user_name=person.user_name,
            email=person.email,
            language=person.language,  # type: ignore[arg-type]  # the registration form took only these
            position=f"user/{person.user_id}@{person.version}",
        )
    )


def _account(shown: Shown) -> models.Account:
    return models.Account.model_validate(shown._asdict())
