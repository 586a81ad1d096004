"""The HTTP door of providers and banks."""

from provider_sync.api.routes import create

__all__ = ["create"]
