"""Ends of a survey that count for no quota."""

import numpy as np
import pytest

from tests.instruments.running.test_paging import with_quota
from tests.instruments.small_flows import about, branch, somebody
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.writing import elements


@pytest.mark.parametrize(("counts", "turned_away"), [("Yes", ["", "", "QO_1"]), ("No", ["", "", ""])])
def test_who_is_screened_out_counts_for_no_quota(counts: str, turned_away: list[str]) -> None:
    out = elements.end() | {"EndingType": "Advanced", "Options": {"Advanced": "true", "CountQuotas": counts}}
    screen = branch(about("q://QID2/SelectableChoice/1", "Selected"), then=[out])
    runtime, generator = Runtime(with_quota(2, screen), quotas=True), np.random.default_rng(1)
    visits = [runtime.run(somebody(asked="1", more="1"), generator) for _ in range(3)]
    assert [each.stopped.replace(visits[0].stopped, "") for each in visits] == turned_away
    assert not any(each.discarded for each in visits)


def test_a_quota_may_discard_the_response() -> None:
    survey = with_quota(1)
    for each in survey.elements("QO"):
        each["Payload"]["EndSurveyOptions"] = {"ResponseFlag": "QuotaMet", "IgnoreResponse": "Yes"}
    runtime, generator = Runtime(type(survey)(survey.document), quotas=True), np.random.default_rng(1)
    visits = [runtime.run(somebody(asked="1"), generator) for _ in range(2)]
    assert [each.discarded for each in visits] == [False, True]
