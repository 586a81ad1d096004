"""What a resident reads of a difference: one sentence a service, all of them listed in docs/explanation.md."""

from typing import NamedTuple

from common.money import print_amount


class Texts(NamedTuple):
    """The same in both languages."""

    ru: str
    kk: str


# A clause names a cause and which way it moved the sum: True is up.
CLAUSES: dict[tuple[str, bool], Texts] = {
    ("began", True): Texts("раньше начисления не было", "бұрын есептелген сома болмаған"),
    ("began", False): Texts("раньше начисления не было", "бұрын есептелген сома болмаған"),
    ("ended", True): Texts("теперь начисления нет", "енді есептелген сома жоқ"),
    ("ended", False): Texts("теперь начисления нет", "енді есептелген сома жоқ"),
    ("period-length", True): Texts("период потребления длиннее", "тұтыну кезеңі ұзарды"),
    ("period-length", False): Texts("период потребления короче", "тұтыну кезеңі қысқарды"),
    ("residents", True): Texts("больше количество проживающих", "тұратындар саны көбейді"),
    ("residents", False): Texts("меньше количество проживающих", "тұратындар саны азайды"),
    ("area", True): Texts("больше площадь", "аудан ұлғайды"),
    ("area", False): Texts("меньше площадь", "аудан кішірейді"),
    ("volume", True): Texts("больше объём потребления", "тұтыну көлемі көбейді"),
    ("volume", False): Texts("меньше объём потребления", "тұтыну көлемі азайды"),
    ("tariff", True): Texts("выше тариф", "тариф өсті"),
    ("tariff", False): Texts("ниже тариф", "тариф төмендеді"),
    ("adjustment", True): Texts("перерасчёт увеличил сумму", "қайта есептеу соманы көбейтті"),
    ("adjustment", False): Texts("перерасчёт уменьшил сумму", "қайта есептеу соманы азайтты"),
    ("adjustment-before", True): Texts("раньше перерасчёт уменьшил сумму", "бұрын қайта есептеу соманы азайтқан"),
    ("adjustment-before", False): Texts("раньше перерасчёт увеличил сумму", "бұрын қайта есептеу соманы көбейткен"),
    ("benefit", True): Texts("меньше льгота", "жеңілдік азайды"),
    ("benefit", False): Texts("больше льгота", "жеңілдік көбейді"),
    ("penalty", True): Texts("больше пеня", "өсімпұл көбейді"),
    ("penalty", False): Texts("меньше пеня", "өсімпұл азайды"),
}
# The month is written as on the receipt, 09.2026; the amount has no breaking blanks and counts as one word.
MORE = Texts("На {amount} больше, чем за {month}: {clause}.", "{month} кезеңінен {amount} артық: {clause}.")
LESS = Texts("На {amount} меньше, чем за {month}: {clause}.", "{month} кезеңінен {amount} кем: {clause}.")
SAME = Texts(
    "Сумма такая же, как за {month}, но {clause}.", "Сома {month} кезеңіндегідей, бірақ {clause}."
)  # fmt: skip


def sentence(difference: int, cause: str, *, up: bool, against: str, currency: str = "KZT") -> Texts:
    """The difference of a service in tiyn against a month (`YYYY-MM`), with the clause of its main cause."""
    frame = MORE if difference > 0 else LESS if difference else SAME
    given = {"amount": print_amount(abs(difference), currency), "month": f"{against[5:]}.{against[:4]}"}
    clause = CLAUSES[cause, up]
    return Texts(frame.ru.format(**given, clause=clause.ru), frame.kk.format(**given, clause=clause.kk))
