"""What a reader may be refused, in ru, kk and en."""

from typing import ClassVar

from common.errors import Refusal


class AccountNotFound(Refusal):
    """The account does not exist or is not linked to the caller: one answer for both."""

    code = "account-not-found"
    status = 404
    texts: ClassVar[dict[str, str]] = {
        "ru": "Лицевой счёт не найден среди ваших счетов.",
        "kk": "Дербес шот сіздің шоттарыңыздың арасынан табылмады.",
        "en": "There is no such account among yours.",
    }


class PeriodNotFound(Refusal):
    """The account has no such month: before its first or after the open ones."""

    code = "period-not-found"
    status = 404
    texts: ClassVar[dict[str, str]] = {
        "ru": "За этот расчётный период счёта нет.",
        "kk": "Бұл есептік кезең үшін шот жоқ.",
        "en": "There is no statement for this period.",
    }


class MeterNotFound(Refusal):
    """The account never had such a meter."""

    code = "meter-not-found"
    status = 404
    texts: ClassVar[dict[str, str]] = {
        "ru": "Такого прибора учёта на этом лицевом счёте нет.",
        "kk": "Бұл дербес шотта мұндай есептегіш жоқ.",
        "en": "This account has no such meter.",
    }


class BrokenCursor(Refusal):
    """`after` is not what an earlier page gave as `next`."""

    code = "broken-cursor"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Параметр after не взят из поля next предыдущей страницы.",
        "kk": "after параметрі алдыңғы беттің next өрісінен алынбаған.",
        "en": "`after` must be the `next` of an earlier page.",
    }


class NotParked(Refusal):
    """An operator names an account or a user that does not stand still."""

    code = "not-parked"
    status = 409
    texts: ClassVar[dict[str, str]] = {
        "ru": "{key}: учёт не остановлен.",
        "kk": "{key}: есеп тоқтатылмаған.",
        "en": "{key} is not parked.",
    }


class GapIsNoFact(Refusal):
    """A gap has no fact that could be passed over: what is missing must be published again."""

    code = "gap-is-no-fact"
    status = 409
    texts: ClassVar[dict[str, str]] = {
        "ru": "{key}: не хватает факта {sequence}; его нужно опубликовать заново, пропустить его нельзя.",
        "kk": "{key}: {sequence} фактісі жетіспейді; оны қайта жариялау керек, аттап өтуге болмайды.",
        "en": "{key} misses fact {sequence}: publish it again from the event store; it cannot be passed over.",
    }


class BadOperatorKey(Refusal):
    """A command that changes something needs a live operator's key in OPERATOR_KEY."""

    code = "operator-key-required"
    status = 401
    texts: ClassVar[dict[str, str]] = {
        "ru": "Нужен действующий ключ оператора в OPERATOR_KEY.",
        "kk": "OPERATOR_KEY ішінде оператордың жарамды кілті қажет.",
        "en": "Put a live operator's key (`provider_sync operators issue`) in OPERATOR_KEY or OPERATOR_KEY_FILE.",
    }


class BadAgentKey(Refusal):
    """The call is for payment agents, and there is no live key of one that may ask what is due."""

    code = "agent-key-required"
    status = 401
    texts: ClassVar[dict[str, str]] = {
        "ru": "Нужен действующий ключ платёжного агента с правом due.",
        "kk": "due құқығы бар төлем агентінің жарамды кілті қажет.",
        "en": "Send `Authorization: Bearer <key id>.<secret>` with a live payment agent's key that has the scope due.",
    }


class DirectoryStale(Refusal):
    """Our copy of the keys may miss a revocation, so nobody is let in by it."""

    code = "directory-stale"
    status = 503
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Список ключей давно не обновлялся. Повторите через несколько секунд.",
        "kk": "Кілттер тізімі көптен жаңартылмаған. Бірнеше секундтан кейін қайталаңыз.",
        "en": "Our copy of the keys has not been refreshed for too long; try again in some seconds.",
    }
