"""Settings that make no sense are refused where they are read."""

from typing import Any

import pytest

from opsconsole.examples.lending.configuration import LendingSettings, lending_settings


@pytest.mark.parametrize(
    "wrong",
    [{"payer_role": "thief"}, {"daily_rate": 0.1}, {"daily_rate": None}, {"start_delay": -1.0}, {"jitter": -1.0}],
)
def test_a_wrong_value_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        LendingSettings(**wrong)


def test_a_misspelt_name_is_refused(settings: Any) -> None:
    settings.LENDING = {"zones": "UTC"}
    with pytest.raises(TypeError, match="zones"):
        lending_settings()


def test_what_is_not_said_has_a_default(settings: Any) -> None:
    settings.LENDING = {"zone": "UTC"}
    assert (lending_settings().zone, lending_settings().product_line) == ("UTC", "asset_lending")
