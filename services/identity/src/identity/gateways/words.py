"""The list of passwords that guessers try first: 20,000 of the world's, and words of Russian and Kazakh."""

import gzip
from importlib.resources import files


def common_passwords() -> frozenset[str]:
    """All of them, in lower case."""
    folder = files("identity") / "words"
    world = gzip.decompress((folder / "common-passwords.txt.gz").read_bytes()).decode()
    ours = (folder / "ru-kk.txt").read_text(encoding="utf-8")
    return frozenset(word.casefold() for word in (world + ours).split())
