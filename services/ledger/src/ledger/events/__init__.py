"""The facts the ledger says (`said`) and those it hears (`heard`)."""
