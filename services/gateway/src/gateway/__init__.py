"""The cabinet in a browser: pages over the public HTTP APIs of identity, ledger and receipts."""
