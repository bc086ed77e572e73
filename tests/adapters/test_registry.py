"""Which gateways a house has: named in a setting, refused with a sentence, loaded only when they are wanted."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from app.adapters.payments import PayMode
from app.adapters.payments.registry import BUILDERS
from app.config import BadSetting, read_settings
from tests.support.house import ROOT

STRIPE = {"STRIPE_SECRET_KEY": "sk_test_x", "STRIPE_WEBHOOK_SECRET": "whsec_x"}
RAZORPAY = {"RAZORPAY_KEY_ID": "rzp_test_x", "RAZORPAY_KEY_SECRET": "x", "RAZORPAY_WEBHOOK_SECRET": "x"}
ALL = {"GATEWAYS": "stripe,razorpay,sandbox", **STRIPE, **RAZORPAY}


def settings_with(environment: dict[str, str], **changes: str):
    return read_settings({**environment, **changes})


@pytest.mark.parametrize("missing", [*STRIPE, *RAZORPAY])
def test_a_gateway_without_its_keys_stops_the_start_and_names_them(test_environment, missing):
    with pytest.raises(BadSetting, match=rf"{missing} must be set, for GATEWAYS names \w+: see docs/payments.md"):
        settings_with(test_environment, **{**ALL, missing: ""})


def test_a_gateway_that_is_not_named_needs_no_keys(test_environment):
    assert settings_with(test_environment).gateways == ("sandbox",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"STRIPE_FLOW": "elements"}, "STRIPE_FLOW is checkout or intent"),
        ({"STRIPE_METHODS": "CHEQUE=cheque"}, "STRIPE_METHODS names some of"),
        ({"STRIPE_METHODS": ","}, "STRIPE_METHODS names some of"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(test_environment, changes, words):
    with pytest.raises(BadSetting, match=words):
        settings_with(test_environment, **ALL, **changes)


@pytest.mark.parametrize(
    "keys",
    [{**STRIPE, "GATEWAYS": "stripe"}, {**RAZORPAY, "GATEWAYS": "razorpay"}],
    ids=["stripe", "razorpay"],
)
def test_a_testing_key_opens_no_real_house_unless_it_may(test_environment, keys):
    real = {"ENV": "production", "BASE_URL": "https://tickets.example.org", **keys}
    with pytest.raises(BadSetting, match="test key gives tickets for nothing"):
        settings_with(test_environment, **real)
    assert settings_with(test_environment, **real, ALLOW_SANDBOX="yes").production


def test_live_keys_open_a_real_house(test_environment):
    live = {"STRIPE_SECRET_KEY": "sk_live_x", "RAZORPAY_KEY_ID": "rzp_live_x", "GATEWAYS": "stripe,razorpay"}
    real = {"ENV": "production", "BASE_URL": "https://tickets.example.org", **ALL, **live}
    assert settings_with(test_environment, **real).gateways == ("stripe", "razorpay")


def test_every_gateway_is_built_from_the_settings(test_environment):
    settings = settings_with(
        test_environment, **ALL, STRIPE_METHODS="CARD=card,WALLET=paypal", RAZORPAY_CURRENCIES="INR,USD"
    )
    built = {name: build(settings) for name, build in BUILDERS.items()}
    assert {name: gateway.name for name, gateway in built.items()} == {name: name for name in BUILDERS}
    assert built["stripe"].modes == (PayMode.CARD, PayMode.WALLET)
    assert built["razorpay"].takes("USD")
    assert built["stripe"].form_targets == ("https://checkout.stripe.com", "https://hooks.stripe.com")
    assert built["razorpay"].form_targets == ("https://api.razorpay.com",)


LOADED = """
import json, sys
from app import create_app
app = create_app()
print(json.dumps([list(app.extensions["marquee_gateways"]), sorted({"stripe", "razorpay", "requests"} & set(sys.modules))]))
"""


@pytest.mark.parametrize(
    ("changes", "gateways", "loaded"),
    [({}, ["sandbox"], []), (ALL, ["stripe", "razorpay", "sandbox"], ["razorpay", "requests", "stripe"])],
    ids=["none", "all"],
)
def test_a_house_loads_the_libraries_of_the_gateways_it_names_and_no_others(
    test_environment, changes, gateways, loaded
):
    env = {**os.environ, **test_environment, **changes}
    run = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == [gateways, loaded]
