"""Two who change the same thing: the second is told, and what they did not see is not undone.

What has a `revision` in its row is named by that number, anything else by the mark of its facts (domain/marks.py).
"""

from __future__ import annotations

from app.errors import ConcurrentModification, Conflict


def check_seen(
    there: object, seen: object, what: str, *, who: str = "Somebody", error: type[Conflict] = ConcurrentModification
) -> None:
    """Raises the error if what is there is not what was seen. Under the lock of the thing."""
    if there != seen:
        words = f"{who} has changed {what} since you opened the page, and nothing of yours was kept"
        raise error(f"{words}. Look at how it is now, and make your change once more.")
