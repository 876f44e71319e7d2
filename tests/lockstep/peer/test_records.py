"""The bytes of records: vectors that stand still, every value there and back, all else refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.integrity.vote import Verdict
from lockstep.peer import records
from lockstep.peer.records import AHEAD_UNKNOWN, ARRIVAL_NONE, CheckReport, RecordRefused, Report

REPORTS = {
    "04030201 28232221 2500 0500 0c0b0a09 feff 1110 f9": Report(
        0x01020304, 0x2521222328, 5, 0x090A0B0C, -2, 0x1011, -7
    ),
    "00000000 ffffffff ffff 0000 00000000 0080 0000 80": Report(0, -1, 0, 0, None, 0, ARRIVAL_NONE),
}
CHECK = CheckReport(0x01020304, 0x05060708, b"abcdefgh", Verdict.REPRODUCED)
CHECK_BYTES = "04030201 08070605 6162636465666768 01"


def test_the_vectors_are_of_this_version() -> None:
    assert records.VERSION == 2


@pytest.mark.parametrize(("said", "report"), REPORTS.items())
def test_a_report_has_these_bytes(said: str, report: Report) -> None:
    assert records.encode_report(report) == bytes.fromhex(said)
    assert records.decode_report(bytes.fromhex(said)) == report


def test_a_check_has_these_bytes() -> None:
    assert records.encode_check(CHECK) == bytes.fromhex(CHECK_BYTES)
    assert records.decode_check(bytes.fromhex(CHECK_BYTES)) == CHECK


@given(
    st.builds(
        Report,
        st.integers(0, 2**48),
        st.integers(-1, 2**46),
        st.integers(0, 2**16 - 1),
        st.integers(0, 2**60),
        st.none() | st.integers(-(2**40), 2**40),
        st.integers(0, 2**48),
        st.integers(-1000, 1000),
    )
)
def test_a_report_comes_back_but_for_high_bits_and_what_is_saturated(report: Report) -> None:
    decoded = records.decode_report(records.encode_report(report))
    assert decoded.held == report.held
    assert decoded.suspects == report.suspects
    assert records.restore(decoded.epoch, 32, report.epoch + 2**31) == report.epoch
    assert records.restore(decoded.phase, 32, report.phase - 2**31 + 1) == report.phase
    assert records.restore(decoded.update_tick, 16, report.update_tick + 2**15) == report.update_tick
    if report.ahead is None:
        assert decoded.ahead is None
    else:
        assert decoded.ahead == max(AHEAD_UNKNOWN + 1, min(32767, report.ahead))
    if report.arrival == ARRIVAL_NONE:
        assert decoded.arrival == ARRIVAL_NONE
    else:
        assert decoded.arrival == max(ARRIVAL_NONE + 1, min(127, report.arrival))


@pytest.mark.parametrize("size", [0, 20, 22])
def test_a_report_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(RecordRefused, match=f"REPORT of {size} bytes; it has 21"):
        records.decode_report(bytes(size))


@pytest.mark.parametrize("body", [bytes(16), bytes(18), bytes.fromhex(CHECK_BYTES)[:-1] + b"\3"])
def test_a_check_of_another_size_or_verdict_is_refused(body: bytes) -> None:
    with pytest.raises(RecordRefused, match="CHECK"):
        records.decode_check(body)
