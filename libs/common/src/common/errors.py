"""Refusals: what a caller may not do, said once with a stable code and in the reader's language."""

from typing import Any, ClassVar

LANGUAGES = ("ru", "kk", "en")


class Refusal(Exception):
    """Base of every refusal; a service's errors.py has one subclass for each.

    `texts` are format strings over the parameters given to the constructor; `field` is a JSON pointer into the request.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    retriable: ClassVar[bool] = False
    texts: ClassVar[dict[str, str]] = {
        "ru": "Запрос отклонён.",
        "kk": "Сұрау қабылданбады.",
        "en": "The request was refused.",
    }

    def __init__(self, field: str | None = None, retry_after_s: int | None = None, **params: Any) -> None:
        super().__init__(self.code)
        self.field, self.retry_after_s, self.params = field, retry_after_s, params

    def text(self, language: str = "en") -> str:
        """The explanation in ru, kk or en."""
        return self.texts.get(language, self.texts["en"]).format_map(self.params)

    def __str__(self) -> str:
        return f"{self.code}: {self.text()}"


class KeyReused(Refusal):
    """The same Idempotency-Key came with another body."""

    code = "idempotency-key-reused"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Этот Idempotency-Key уже использован с другим запросом.",
        "kk": "Бұл Idempotency-Key басқа сұраумен пайдаланылған.",
        "en": "This Idempotency-Key was used with another request.",
    }
