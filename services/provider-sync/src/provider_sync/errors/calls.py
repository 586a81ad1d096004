"""Why a whole call or command was refused."""

from typing import ClassVar

from common.errors import Refusal
from provider_sync.errors.rows import said


class BadKey(Refusal):
    """There is no API key, or it is unknown, revoked or expired."""

    code = "invalid-api-key"
    status = 401
    texts: ClassVar[dict[str, str]] = said(
        "Ключ API неизвестен, отозван или истёк.",
        "API кілті белгісіз, қайтарып алынған немесе мерзімі өткен.",
        "The API key is unknown, revoked or expired.",
    )


class UnknownFormat(Refusal):
    """Neither a built-in format nor the name of a profile."""

    code = "unknown-format"
    texts: ClassVar[dict[str, str]] = said("Формата {name} нет.", "{name} пішімі жоқ.", "There is no format {name}.")


class BadProfile(Refusal):
    """A profile file that cannot be used."""

    code = "invalid-profile"
    texts: ClassVar[dict[str, str]] = said(
        "Профиль {name}: {reason}.", "{name} профилі: {reason}.", "The profile {name}: {reason}."
    )


class TooLarge(Refusal):
    """More bytes than the setting allows, packed or unpacked."""

    code = "upload-too-large"
    status = 413
    texts: ClassVar[dict[str, str]] = said(
        "Файл больше {limit} байт.", "Файл {limit} байттан үлкен.", "The file is larger than {limit} bytes."
    )


class BadEncoding(Refusal):
    """Content-Encoding is neither gzip nor absent, or the gzip stream is broken."""

    code = "unsupported-encoding"
    status = 415
    texts: ClassVar[dict[str, str]] = said(
        "Принимается только gzip: {reason}.",
        "Тек gzip қабылданады: {reason}.",
        "Only gzip is accepted: {reason}.",
    )


class Interrupted(Refusal):
    """The body stood still for too long, or ended before its announced length."""

    code = "upload-interrupted"
    status = 408
    texts: ClassVar[dict[str, str]] = said(
        "Передача файла прервалась, повторите её.",
        "Файлды жіберу үзілді, қайталаңыз.",
        "The file stopped arriving: send it again.",
    )


class BadParameter(Refusal):
    """A query parameter has no such value."""

    code = "invalid-parameter"
    texts: ClassVar[dict[str, str]] = said(
        "Параметр {name}: {reason}.", "{name} параметрі: {reason}.", "The parameter {name}: {reason}."
    )


class TooManyFacts(Refusal):
    """A request carries up to 1,000 facts."""

    code = "too-many-facts"
    texts: ClassVar[dict[str, str]] = said(
        "В запросе от 1 до {limit} сообщений.",
        "Сұрауда 1–{limit} хабарлама.",
        "A request carries 1 to {limit} facts.",
    )


class NotFound(Refusal):
    """There is no such upload or fact of this provider."""

    code = "not-found"
    status = 404
    texts: ClassVar[dict[str, str]] = said("Не найдено.", "Мұндай жазба табылмады.", "Not found.")


class NotSuperseded(Refusal):
    """Only a file that was appended can be superseded by a corrected one, and the newest of its batch."""

    code = "upload-not-superseded"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Загрузку {upload} заменить нельзя: {state}.",
        "{upload} жүктеуін алмастыруға болмайды: {state}.",
        "The upload {upload} cannot be superseded: {state}.",
    )


class BatchUnconfirmed(Refusal):
    """The batch came before with another content: somebody has to say what is meant."""

    code = "batch-unconfirmed"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Пакет уже приходил с другим содержанием ({earlier}): посмотрите различия, затем подтвердите или замените его.",
        "Топтама басқа мазмұнмен келген ({earlier}): айырмашылықтарын қарап, растаңыз немесе алмастырыңыз.",
        "The batch came with another content before ({earlier}): see the differences, then confirm or supersede it.",
    )


class NotUnconfirmed(Refusal):
    """The upload waits for nobody's word."""

    code = "upload-not-unconfirmed"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Загрузка {upload} не ждёт подтверждения: {state}.",
        "{upload} жүктеуі растауды күтіп тұрған жоқ: {state}.",
        "The upload {upload} does not wait for a word: {state}.",
    )


class MissingKept(Refusal):
    """Rows that cannot be read may be those that seem to be missing, so nothing was taken back."""

    code = "missing-rows-kept"
    texts: ClassVar[dict[str, str]] = said(
        "Есть нечитаемые строки ({unread}): отсутствующие строки не отменены.",
        "Оқылмайтын жолдар бар ({unread}): жоқ жолдардың күші жойылған жоқ.",
        "There are rows that cannot be read ({unread}): missing rows were not taken back.",
    )


class NotReverted(Refusal):
    """Only an appended file can be undone, once."""

    code = "upload-not-reverted"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Загрузку {upload} отменить нельзя: {state}.",
        "{upload} жүктеуінің күшін жоюға болмайды: {state}.",
        "The upload {upload} cannot be undone: {state}.",
    )


class NotWaiting(Refusal):
    """No payment waits under this reference: it never came, found its account, or was given back."""

    code = "payment-not-waiting"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Платёж {reference} не ожидает лицевого счёта.",
        "{reference} төлемі дербес шотты күтіп тұрған жоқ.",
        "The payment {reference} does not wait for an account.",
    )


class ReasonMissing(Refusal):
    """An operator's act is recorded with its reason."""

    code = "reason-missing"
    texts: ClassVar[dict[str, str]] = said(
        "Укажите причину: от 1 до {limit} знаков.",
        "Себебін көрсетіңіз: 1–{limit} таңба.",
        "State the reason: 1 to {limit} characters.",
    )


class ControlTotals(Refusal):
    """Count or sum of the file differ from what its header, footer or query says."""

    code = "control-totals-differ"
    texts: ClassVar[dict[str, str]] = said(
        "Контрольные итоги не сходятся: указано {stated}, в файле {found}.",
        "Бақылау қорытындылары сәйкес емес: көрсетілгені {stated}, файлда {found}.",
        "Control totals differ: stated {stated}, in the file {found}.",
    )


class Unreadable(Refusal):
    """The file as a whole cannot be read in the stated format."""

    code = "unreadable-file"
    texts: ClassVar[dict[str, str]] = said(
        "Файл не читается: {reason}.", "Файл оқылмайды: {reason}.", "The file cannot be read: {reason}."
    )


class UnsafeArchive(Refusal):
    """A workbook whose archive is a trap: too many entries, too large, names that lead out, archives inside."""

    code = "unsafe-archive"
    texts: ClassVar[dict[str, str]] = said(
        "Архив небезопасен и не распакован: {reason}.",
        "Архив қауіпті, ашылған жоқ: {reason}.",
        "The archive is not safe and was not unpacked: {reason}.",
    )


class WrongCurrency(Refusal):
    """A statement of an account in another currency than the centre's."""

    code = "wrong-currency"
    texts: ClassVar[dict[str, str]] = said(
        "Выписка в валюте {found}, а принимается {expected}.",
        "Үзінді {found} валютасында, ал {expected} қабылданады.",
        "The statement is in {found}, accepted is {expected}.",
    )


class IntradayReport(Refusal):
    """A report of a running day: its bookings come again, booked, in the day's statement, and would count twice."""

    code = "intraday-report"
    texts: ClassVar[dict[str, str]] = said(
        "{kind} — отчёт за незавершённый день: пришлите выписку за день.",
        "{kind} — аяқталмаған күннің есебі: күндік үзіндіні жіберіңіз.",
        "{kind} reports a running day: send the day's statement.",
    )


class BatchTooLarge(Refusal):
    """An atomic or dry-run upload goes in one transaction and has a limit."""

    code = "batch-too-large"
    texts: ClassVar[dict[str, str]] = said(
        "Неделимая загрузка и проба ограничены {limit} строками.",
        "Бөлінбейтін жүктеу мен сынақ {limit} жолмен шектелген.",
        "Atomic and dry-run uploads are limited to {limit} rows.",
    )


class LoadFailed(Refusal):
    """The file stopped the load process several times."""

    code = "load-failed"
    texts: ClassVar[dict[str, str]] = said(
        "Загрузка не удалась: {reason}.", "Жүктеу сәтсіз аяқталды: {reason}.", "Loading failed: {reason}."
    )


class CloseOutOfOrder(Refusal):
    """Months close one after the other."""

    code = "close-out-of-order"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Сначала закройте {expected}.", "Алдымен {expected} айын жабыңыз.", "Close {expected} first."
    )


class CloseTooEarly(Refusal):
    """A month that has not begun cannot be closed."""

    code = "close-too-early"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Месяц {period} ещё не начался.",
        "{period} айы әлі басталған жоқ.",
        "The month {period} has not begun.",
    )


class AlreadyClosed(Refusal):
    """The month is closed."""

    code = "already-closed"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Месяц {period} уже закрыт.", "{period} айы жабылған.", "The month {period} is already closed."
    )


class UploadAppending(Refusal):
    """An upload is half appended; its facts would fall on both sides of the close."""

    code = "upload-appending"
    status = 409
    retriable = True
    texts: ClassVar[dict[str, str]] = said(
        "Идёт загрузка {uploads}: закройте месяц после неё.",
        "{uploads} жүктелуде: айды содан кейін жабыңыз.",
        "The upload {uploads} is being appended: close after it.",
    )


class FactsHeld(Refusal):
    """Facts wait for an operator's word; closed all the same, they will be late."""

    code = "facts-held"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Ждут решения задержанные сообщения: {count}. Решите о них или укажите причину (--reason).",
        "Ұсталған хабарламалар шешім күтуде: {count}. Олар бойынша шешіңіз немесе себебін көрсетіңіз (--reason).",
        "Held facts wait for a decision: {count}. Decide about them, or say why not (--reason).",
    )


class SubmissionsMissing(Refusal):
    """A provider has not said that this was all for the month."""

    code = "submissions-missing"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "За {period} не подтвердили, что это всё: {missing}. Дождитесь их или укажите причину (--reason).",
        "{period} айы бойынша барлығы осы екенін растамағандар: {missing}. Күтіңіз не себебін көрсетіңіз (--reason).",
        "Who has not said that this was all for {period}: {missing}. Wait for them, or say why not (--reason).",
    )


class NotClosed(Refusal):
    """Only issued statements can be issued anew."""

    code = "period-not-closed"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Месяц {period} ещё не закрыт.", "{period} айы әлі жабылған жоқ.", "The month {period} is not closed yet."
    )


class SameOperator(Refusal):
    """Whoever confirms is another operator than who asked."""

    code = "second-operator-required"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Подтверждает другой оператор, не {who}.",
        "{who} емес, басқа оператор растауы керек.",
        "Another operator than {who} confirms.",
    )


class UnknownAccounts(Refusal):
    """Some of the numbers that an operator named belong to no account; nothing was done."""

    code = "unknown-accounts"
    texts: ClassVar[dict[str, str]] = said(
        "Нет таких лицевых счетов: {numbers}.",
        "Мұндай дербес шоттар жоқ: {numbers}.",
        "There are no accounts {numbers}.",
    )


class CalendarBusy(Refusal):
    """Intake never left the calendar free in the time given."""

    code = "calendar-busy"
    status = 503
    retriable = True
    texts: ClassVar[dict[str, str]] = said(
        "Приём не прерывался, повторите закрытие.",
        "Қабылдау үзілген жоқ, жабуды қайталаңыз.",
        "Intake never paused: try to close again.",
    )


class BadScope(Refusal):
    """A key is issued with scopes nobody knows, or with none."""

    code = "unknown-scope"
    texts: ClassVar[dict[str, str]] = said(
        "Неизвестные права: {scopes}.", "Белгісіз құқықтар: {scopes}.", "Unknown scopes: {scopes}."
    )


class TooManyKeys(Refusal):
    """Two keys may live under a label, so that one can be rotated."""

    code = "too-many-live-keys"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "У {owner} уже два действующих ключа «{label}»: отзовите один.",
        "{owner} иесінің екі жарамды «{label}» кілті бар: біреуін қайтарып алыңыз.",
        "{owner} already has two live keys labelled “{label}”: revoke one.",
    )


class BadOperatorKey(Refusal):
    """An act needs the key of a named operator; the first one is issued without."""

    code = "operator-key-required"
    status = 401
    texts: ClassVar[dict[str, str]] = said(
        "Нужен действующий ключ оператора в OPERATOR_KEY (или OPERATOR_KEY_FILE).",
        "OPERATOR_KEY (не OPERATOR_KEY_FILE) ішінде оператордың жарамды кілті қажет.",
        "A live operator key is needed in OPERATOR_KEY (or the file OPERATOR_KEY_FILE): see `operators issue`.",
    )


class BadOperatorName(Refusal):
    """An operator's name is a short lower-case word, for it stands in the audit for ever."""

    code = "invalid-operator-name"
    texts: ClassVar[dict[str, str]] = said(
        "Имя оператора: строчные латинские буквы, цифры, точка, дефис.",
        "Оператор аты: кіші латын әріптері, цифрлар, нүкте, сызықша.",
        "An operator's name has lower-case Latin letters, digits, dots and hyphens.",
    )


class SubmissionDiffers(Refusal):
    """What a sender says it sent of a month is not what came; `lines` are the differences, service by service."""

    code = "submission-differs"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Итоги за {period} расходятся с принятым: см. errors.",
        "{period} қорытындылары қабылданғаннан өзгеше: errors қараңыз.",
        "The totals for {period} differ from what was taken: see `errors`.",
    )
    line_texts: ClassVar[dict[str, str]] = said(
        "указано {stated_count} на {stated_sum}, принято {here_count} на {here_sum}, задержано {held_count} на "
        "{held_sum}; разница {difference_count} на {difference_sum}",
        "көрсетілгені {stated_count}, сомасы {stated_sum}; қабылданғаны {here_count}, сомасы {here_sum}; ұсталғаны "
        "{held_count}, сомасы {held_sum}; айырмасы {difference_count}, сомасы {difference_sum}",
        "stated {stated_count} of {stated_sum}, taken {here_count} of {here_sum}, held {held_count} of {held_sum}; "
        "difference {difference_count} of {difference_sum}",
    )


class NotEnded(Refusal):
    """An upload is acknowledged when it has ended; a dry run never is."""

    code = "not-ended"
    status = 409
    retriable = True
    texts: ClassVar[dict[str, str]] = said(
        "Загрузка ещё не закончена.", "Жүктеу әлі аяқталған жоқ.", "The upload has not ended yet."
    )


class LetterClosed(Refusal):
    """A dead letter is replayed or dismissed once."""

    code = "dead-letter-closed"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Сообщение {place} уже закрыто: {state}.",
        "{place} хабарламасы жабылған: {state}.",
        "The dead letter {place} is {state} already.",
    )


class StillOpen(Refusal):
    """Everything is published anew only while nothing is appended."""

    code = "still-open"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Приём открыт: сначала закройте его (restore shut).",
        "Қабылдау ашық: алдымен оны жабыңыз (restore shut).",
        "Intake is open: shut it first (restore shut).",
    )


class NotBroughtBack(Refusal):
    """What the topic has does not follow from what the store has."""

    code = "not-brought-back"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "{position} ({kind}) не следует из того, что есть в хранилище: {reason}. Ничего из этой партии не возвращено.",
        "{position} ({kind}) қоймадағы деректерден шықпайды: {reason}. Бұл топтамадан ештеңе қайтарылған жоқ.",
        "{position} ({kind}) does not follow from what the store has: {reason}. Nothing of its batch was brought back.",
    )
