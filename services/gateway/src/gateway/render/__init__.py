"""How things are said and drawn: texts in two languages, sums, days, months, plots."""
