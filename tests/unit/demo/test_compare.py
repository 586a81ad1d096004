"""A walk ends at the first number that differs, and says where."""

from decimal import Decimal
from typing import Any

from demo import compare, pdf
from demo.oracle import Charge, Line


def _line() -> Line:
    line = Line()
    line.columns |= {"opening": Decimal("1000.00"), "charged": Decimal("250.50"), "paid": Decimal("1300.00")}
    line.charges.append(Charge("H-1", Decimal("250.50"), {"amount": "250.50", "volume": "2.5", "basis": "meter"}))
    return line


def _answer() -> dict[str, Any]:
    columns = {
        "opening": "1000.00", "charged": "250.50", "adjusted": "0.00", "benefit": "0.00", "penalty": "0.00",
        "paid": "1300.00", "closing": "-49.50",
    }  # fmt: skip
    lines = [{"reference": "H-1", "amount": "250.50", "volume": "2.500000", "basis": "meter"}]
    return {
        "rows": [{"service": "heating", **columns, "lines": lines}],
        "totals": {**columns, "to_pay": "0.00", "advances": "49.50"},
    }


def test_equal_statements_have_no_difference() -> None:
    """2.5 and 2.500000 are the same volume."""
    assert compare.statement(_answer(), {"heating": _line()}) == []


def test_one_tiyn_is_found_in_row_and_total() -> None:
    """With both numbers."""
    answer = _answer()
    answer["rows"][0]["paid"] = "1300.01"
    answer["totals"]["paid"] = "1300.01"
    found = [str(one) for one in compare.statement(answer, {"heating": _line()})]
    assert found == [
        "heating / paid: the centre says 1300.01, the files say 1300.00",
        "total / paid: the centre says 1300.01, the files say 1300.00",
    ]


def test_a_missing_row_a_strange_row_and_a_strange_charge_are_found() -> None:
    """A row of nothing but zeros may stay away."""
    assert compare.statement({**_answer(), "rows": []}, {"heating": _line()})[0].centre == "no row"
    strange = _answer()
    strange["rows"].append({**strange["rows"][0], "service": "lift", "lines": [{"reference": "L-1"}]})
    where = {one.where for one in compare.statement(strange, {"heating": _line(), "gas": Line()})}
    assert {"lift / opening", "lift / charge L-1"} <= where
    assert not any(place.startswith("gas") for place in where)


def test_a_printed_row_is_found_with_all_its_cells_in_order() -> None:
    """No-break spaces, comma, the real minus; a dash for nothing."""
    cells = "1 000,00 250,50 – – – 1 300,00 −49,50"
    text = f"Жылыту Алматыжылужелісі 2,5 Гкал 100,20 {cells} аспап бойынша Барлығы {cells} Төлеуге 0,00 ₸"
    lines, names = {"heating": _line()}, {"heating": "Жылыту"}
    assert pdf.differences(text, lines, names, "kk", Decimal("0.00")) == []
    wrong = pdf.differences(text.replace("250,50 – – –", "250,51 – – –", 1), lines, names, "kk", Decimal("0.00"))
    assert [one.where for one in wrong] == ["PDF / Жылыту"]


def test_a_lost_kazakh_letter_is_found() -> None:
    """Ә is not А."""
    assert pdf.absent_words("Абдікадырова Зейнегүл", {"holder": "Әбдіқадырова Зейнегүл"})[0].where == "PDF / holder"
