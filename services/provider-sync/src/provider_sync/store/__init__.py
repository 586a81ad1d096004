"""SQL in the open; functions take a connection whose transaction a handler owns."""

from common.postgres import texts as texts
