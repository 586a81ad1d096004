"""The fault harness: the whole road under kill -9, audited against what its clients were told."""
