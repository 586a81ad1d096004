"""`python -m demo`: make the city, load it, walk through it, say how to try it."""

from demo.commands import app

app()
