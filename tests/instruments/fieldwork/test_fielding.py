"""Simulated fieldwork: who takes part, and that the numbers add up."""

import ipaddress
import re
from collections import Counter

import numpy as np

from vignetta.design.declaration import Design
from vignetta.instruments.fieldwork.fielding import Simulated, field_sessions, simulate
from vignetta.instruments.fieldwork.simulation import Simulation
from vignetta.instruments.running.runtime import Runtime
from vignetta.instruments.survey import Survey

Row = dict[str, str]
DOCUMENTATION_6 = ipaddress.ip_network("2001:db8::/32")


DOCUMENTATION = [ipaddress.ip_network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


STANDARD_ERRORS = 4
"""A right share lies outside in one of 16,000 tries; the seeds are fixed."""


def valid(rows: list[Row]) -> list[Row]:
    """Finished, consenting, attentive, unhurried respondents, once per address."""
    kept: dict[str, Row] = {}
    for each in rows:
        sound = (each["Status"], each["Finished"], each["consent"], each["attention"]) == ("0", "1", "1", "4")
        if sound and int(each["Duration (in seconds)"]) >= 60:
            kept.setdefault(each["IPAddress"], each)
    return list(kept.values())


def test_valid_and_noise_add_up(rows: list[Row], design: Design, simulation: Simulation) -> None:
    field = simulation.fieldwork
    noise = (field.previews, field.declined, field.partials, field.duplicates, field.speeders, field.inattentive)
    assert len(rows) == design.sample_size + sum(noise)
    assert len(valid(rows)) == design.sample_size
    assert sum(each["Status"] == "1" for each in rows) == field.previews
    assert sum(each["consent"] == "2" for each in rows) == field.declined
    assert sum(each["Finished"] == "0" for each in rows) == field.partials
    hurried = [each for each in rows if each["attention"] and int(each["Duration (in seconds)"]) < field.speeding_below]
    finished = [each for each in hurried if each["Finished"] == "1"]
    assert len(finished) == field.speeders
    taken = Counter(each["IPAddress"] for each in rows if each["Status"] == "0")
    assert sorted(taken.values())[-field.duplicates - 1 :] == [1] + [2] * field.duplicates


def test_who_comes_again_is_recorded_later(rows: list[Row], simulation: Simulation) -> None:
    first: dict[str, Row] = {}
    again = 0
    for each in (row for row in rows if row["Status"] == "0"):
        earlier = first.setdefault(each["IPAddress"], each)
        if earlier is not each:
            again += 1
            assert each["StartDate"] > earlier["RecordedDate"]
            assert each["ResponseId"] != earlier["ResponseId"]
            traits = ("party", "age", "LocationLatitude", "LocationLongitude")
            assert [each[key] for key in traits] == [earlier[key] for key in traits]
    assert again == simulation.fieldwork.duplicates


def test_realised_levels_are_nearly_even(rows: list[Row], design: Design) -> None:
    kept = valid(rows)
    for name, factor in design.factors.items():
        declared = 1 / len(factor.levels)
        counts = Counter(each[name] for each in kept)
        margin = STANDARD_ERRORS * np.sqrt(declared * (1 - declared) / len(kept))
        assert set(counts) == set(factor.level_names)
        assert all(abs(count / len(kept) - declared) < margin for count in counts.values())


def test_every_row_says_that_it_is_simulated(rows: list[Row]) -> None:
    assert {each["data_source"] for each in rows} == {"simulated"}


def test_partials_answer_what_they_submitted(rows: list[Row]) -> None:
    asked = ["consent", "party", "ideology", "age", "gender", "education", "attention", "approval", "contributions"]
    asked += ["recall_treaty", "recall_regime", "recall_capability", "recall_action", "recall_response"]
    partial = [each for each in rows if each["Finished"] == "0"]
    for each in partial:
        answered = [bool(each[name]) for name in asked]
        assert answered == sorted(answered, reverse=True)
        assert 0 <= int(each["Progress"]) < 100
    assert len({each["Progress"] for each in partial}) > 5
    assert all(each["Progress"] == "100" for each in rows if each["Finished"] == "1")


def test_same_seed_same_bytes(survey: Survey, design: Design, simulation: Simulation, simulated: Simulated) -> None:
    assert simulate(survey, design, simulation).export == simulated.export
    assert simulate(survey, design, simulation, seed=simulation.seed).export == simulated.export
    assert simulate(survey, design, simulation, seed=simulation.seed + 1).export != simulated.export


def test_who_declines_is_soon_gone(rows: list[Row]) -> None:
    lasted: dict[str, list[int]] = {"1": [], "2": []}
    for each in (row for row in rows if row["consent"] and row["Finished"] == "1"):
        lasted[each["consent"]].append(int(each["Duration (in seconds)"]))
    assert np.median(lasted["2"]) < np.median(lasted["1"]) / 2


def test_addresses_and_ids_are_made_up(rows: list[Row], simulation: Simulation) -> None:
    addresses = {ipaddress.ip_address(each["IPAddress"]) for each in rows}
    assert {str(each) for each in addresses} == {each["IPAddress"] for each in rows}
    assert all(any(each in network for network in (*DOCUMENTATION, DOCUMENTATION_6)) for each in addresses)
    assert all(re.fullmatch("R_[0-9A-Za-z]{15}", each["ResponseId"]) for each in rows)
    assert len({each["ResponseId"] for each in rows}) == len(rows)
    channels = {(each["Status"], each["DistributionChannel"]) for each in rows}
    assert channels == {("0", "anonymous"), ("1", "preview")}


def test_partials_never_finish(survey: Survey, design: Design, simulation: Simulation) -> None:
    """Not even when the survey turns out shorter than it looked."""
    runtime = Runtime(survey)
    runtime.pages = 3 * runtime.pages
    sessions = field_sessions(runtime, design, simulation=simulation, generator=np.random.default_rng(8))
    assert sum(not each.visit.finished for each in sessions) == simulation.fieldwork.partials
