"""The committed contracts are what the code says now; `make contracts` writes them anew."""

from openapi_spec_validator import validate

from tests.contract.catalogue import services
from tests.contract.generate import ROOT, documents, openapi


def test_every_contract_is_fresh() -> None:
    """Nothing differs, nothing is left over from a type that is gone."""
    made = dict(documents())
    stale = [
        str(p.relative_to(ROOT)) for p, text in made.items() if not p.exists() or p.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `make contracts` and commit the result"
    kept = {p for s in services() for p in (ROOT / "services" / s.name / "contracts").rglob("*") if p.is_file()}
    assert kept - set(made) == set()


def test_every_openapi_document_is_valid() -> None:
    """An independent validator accepts each, and they are version 3.1."""
    for service in services():
        document = openapi(service)
        assert document["openapi"].startswith("3.1")
        validate(document)
