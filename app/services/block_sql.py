"""When a block holds for a seat of a show, said once: for what frees seats, what blocks them, and the promise."""

from __future__ import annotations

HOLDS = """
(k.show_id = h.id OR (k.screen_id = h.screen_id AND (k.from_at IS NULL OR k.from_at < h.ends_at)
  AND (k.until_at IS NULL OR k.until_at > h.starts_at)))
AND k.made_at < h.ends_at AND (g.lifted_at IS NULL OR g.lifted_at >= h.ends_at)
"""
"""Of a block `k`, its seat `g` and a show `h`. What is made or lifted after a show was over is nothing to it."""
BLOCKED = f"""
EXISTS (
  SELECT FROM shows h JOIN seat_blocks k ON k.show_id = h.id OR k.screen_id = h.screen_id
  JOIN seats x ON x.id = show_seats.seat_id JOIN seat_block_seats g ON g.block_id = k.id AND g.guid = x.guid
  WHERE h.id = show_seats.show_id AND {HOLDS})
"""
"""Whether some block holds for a row of show_seats."""
FREED = f"CASE WHEN {BLOCKED} THEN 'blocked' ELSE 'free' END"
"""The state that a seat gets when somebody gives it up. The seat's row has to be locked by an earlier statement."""
