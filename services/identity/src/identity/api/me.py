"""The resident's own cabinet: profile, password, e-mail, notices, activity, and its end."""

from flask import Response

from common.web import Routes
from identity.api import models
from identity.api.access import BEARER, SignedIn, answers, reply
from identity.handlers import cabinet, closing, second_factor, secrets
from identity.handlers import email as email_change
from identity.handlers.desk import Desk
from identity.store.notices import BY_DEFAULT, Kind

_NEWEST = 2**62


def blueprint(desk: Desk, signed_in: SignedIn) -> Routes:
    """The routes."""
    routes = Routes("me", __name__, url_prefix="/v1/me", abp_security=BEARER)

    @routes.get("", responses=answers(models.Profile, 200, 401), summary="Profile")
    def profile() -> Response:
        return _profile(desk, signed_in().user)

    @routes.patch("", responses=answers(models.Profile, 200, 401), summary="Change language and notices")
    def change(body: models.ProfileChange) -> Response:
        user_id = signed_in().user
        if body.language is not None:
            cabinet.change_language(desk, user_id, body.language)
        if wanted := _wanted(body.notices):
            cabinet.choose_notices(desk, user_id, wanted)
        return _profile(desk, user_id)

    @routes.delete("", responses=answers(models.Position, 200, 401, 403, 429), summary="Close the cabinet")
    def close(body: models.CurrentPassword) -> Response:
        after = closing.close(desk, signed_in().user, body.current_password)
        return reply(models.Position(position=after.position))

    @routes.put("/email", responses=answers(models.Accepted, 202, 401, 403, 429), summary="Ask for another e-mail")
    def email(body: models.EmailChange) -> Response:
        email_change.ask_change(desk, signed_in().user, body.current_password, body.email)
        return reply(models.Accepted(), 202)

    @routes.put("/password", responses=answers(models.Position, 200, 401, 403, 429), summary="Change the password")
    def password(body: models.PasswordChange) -> Response:
        resident = signed_in()
        given = (body.current_password, body.password, body.password_again)
        return reply(models.Position(position=secrets.change(desk, resident.user, resident.session, *given).position))

    @routes.get("/activity", responses=answers(models.Activity, 200, 401), summary="What happened in my cabinet")
    def activity(query: models.Page) -> Response:
        entries = cabinet.history(desk, signed_in().user, query.after or _NEWEST, query.limit)
        following = entries[-1].id if len(entries) == query.limit else None
        listed = [models.Entry(**entry._asdict()) for entry in entries]
        return reply(models.Activity(entries=listed, next=following))

    return routes


def _wanted(change: models.NoticesChange | None) -> dict[Kind, bool]:
    given = change.model_dump(exclude_none=True) if change else {}
    return {kind: given[name] for kind in BY_DEFAULT if (name := kind.replace("-", "_")) in given}


def _profile(desk: Desk, user_id: str) -> Response:
    person, chosen = cabinet.profile(desk, user_id), cabinet.chosen_notices(desk, user_id)
    factor_on, codes_left = second_factor.standing(desk, user_id)
    return reply(
        models.Profile(
            user=person.user_id,
            user_name=person.user_name,
            email=person.email,
            language=person.language,  # type: ignore[arg-type]  # the registration form took only these
            notices=models.Notices(**{kind.replace("-", "_"): wanted for kind, wanted in chosen.items()}),
            second_factor=factor_on,
            recovery_codes_left=codes_left,
            position=f"user/{person.user_id}@{person.version}",
        )
    )
