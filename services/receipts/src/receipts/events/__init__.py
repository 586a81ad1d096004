"""The facts receipts says (`said`) and those it hears (`heard`, `statement`, `holder`)."""
