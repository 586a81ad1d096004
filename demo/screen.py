"""How a walk looks on the screen: numbered steps, what was seen, tables of money."""

from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from demo.oracle import COLUMNS, Line, totals


def printed(amount: Decimal) -> str:
    """An amount as receipts print it: 61 294,08 with a no-break space and a real minus."""
    return f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",").replace("-", "\u2212")


class Screen:
    """Numbered steps."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._step = 0

    def step(self, title: str) -> None:
        """Begin a step."""
        self._step += 1
        self.console.print(f"\n[bold cyan]{self._step}.[/] [bold]{escape(title)}[/]")

    def seen(self, text: str) -> None:
        """Something that was checked and is right."""
        self.console.print(f"   [green]✓[/] {escape(text)}")

    def told(self, text: str) -> None:
        """Something worth knowing."""
        self.console.print(f"     [dim]{escape(text)}[/]")

    def statement(self, title: str, lines: dict[str, Line], names: dict[str, str]) -> None:
        """A month's lines with totals."""
        table = Table(title=title, title_justify="left", header_style="dim", pad_edge=False)
        table.add_column("service")
        for column in COLUMNS:
            table.add_column(column, justify="right", no_wrap=True)
        for service, line in lines.items():
            table.add_row(names.get(service, service), *(printed(line.value(column)) for column in COLUMNS))
        sums = totals(lines)
        table.add_section()
        table.add_row("total", *(printed(sums[column]) for column in COLUMNS), style="bold")
        self.console.print(table)

    def rows(self, title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Any small table."""
        table = Table(title=title, title_justify="left", header_style="dim", pad_edge=False)
        for head in heads:
            table.add_column(head)
        for row in rows:
            table.add_row(*map(escape, row))
        self.console.print(table)

    def failed(self, text: str) -> None:
        """The walk ends here."""
        self.console.print(Panel(escape(text), title="[bold red]the road ends here", border_style="red"))
