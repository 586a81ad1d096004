"""Composition root: the only place that knows how the parts fit. The web's parts stand apart."""

from identity.app.desk import build_desk

__all__ = ["build_desk"]
