"""The built-in payment provider: sessions, what its pay page does, refunds, signed messages. No money moves.

It plays another company: it knows nothing of bookings, and we know of it only through its adapter in
adapters/payments/, its pay page and its messages.
"""
