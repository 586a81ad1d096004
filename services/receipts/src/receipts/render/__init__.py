"""Statement and holder → PDF: a pure function; the same inputs give the same bytes."""
