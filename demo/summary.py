"""What is there and what to try next, with commands to copy."""

from pathlib import Path
from string import Template

from rich.console import Console

from demo.journal import Journal
from demo.load import PASSWORD, manifest_of
from demo.memory import Memory
from demo.papers import Cabinet
from demo.place import Place
from demo.resident import typed
from demo.screen import Screen
from demo.walker import following

PROVIDER = "uy-service"
_WHAT_NEXT = Path(__file__).with_name("what-next.txt")


def summary(place: Place, console: Console) -> None:
    """Print addresses, logins, a key and what to try."""
    memory, screen = Memory.read(place.state), Screen(console)
    if not memory.complete:
        console.print("The city is not loaded yet: [bold]make run[/] or [bold]python -m demo load[/].")
        return
    papers = Cabinet(Journal(place.folder).sent())
    _doors(place, console)
    logins = [(one.user_name, one.password, one.accounts[0]) for one in memory.residents]
    shown = [(*login, papers.of(login[2]).holder["name"]) for login in logins]
    screen.rows("Residents", ("user name", "password", "account", "holder"), list(shown))
    console.print(f"Key of provider [bold]{PROVIDER}[/]: {memory.keys[PROVIDER]}\n", soft_wrap=True)
    text = Template(_WHAT_NEXT.read_text("utf-8")).substitute(_values(place, memory, papers))
    console.print(text, soft_wrap=True, markup=False, highlight=False)


def _doors(place: Place, console: Console) -> None:
    """Lines, not a table: an address must be whole on any width to be opened."""
    doors = {
        "provider-sync": place.provider_sync,
        "ledger": place.ledger,
        "identity": place.identity,
        "receipts": place.receipts,
    }
    lines = [f"  {name:<14} {url}   documentation: {url}/openapi/swagger" for name, url in doors.items()]
    cabinet = f"  {'cabinet':<14} {place.gateway}   in Russian and Kazakh; the logins are below"
    text = "\n".join(["", "Where it runs", cabinet, *lines, f"  {'caught mail':<14} {place.mail}", ""])
    console.print(text, soft_wrap=True, highlight=False)


def _values(place: Place, memory: Memory, papers: Cabinet) -> dict[str, str]:
    closed, login = Journal(place.folder).closed()[-1], memory.residents[0]
    grandmother = manifest_of(place, 0, 0)["grandmother"]
    amount = papers.of(grandmother["account"]).last_payment()
    if amount is None:
        raise LookupError("the bank's files show no single last payment of grandmother's")
    return {
        "identity": place.identity, "ledger": place.ledger, "receipts": place.receipts,
        "provider_sync": place.provider_sync, "login": login.user_name, "password": PASSWORD,
        "account": login.accounts[0], "closed": closed, "open": following(closed),
        "holder": grandmother["holder"], "grandmother": grandmother["account"], "proof": typed(amount),
        "provider": PROVIDER, "key": memory.keys[PROVIDER],
    }  # fmt: skip
