"""What a new institution begins with, in five parts that build on each other.

What is left to chance follows from the institution's number, so that a second try makes the same choices.
"""

from random import Random

from opsconsole.examples.academics.models import Institution


def chance(institution: Institution, part: str) -> Random:
    """The dice for one part of one institution's beginning."""
    return Random(f"{institution.pk}:{part}")
