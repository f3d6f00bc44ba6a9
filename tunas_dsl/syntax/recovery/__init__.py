"""Tokens that do not parse to tokens that do: the smallest change is found, and reported with its fix.

Where a token cannot stand (``stuck``), a few repairs are tried (another sign, one that is missing, one too
many: ``repairs``, ``signs``, ``wording``), and the one after which most of the statement parses is taken.
Where none helps, that is said (``complaints``), the statement is left out, and reading goes on with the
next one.
"""

from tunas_dsl.syntax.recovery.recovery import Recovery

__all__ = ["Recovery"]
