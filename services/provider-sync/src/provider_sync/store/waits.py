"""What waits for an operator or a loader, for the metrics; a partial index answers each."""

from common.backlog import waiting

MEASURES = (
    waiting("held", "SELECT FROM held WHERE state = 'held'"),
    waiting("unmatched", "SELECT FROM unmatched WHERE matched_at IS NULL AND returned_at IS NULL"),
    waiting("uploads", "SELECT FROM uploads WHERE state IN ('received', 'checking', 'appending')"),
)
