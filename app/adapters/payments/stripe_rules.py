"""What Stripe charges: currencies, its own digits for some, limits, and which method works in which currency."""

from __future__ import annotations

from app.adapters.payments.amounts import Amounts

CURRENCIES = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR "
    "ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE "
    "SOS SRD STN SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR "
    "ZMW".split()
)
DIGITS = {"ISK": 2, "UGX": 2, "MGA": 0}
"""ISK and UGX have no coins any more, and Stripe still counts them in hundredths; of MGA it counts whole ones."""
STEPS = {"ISK": 100, "UGX": 100, **dict.fromkeys("BHD JOD KWD OMR TND".split(), 10)}
"""Hundredths of what has no coins don't exist; of three digits the card networks carry two."""
LEAST = {
    **dict.fromkeys("USD EUR AUD BRL CAD CHF INR NZD SGD".split(), 50),
    **{"GBP": 30, "BGN": 100, "AED": 200, "MYR": 200, "PLN": 200, "RON": 200, "DKK": 250, "NOK": 300, "SEK": 300},
    **{"HKD": 400, "MXN": 1000, "THB": 1000, "CZK": 1500, "HUF": 17500, "JPY": 50},
}
AMOUNTS = Amounts("Stripe", CURRENCIES, DIGITS, STEPS, LEAST)

CARD = "card"
METHOD_CURRENCIES = {
    "upi": {"INR"},
    "ideal": {"EUR"},
    "bancontact": {"EUR"},
    "eps": {"EUR"},
    "p24": {"EUR", "PLN"},
    "blik": {"PLN"},
    "pix": {"BRL"},
    "boleto": {"BRL"},
    "cashapp": {"USD"},
    "us_bank_account": {"USD"},
    "pay_by_bank": {"GBP"},
}
"""Methods that work in some currencies only. Of others Stripe itself says whether they do."""


def works_in(method: str, currency: str) -> bool:
    return currency in METHOD_CURRENCIES.get(method, {currency})
