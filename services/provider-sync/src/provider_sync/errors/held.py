"""Why the gate holds a fact, and what an operator may not do with held ones; texts in Russian, Kazakh and English."""

from typing import ClassVar

from common.errors import Refusal
from provider_sync.errors.rows import said


class FarFromHistory(Refusal):
    """A charge far above what the account was charged in the season."""

    code = "held-far-from-history"
    texts: ClassVar[dict[str, str]] = said(
        "Задержано до решения оператора: обычно по услуге {service} начисляется не больше {usual}.",
        "Оператор шешіміне дейін ұсталды: {service} қызметі бойынша әдетте {usual} артық есептелмейді.",
        "Held for an operator: {service} is usually charged {usual} at the most.",
    )


class NeverConnected(Refusal):
    """A charge for a service that the account never had."""

    code = "held-never-connected"
    texts: ClassVar[dict[str, str]] = said(
        "Задержано до решения оператора: услуга {service} на этом лицевом счёте не подключалась.",
        "Оператор шешіміне дейін ұсталды: бұл дербес шотқа {service} қызметі қосылмаған.",
        "Held for an operator: the service {service} was never connected to this account.",
    )


class BuildingJump(Refusal):
    """The charges of a whole building jumped."""

    code = "held-building-jump"
    texts: ClassVar[dict[str, str]] = said(
        "Задержано до решения оператора: в доме {building} начисления выросли сразу у {flats} лицевых счетов.",
        "Оператор шешіміне дейін ұсталды: {building} үйінде есептелген сома бірден {flats} дербес шотта өсті.",
        "Held for an operator: charges of {flats} accounts in the building {building} jumped together.",
    )


class ResidentsJump(Refusal):
    """The number of residents jumped."""

    code = "held-residents-jump"
    texts: ClassVar[dict[str, str]] = said(
        "Задержано до решения оператора: проживающих было {before}, стало {after}.",
        "Оператор шешіміне дейін ұсталды: тұратындар саны {before} еді, {after} болды.",
        "Held for an operator: there were {before} residents, now {after}.",
    )


class BatchHeld(Refusal):
    """So many rows of the batch are odd, or its total is, that all of its charges wait for one decision."""

    code = "held-with-batch"
    texts: ClassVar[dict[str, str]] = said(
        "Задержано до решения оператора вместе с пакетом: {why}.",
        "Топтамамен бірге оператор шешіміне дейін ұсталды: {why}.",
        "Held for an operator with its batch: {why}.",
    )


class NamesHeld(Refusal):
    """The fact names one that is held."""

    code = "held-names-held-fact"
    texts: ClassVar[dict[str, str]] = said(
        "Задержано: сообщение {reference}, на которое оно ссылается, ждёт решения оператора.",
        "Ұсталды: ол сілтейтін {reference} хабарламасы оператор шешімін күтуде.",
        "Held: the fact {reference} that it names waits for an operator.",
    )


class RefusedByOperator(Refusal):
    """The fact was held and an operator refused it; that is final, another fact needs another reference."""

    code = "refused-by-operator"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Сообщение {reference} было задержано и отклонено оператором. Исправленное пришлите под новым номером.",
        "{reference} хабарламасы ұсталып, оператор қабылдамады. Түзетілгенін жаңа нөмірмен жіберіңіз.",
        "The fact {reference} was held and an operator refused it. Send a corrected one under a new reference.",
    )


class BadRules(Refusal):
    """A file of rules that cannot be used."""

    code = "invalid-gate-rules"
    texts: ClassVar[dict[str, str]] = said(
        "Файл правил: {reason}.", "Ережелер файлы жарамсыз, себебі: {reason}.", "The file of rules: {reason}."
    )


class NotHeld(Refusal):
    """There is nothing to decide under this number any more."""

    code = "not-held"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Под номером {number} решать нечего: {state}.",
        "{number} нөмірі бойынша шешетін ештеңе жоқ: {state}.",
        "There is nothing to decide under {number}: {state}.",
    )


class AtomicBatch(Refusal):
    """An atomic batch is decided whole."""

    code = "atomic-batch-held"
    status = 409
    texts: ClassVar[dict[str, str]] = said(
        "Пакет {batch} неделимый: решайте о нём целиком (--batch {batch}).",
        "{batch} топтамасы бөлінбейді: тұтасымен шешіңіз (--batch {batch}).",
        "The batch {batch} is atomic: decide it whole (--batch {batch}).",
    )
