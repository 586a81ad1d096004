"""Why one fact was not taken: each reason its own code, said in Russian, Kazakh and English."""

from typing import ClassVar

from common.errors import Refusal
from provider_sync.errors.faults import translated


def said(ru: str, kk: str, en: str) -> dict[str, str]:
    """The texts of a refusal."""
    return {"ru": ru, "kk": kk, "en": en}


class BadRow(Refusal):
    """The row cannot be read as a fact; `reason` says where it breaks (in English: it comes from the reader)."""

    code = "unreadable-row"
    texts: ClassVar[dict[str, str]] = said(
        "Строка не читается: {reason}.", "Жол оқылмайды: {reason}.", "The row cannot be read: {reason}."
    )


class BadField(Refusal):
    """A field is missing, unknown or of another shape than documented."""

    code = "invalid-field"
    texts: ClassVar[dict[str, str]] = said(
        "Поле заполнено неверно: {reason}.",
        "Өріс қате толтырылған: {reason}.",
        "A field is not valid: {reason}.",
    )

    def text(self, language: str = "en") -> str:
        """With what the decoder found, in ru, kk or en."""
        reason = translated(str(self.params["reason"]), language)
        return self.texts.get(language, self.texts["en"]).format(reason=reason)


class AmountInvalid(Refusal):
    """An amount that is no decimal string with two digits, or has the wrong sign."""

    code = "invalid-amount"
    texts: ClassVar[dict[str, str]] = said(
        "Сумма должна быть строкой вида 1234.00 (платёж, льгота и пеня больше нуля).",
        "Сома 1234.00 түріндегі жол болуы керек (төлем, жеңілдік және өсімпұл нөлден үлкен).",
        "An amount is a string like 1234.00 (payments, benefits and penalties above zero).",
    )


class PeriodInvalid(Refusal):
    """A month that is none."""

    code = "invalid-period"
    texts: ClassVar[dict[str, str]] = said(
        "Месяц указывается как 2026-10.",
        "Ай 2026-10 түрінде көрсетіледі.",
        "A month is written like 2026-10.",
    )


class DateInvalid(Refusal):
    """A date or instant outside of what can have happened."""

    code = "invalid-date"
    texts: ClassVar[dict[str, str]] = said(
        "Дата {value} невозможна: допускаются даты с 1990 года и не позже завтрашнего дня.",
        "{value} күні мүмкін емес: 1990 жылдан бастап ертеңгі күннен кешікпейтін күндер қабылданады.",
        "The date {value} is not possible: from 1990 up to tomorrow.",
    )


class DateTooFar(Refusal):
    """A day that may lie ahead, but not so far."""

    code = "date-too-far"
    texts: ClassVar[dict[str, str]] = said(
        "Дата {value} слишком далеко: допускаются даты по {latest}.",
        "{value} күні тым алыс: {latest} дейінгі күндер қабылданады.",
        "The date {value} is too far ahead: dates up to {latest} are taken.",
    )


class DatesInverted(Refusal):
    """Something ends before it began, or begins again before it ended."""

    code = "dates-inverted"
    texts: ClassVar[dict[str, str]] = said(
        "Дата {value} раньше предыдущего изменения ({earliest}).",
        "{value} күні алдыңғы өзгерістен ({earliest}) бұрын.",
        "The date {value} is before the change that precedes it ({earliest}).",
    )


class ReferenceInvalid(Refusal):
    """A reference that cannot be kept and compared for ever."""

    code = "invalid-reference"
    texts: ClassVar[dict[str, str]] = said(
        "Номер сообщения: от 1 до 100 печатных знаков.",
        "Хабарлама нөмірі: 1–100 басылатын таңба.",
        "A reference has 1 to 100 printable characters.",
    )


class NumberInvalid(Refusal):
    """Not the form of an account number."""

    code = "invalid-account-number"
    texts: ClassVar[dict[str, str]] = said(
        "Номер лицевого счёта: от 1 до 20 латинских букв, цифр и дефисов.",
        "Дербес шоттың нөмірі: 1–20 латын әрпі, цифр немесе сызықша.",
        "An account number has 1 to 20 Latin letters, digits and hyphens.",
    )


class Conflict(Refusal):
    """The reference was used before with another content."""

    code = "reference-conflict"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Сообщение {reference} уже принято с другим содержанием ({position}).",
        "{reference} хабарламасы басқа мазмұнмен қабылданған ({position}).",
        "The reference {reference} was accepted before with another content ({position}).",
    )


class UnknownAccount(Refusal):
    """The account was never opened."""

    code = "unknown-account"
    texts: ClassVar[dict[str, str]] = said(
        "Лицевой счёт {account} не открыт.",
        "{account} дербес шоты ашылмаған.",
        "The account {account} was never opened.",
    )


class ClosedAccount(Refusal):
    """The account is closed; it takes payments, adjustments and reversals only."""

    code = "closed-account"
    texts: ClassVar[dict[str, str]] = said(
        "Лицевой счёт {account} закрыт: принимаются только оплаты, перерасчёты и отмены.",
        "{account} дербес шоты жабылған: тек төлемдер, қайта есептеулер және күшін жоюлар қабылданады.",
        "The account {account} is closed: only payments, adjustments and reversals are taken.",
    )


class AlreadyOpened(Refusal):
    """The number already belongs to an account."""

    code = "account-number-taken"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Номер {account} уже принадлежит лицевому счёту.",
        "{account} нөмірі дербес шотқа тиесілі.",
        "The number {account} already belongs to an account.",
    )


class UnknownBuilding(Refusal):
    """The building stands in no register; such accounts open only under the take-over scope."""

    code = "unknown-building"
    texts: ClassVar[dict[str, str]] = said(
        "Дом {building} не числится в реестре.",
        "{building} үйі тізілімде жоқ.",
        "The building {building} stands in no register.",
    )


class UnknownService(Refusal):
    """The directory has no such service."""

    code = "unknown-service"
    texts: ClassVar[dict[str, str]] = said(
        "Услуги {service} нет.", "{service} қызметі жоқ.", "There is no service {service}."
    )


class ForeignService(Refusal):
    """The service is another provider's, or the key is not for it."""

    code = "foreign-service"
    status = 403
    texts: ClassVar[dict[str, str]] = said(
        "Услугу {service} оказывает другой поставщик.",
        "{service} қызметін басқа жеткізуші көрсетеді.",
        "The service {service} is not yours.",
    )


class ServiceNotConnected(Refusal):
    """A service is disconnected that was not connected."""

    code = "service-not-connected"
    texts: ClassVar[dict[str, str]] = said(
        "Услуга {service} на этом лицевом счёте не подключена.",
        "Бұл дербес шотта {service} қызметі қосылмаған.",
        "The service {service} is not connected on this account.",
    )


class ScopeMissing(Refusal):
    """The key may not send this kind of fact."""

    code = "scope-missing"
    status = 403
    texts: ClassVar[dict[str, str]] = said(
        "Ключ не даёт права «{scope}».", "Кілт «{scope}» құқығын бермейді.", "The key has no scope “{scope}”."
    )


class UnknownMeter(Refusal):
    """The account has no such meter now."""

    code = "unknown-meter"
    texts: ClassVar[dict[str, str]] = said(
        "Прибор учёта {meter} на этом лицевом счёте не установлен.",
        "Бұл дербес шотта {meter} есептегіші орнатылмаған.",
        "The meter {meter} is not installed on this account.",
    )


class MeterInstalled(Refusal):
    """The meter is installed already."""

    code = "meter-already-installed"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Прибор учёта {meter} уже установлен.",
        "{meter} есептегіші орнатылған.",
        "The meter {meter} is already installed.",
    )


class MeterNotThere(Refusal):
    """A reading taken before the meter was installed or after it was removed."""

    code = "meter-not-there"
    texts: ClassVar[dict[str, str]] = said(
        "Прибор учёта {meter} на дату {value} не был установлен.",
        "{meter} есептегіші {value} күні орнатылмаған.",
        "The meter {meter} was not installed on {value}.",
    )


class ReadingTooLong(Refusal):
    """A reading that the meter's dial cannot show."""

    code = "reading-too-long"
    texts: ClassVar[dict[str, str]] = said(
        "Показание длиннее, чем разрядов у прибора учёта ({digits}).",
        "Көрсеткіш есептегіштің разрядтар санынан ({digits}) ұзын.",
        "The reading has more digits than the meter's dial ({digits}).",
    )


class TariffWithoutPrice(Refusal):
    """A tariff has one price or tiers, not both and not neither."""

    code = "tariff-without-price"
    texts: ClassVar[dict[str, str]] = said(
        "Тариф указывает либо цену (price), либо ступени (tiers).",
        "Тариф бағаны (price) не сатыларды (tiers) көрсетеді.",
        "A tariff states a price or tiers, one of the two.",
    )


class CorrectionNotFound(Refusal):
    """What is to be corrected or undone was never accepted."""

    code = "corrected-fact-unknown"
    texts: ClassVar[dict[str, str]] = said(
        "Сообщение {reference}, которое исправляется, не принято.",
        "Түзетілетін {reference} хабарламасы қабылданбаған.",
        "The fact {reference} that is corrected was never accepted.",
    )


class CorrectionForeign(Refusal):
    """Another provider's fact is corrected only by its successor, as recorded in the directory."""

    code = "corrected-fact-foreign"
    status = 403
    texts: ClassVar[dict[str, str]] = said(
        "Исправлять можно только свои сообщения и сообщения поставщика, которому вы наследуете.",
        "Тек өз хабарламаларыңызды және мұрагері болған жеткізушінің хабарламаларын түзетуге болады.",
        "Only one's own facts may be corrected, and those of a provider whose successor one is.",
    )


class CorrectionElsewhere(Refusal):
    """The corrected fact belongs to another account."""

    code = "corrected-fact-of-another-account"
    texts: ClassVar[dict[str, str]] = said(
        "Сообщение {reference} относится к другому лицевому счёту.",
        "{reference} хабарламасы басқа дербес шотқа қатысты.",
        "The fact {reference} belongs to another account.",
    )


class CorrectionKind(Refusal):
    """The corrected fact is of a kind that this correction cannot name."""

    code = "corrected-fact-of-another-kind"
    texts: ClassVar[dict[str, str]] = said(
        "Сообщение {reference} другого вида: {kind}.",
        "{reference} хабарламасының түрі басқа: {kind}.",
        "The fact {reference} is of another kind: {kind}.",
    )


class AlreadyReversed(Refusal):
    """A fact is undone once."""

    code = "already-reversed"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Сообщение {reference} уже отменено.",
        "{reference} хабарламасының күші жойылған.",
        "The fact {reference} is already reversed.",
    )


class AdjustmentUnnamed(Refusal):
    """An adjustment names its charge; or, with the scope for it, a service and a month instead."""

    code = "adjustment-names-nothing"
    texts: ClassVar[dict[str, str]] = said(
        "Перерасчёт должен назвать исправляемое начисление (corrects) либо услугу и месяц.",
        "Қайта есептеу түзетілетін есептелген соманы (corrects) не қызмет пен айды атауы керек.",
        "An adjustment names the charge it corrects (`corrects`), or a service and a month, not both.",
    )


class SplitDiffers(Refusal):
    """The parts of a payment do not add up to it."""

    code = "split-differs"
    texts: ClassVar[dict[str, str]] = said(
        "Сумма частей по услугам не равна сумме платежа.",
        "Қызметтер бойынша бөліктердің қосындысы төлем сомасына тең емес.",
        "The split does not add up to the amount.",
    )


class PeriodTooFar(Refusal):
    """A month beyond the next one."""

    code = "period-too-far"
    texts: ClassVar[dict[str, str]] = said(
        "Месяц {period} ещё слишком далеко.", "{period} айы әлі тым алыс.", "The month {period} is too far ahead."
    )


class PeriodTooOld(Refusal):
    """A month before anything can have been billed."""

    code = "period-too-old"
    texts: ClassVar[dict[str, str]] = said(
        "Месяц {period} слишком давний: допускаются месяцы с {earliest}.",
        "{period} айы тым ескі: {earliest} айынан бастап қабылданады.",
        "The month {period} is too old: months from {earliest} are taken.",
    )


class PeriodClosed(Refusal):
    """An opening balance cannot enter a closed month."""

    code = "period-closed"
    texts: ClassVar[dict[str, str]] = said(
        "Месяц {period} закрыт.", "{period} айы жабылған.", "The month {period} is closed."
    )


class CarriedInLate(Refusal):
    """An opening balance comes before the service's first money fact."""

    code = "carried-in-too-late"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "По услуге {service} уже есть начисления или сальдо.",
        "{service} қызметі бойынша есептеулер немесе қалдық бар.",
        "The service {service} already has money facts on this account.",
    )


class UnknownProvider(Refusal):
    """A directory row names a provider that is not registered."""

    code = "unknown-provider"
    texts: ClassVar[dict[str, str]] = said(
        "Поставщика {provider} нет.", "{provider} жеткізушісі жоқ.", "There is no provider {provider}."
    )


class AccountLocked(Refusal):
    """Another upload holds the account; nothing was decided, send the row again."""

    code = "account-locked"
    status = 503
    retriable = True
    texts: ClassVar[dict[str, str]] = said(
        "Лицевой счёт занят другой загрузкой, повторите строку.",
        "Дербес шот басқа жүктеумен бос емес, жолды қайталаңыз.",
        "The account is held by another upload: send the row again.",
    )


class NotTried(Refusal):
    """A good row of an atomic batch in which another row is bad."""

    code = "batch-refused"
    texts: ClassVar[dict[str, str]] = said(
        "Строка верна, но в неделимом пакете есть ошибочные.",
        "Жол дұрыс, бірақ бөлінбейтін топтамада қате жолдар бар.",
        "The row is good, but its atomic batch has bad ones.",
    )


class ReversalUnnamed(Refusal):
    """A bank takes a payment back without naming it: an operator has to find which."""

    code = "reversal-names-no-payment"
    texts: ClassVar[dict[str, str]] = said(
        "Банк отменяет платёж, но не называет какой.",
        "Банк төлемнің күшін жояды, бірақ қайсысы екенін атамайды.",
        "The bank takes a payment back, but does not name which.",
    )
