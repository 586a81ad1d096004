"""What should be nought in identity, and what is typed when it is not."""

from common.doctor import Question

_WAITING_S = 900
QUESTIONS = (
    Question(
        "mail",
        "SELECT count(*), min(queued_at) FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL",
        "{count} letters wait since {since}: does the mail server answer, is identity-mail running?",
        _WAITING_S,
    ),
    Question(
        "mail given up",
        "SELECT count(*), min(given_up_at) FROM mail WHERE given_up_at > now() - interval '1 day'",
        "{count} letters could not be sent within a day, the first at {since}: the log of identity-mail says why",
    ),
    Question(
        "keys",
        "SELECT count(*), min(changed_at) FROM signing_keys WHERE state = 'active' "
        "AND changed_at < now() - interval '90 days'",
        "{count} key signs tokens since {since}: `python -m identity keys rotate`",
    ),
)
