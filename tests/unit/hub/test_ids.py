"""What can be an agency's code at all, for the directory and for intake alike."""

import time

import pytest

from hub.model.ids import LONGEST_CODE, is_code


@pytest.mark.parametrize(
    "code", ["000.00.07.H99", "H98.12", "01.01.G22", "vxp.saas.01", "0100109106-001", "G", "9" * LONGEST_CODE]
)
def test_codes(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize("code", [
    "", " ", "G22 ", "G22.", ".G22", "G..22", "G.-22", "-1", "Ｇ22", "Đ22", "H98\u200b", "٢", "a_b", "a/b", "a\n",
    "9" * (LONGEST_CODE + 1), "9" * 1_000_000 + "!",
])  # fmt: skip
def test_what_is_none(code: str) -> None:
    begun = time.monotonic()
    assert not is_code(code)
    assert time.monotonic() - begun < 0.1
