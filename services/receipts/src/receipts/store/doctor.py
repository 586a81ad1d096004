"""What should be nought in receipts, and what is typed when it is not."""

from common.doctor import Question

_WAITING_S = 300
QUESTIONS = (
    Question(
        "waiting",
        "SELECT count(*), min(created_at) FROM documents WHERE NOT bulk AND state IN ('queued', 'rendering')",
        "{count} residents wait for a receipt, the first since {since}: are Redis and receipts-worker running?",
        _WAITING_S,
    ),
    Question(
        "failed",
        "SELECT count(*), min(created_at) FROM documents WHERE state = 'failed' "
        "AND created_at > now() - interval '1 day'",
        "{count} receipts of the last day could not be made, the first at {since}: see the log of receipts-worker",
    ),
    Question(
        "month runs",
        "SELECT count(*), min(started_at) FROM runs WHERE state <> 'done'",
        "{count} runs for a month are under way, the first since {since}: `python -m receipts runs`",
    ),
)
