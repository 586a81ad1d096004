"""The tools every process of identity works with, put together."""

from common.postgres import open_pool
from common.reading import Writing
from identity.config import Config
from identity.gateways.hashing import Hasher
from identity.gateways.refreshing import RefreshTokens
from identity.gateways.sealing import Sealer
from identity.gateways.signing import Signer
from identity.gateways.words import common_passwords
from identity.handlers.desk import Desk


def build_desk(config: Config, name: str, *, pool_size: int = 4) -> Desk:
    """The tools of one process; opens its pool, so call it after the fork."""
    sealer = Sealer(config.identity_key_secret)
    return Desk(
        config=config,
        pool=open_pool(config.database_url, name, size=pool_size),
        at_once=Writing(config.database_url, name),
        hasher=Hasher(config.hash_concurrency),
        sealer=sealer,
        signer=Signer(sealer),
        refresh_tokens=RefreshTokens(config.identity_key_secret),
        common_passwords=common_passwords(),
    )
