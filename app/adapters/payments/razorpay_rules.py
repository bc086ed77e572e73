"""What Razorpay charges: currencies, limits, and its names for the ways to pay."""

from __future__ import annotations

from app.adapters.payments import PayMode
from app.adapters.payments.amounts import Amounts

HOME = "INR"
CURRENCIES = frozenset(
    "AED ALL AMD ARS AUD AWG BBD BDT BHD BIF BMD BND BOB BSD BWP BZD CAD CHF CLP CNY COP CRC CZK DJF DKK DOP DZD EGP "
    "ETB EUR FJD GBP GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD "
    "KZT LAK LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR NAD NGN NIO NOK NPR NZD OMR PEN PGK PHP PKR PLN "
    "PYG QAR RON RSD RWF SAR SCR SEK SGD SOS SZL THB TND TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV XAF XCD XOF XPF "
    "YER ZAR ZMW".split()
)
STEPS = dict.fromkeys("BHD JOD KWD OMR TND".split(), 10)
"""Of three digits the last is to be 0."""
LEAST = {"INR": 100}
AMOUNTS = Amounts("Razorpay", CURRENCIES, steps=STEPS, least=LEAST)

METHODS = {
    PayMode.CARD: "card",
    PayMode.UPI: "upi",
    PayMode.NET_BANKING: "netbanking",
    PayMode.WALLET: "wallet",
}


def works_in(mode: PayMode, currency: str) -> bool:
    """Cards everywhere; what is Indian in rupees."""
    return mode is PayMode.CARD or currency == HOME
