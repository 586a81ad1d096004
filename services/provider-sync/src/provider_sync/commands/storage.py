"""How much disk the facts take."""

from provider_sync.commands.printed import AsJson, centre, refusing, show
from provider_sync.handlers import storage as handlers


@refusing
def storage(as_json: AsJson = False) -> None:
    """How many bytes on disk each kind of row takes, indexes apart."""
    with centre() as base:
        show(handlers.kinds(base), as_json)
