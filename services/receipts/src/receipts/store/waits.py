"""Receipts and documents that wait, for the metrics; a partial index answers each."""

from common.backlog import waiting

MEASURES = (
    waiting("documents-queued", "SELECT FROM documents WHERE state = 'queued'"),
    waiting("receipts", "SELECT FROM receipts WHERE state = 'waiting'"),
    waiting("documents-rendering", "SELECT FROM documents WHERE state = 'rendering'"),
)
