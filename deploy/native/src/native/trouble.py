"""What can go wrong in a way that the person who started this can mend: said in words, without a stack."""


class Trouble(Exception):
    """The base of all of it; the message is for the person."""
