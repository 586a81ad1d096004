"""What the decoder finds wrong with a field, in Russian and Kazakh: it speaks English only."""

import re

_WHERE = re.compile(r"(.*?)( \(/.*\))?", re.DOTALL)
_FAULTS = [
    (re.compile(pattern), {"ru": ru, "kk": kk})
    for pattern, ru, kk in (
        (r"Object missing required field `(.+)`", "нет обязательного поля {0}", "міндетті {0} өрісі жоқ"),
        (r"Object contains unknown field `(.+)`", "такого поля нет: {0}", "мұндай өріс жоқ: {0}"),
        (r"there is no such kind of fact", "такого вида сообщений нет", "хабардың мұндай түрі жоқ"),
        (r"Invalid enum value (.+)", "такого значения нет в списке: {0}", "тізімде мұндай мән жоқ: {0}"),
        (r"Expected `str` of length >= 1", "значение пустое", "мәні бос"),
        (r"Expected `\w+` of length <= (\d+)", "больше {0} знаков", "{0} таңбадан көп"),
        (r"Expected `str` matching regex (.+)", "значение записано не в том виде", "мән дұрыс түрде жазылмаған"),
        (r"Expected `int` >= (-?\d+)", "меньше {0}", "{0} санынан аз"),
        (r"Expected `int` <= (-?\d+)", "больше {0}", "{0} санынан көп"),
        (r"Expected `datetime` with a timezone component", "у времени нет пояса", "уақыттың белдеуі көрсетілмеген"),
        (r"Invalid RFC3339 encoded datetime", "это не время вида 2026-10-12T10:00:00+05:00",
         "бұл 2026-10-12T10:00:00+05:00 түріндегі уақыт емес"),
        (r"Invalid RFC3339 encoded date", "это не день вида 2026-10-12", "бұл 2026-10-12 түріндегі күн емес"),
        (r"Expected `(.+)`, got `(.+)`", "нужно {0}, а стоит {1}", "{0} керек, ал {1} тұр"),
    )
]  # fmt: skip


def translated(reason: str, language: str) -> str:
    """The decoder's words in a language, the place behind them as it stands; unknown ones stay English."""
    found = _WHERE.fullmatch(reason)
    said, where = (found[1], found[2] or "") if found else (reason, "")
    for pattern, words in _FAULTS:
        fault = pattern.fullmatch(said)
        if fault and language in words:
            return words[language].format(*fault.groups()) + where
    return reason
