"""Sharing a whole amount out by weights, without a cent lost."""

from __future__ import annotations

from collections.abc import Sequence


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in whole parts as near to the weights as can be: largest remainders get the odd units, first come first.

    The parts sum to the total. If the total is no more than the sum of the weights, no part exceeds its weight.
    All weights 0 share nothing; then the total must be 0. Raises ValueError for negative ones.
    """
    whole = sum(weights)
    if total < 0 or any(weight < 0 for weight in weights) or (total and not whole):
        raise ValueError(f"{total} can't be shared by {list(weights)}")
    if not whole:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in by_remainder[:left]:
        parts[place] += 1
    return parts
