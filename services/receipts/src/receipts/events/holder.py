"""Who an account is in the name of, as heard on provider-sync.holders.v1."""

import msgspec


class Holder(msgspec.Struct, frozen=True):
    """Name and address as printed, in the version that was heard; `masked` is set here, for a reader on probation."""

    account: str
    version: int
    name: str = ""
    address_ru: str = ""
    address_kk: str = ""
    masked: bool = False
