"""Documents that wait to be made, for the metrics; a partial index answers each."""

from common.backlog import waiting

MEASURES = (
    waiting("documents-queued", "SELECT FROM documents WHERE state = 'queued'"),
    waiting("documents-rendering", "SELECT FROM documents WHERE state = 'rendering'"),
)
