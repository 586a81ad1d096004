"""What should be nought in provider-sync, and what is typed when it is not."""

from common.doctor import Question

QUESTIONS = (
    Question(
        "held",
        "SELECT count(*), min(b.held_at) FROM held AS h JOIN held_batches AS b ON b.id = h.batch "
        "WHERE h.state = 'held'",
        "{count} facts wait for an operator since {since}: `held list`",
    ),
    Question(
        "unmatched",
        "SELECT count(*), min(received_at) FROM unmatched WHERE matched_at IS NULL AND returned_at IS NULL",
        "{count} facts wait for their account since {since}: `unmatched list`",
    ),
    Question(
        "parked there",
        "SELECT count(*), min(since) FROM parked_accounts",
        "{count} accounts stand still in the ledger, the first since {since}: `ledger parked list`",
    ),
    Question(
        "keys",
        "SELECT count(*), min(expires_at) FROM api_keys WHERE revoked_at IS NULL AND expires_at > now() "
        "AND expires_at < now() + interval '7 days'",
        "{count} keys of senders end within a week, the first at {since}: `keys rotate`",
    ),
)
