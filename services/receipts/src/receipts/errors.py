"""Refusals of receipts, and the stated reasons of a receipt that could not be made, in ru, kk and en."""

from typing import ClassVar

from common.errors import Refusal


class NotFound(Refusal):
    """There is no such account, receipt or document, or the caller may not see it: the answer is the same."""

    code = "not-found"
    status = 404
    texts: ClassVar[dict[str, str]] = {
        "ru": "Не найдено, или у вас нет к этому доступа.",
        "kk": "Табылмады немесе сізде бұған рұқсат жоқ.",
        "en": "Not found, or not visible to you.",
    }


class NotReady(Refusal):
    """The document is still being made."""

    code = "receipt-not-ready"
    status = 409
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Квитанция ещё готовится. Повторите через секунду.",
        "kk": "Түбіртек әлі дайындалуда. Бір секундтан кейін қайталаңыз.",
        "en": "The receipt is still being made; try again in a second.",
    }


class CannotBeMade(Refusal):
    """The receipt ended as a stated failure; the reason is in its representation."""

    code = "receipt-failed"
    status = 409
    texts: ClassVar[dict[str, str]] = {"ru": "{ru}", "kk": "{kk}", "en": "{en}"}


class TooManyUnfinished(Refusal):
    """The caller has too many receipts in the making."""

    code = "too-many-receipts"
    status = 429
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Слишком много квитанций готовится сразу. Дождитесь их и повторите.",
        "kk": "Бір мезгілде тым көп түбіртек дайындалуда. Оларды күтіп, қайталаңыз.",
        "en": "Too many of your receipts are in the making; wait for them and try again.",
    }


class AskedTooOften(Refusal):
    """The public check was asked too often from one address."""

    code = "too-many-requests"
    status = 429
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Слишком много проверок подряд. Повторите через минуту.",
        "kk": "Қатарынан тым көп тексеру. Бір минуттан кейін қайталаңыз.",
        "en": "Too many checks in a row; try again in a minute.",
    }


class NothingToMake(Refusal):
    """A run has no account to make a receipt for."""

    code = "nothing-to-make"
    texts: ClassVar[dict[str, str]] = {
        "en": "No receipt of {period} is to be made: is the month closed, and has the projection heard its statements? "
        "(Receipts made by an earlier part, unchanged since: {made}.)",
    }


class NoSuchRun(Refusal):
    """There is no such run, or it is done."""

    code = "no-such-run"
    texts: ClassVar[dict[str, str]] = {"en": "No unfinished run of {period} like this; `receipts runs` lists them."}


# Why a receipt failed: those of the ledger's refusals that a resident can understand, and our own.
_REASONS: dict[str, dict[str, str]] = {
    "period-not-open": {
        "ru": "За этот месяц счёта нет: он ещё не начался или был до начала учёта в центре.",
        "kk": "Бұл ай бойынша шот жоқ: ай әлі басталмаған немесе орталықтағы есепке дейін болған.",
        "en": "There is no bill for this month: it has not begun, or it was before the take-over.",
    },
    "period-closed": {
        "ru": "Месяц только что закрыт, счёт ещё готовится. Запросите квитанцию через минуту.",
        "kk": "Ай жаңа ғана жабылды, шот әлі дайындалуда. Түбіртекті бір минуттан кейін сұраңыз.",
        "en": "The month was closed a moment ago and its statement is on the way; ask again in a minute.",
    },
    "unknown-account": {
        "ru": "По этому счёту ещё ничего не начислено.",
        "kk": "Бұл шот бойынша әлі ештеңе есептелмеген.",
        "en": "Nothing was charged to this account yet.",
    },
    "no-access": {
        "ru": "Доступ к счёту прекращён.",
        "kk": "Шотқа қол жеткізу тоқтатылған.",
        "en": "Access to the account has ended.",
    },
    "account-parked": {
        "ru": "Данные счёта уточняются. Мы уже занимаемся этим, попробуйте позже.",
        "kk": "Шот деректері нақтылануда. Біз бұнымен айналысып жатырмыз, кейінірек көріңіз.",
        "en": "The account's data are being repaired; try again later.",
    },
    "no-answer": {
        "ru": "Счёт открытого месяца не удалось получить вовремя. Попробуйте ещё раз.",
        "kk": "Ашық айдың шотын уақытында алу мүмкін болмады. Қайтадан көріңіз.",
        "en": "The statement of the open month did not arrive in time; try again.",
    },
    "render-failed": {
        "ru": "Документ не удалось подготовить. Мы уже знаем об этом, попробуйте позже.",
        "kk": "Құжатты дайындау мүмкін болмады. Біз бұл туралы білеміз, кейінірек көріңіз.",
        "en": "The document could not be made; we know of it, try again later.",
    },
    "too-many-rows": {
        "ru": "В счёте слишком много строк для одного документа.",
        "kk": "Шотта бір құжат үшін жолдар тым көп.",
        "en": "The statement has too many rows for one document.",
    },
    "erased": {
        "ru": "Персональные данные удалены, документ больше не хранится. Запросите квитанцию заново.",
        "kk": "Дербес деректер жойылды, құжат енді сақталмайды. Түбіртекті қайта сұраңыз.",
        "en": "Personal data were erased and the document is gone; ask for it anew.",
    },
}
_UNKNOWN = {
    "ru": "Квитанцию подготовить не удалось ({code}).",
    "kk": "Түбіртекті дайындау мүмкін болмады ({code}).",
    "en": "The receipt could not be made ({code}).",
}


def reason_texts(code: str) -> dict[str, str]:
    """A failure's reason in all languages; an unknown code is named."""
    return _REASONS.get(code) or {language: text.format(code=code) for language, text in _UNKNOWN.items()}
