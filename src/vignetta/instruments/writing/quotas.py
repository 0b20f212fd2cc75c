"""Quotas of a survey document, each as Qualtrics writes it."""

from __future__ import annotations

from collections.abc import Sequence

from vignetta.instruments.writing.elements import MESSAGE, Part, Piece, chosen, identifier


def quota(number: str, name: str, answers: Sequence[tuple[Piece, str]], *, limit: int, address: str) -> Piece:
    """Turns away those who chose all the answers once `limit` others have, to an address when there is one."""
    joints: list[Piece] = [{"Conjuction": "And"} if place else {} for place in range(len(answers))]
    met = {str(place): chosen(*each) | joint for place, (each, joint) in enumerate(zip(answers, joints, strict=True))}
    action = {"ActionType": "EndCurrentSurvey", "Type": "Expression", "LogicType": "QuotaAction"}
    return {
        "Name": name,
        "Occurrences": limit,
        "Logic": {"0": {**met, "Type": "If"}, "Type": "BooleanExpression"},
        "LogicType": "Simple",
        "QuotaAction": "EndCurrentSurvey",
        "OverQuotaAction": None,
        "ActionInfo": {"0": {"0": action, "Type": "If"}, "Type": "BooleanExpression"},
        "ID": number,
        "QuotaRealm": "Survey",
        "QuotaSchedule": None,
        "EndSurveyOptions": {"EndingType": "Advanced" if address else "Default", **_turned_away(address)},
    }


def _turned_away(address: str) -> Piece:
    leads = {"SurveyTermination": "Redirect", "EOSRedirectURL": address} if address else MESSAGE
    return {"ResponseFlag": "QuotaMet", **leads}


def quota_parts(name: str, quotas: Sequence[Piece]) -> list[Part]:
    """The quotas, the group that holds them, and the order of the groups."""
    if not quotas:
        return []
    number, title = identifier("QG", name), "Default Quota Group"
    group = {"ID": number, "Name": title, "Selected": True, "MultipleMatch": "PlaceInAll", "Public": False}
    return [
        *(("QO", str(each["ID"]), str(each["Name"]), None, each) for each in quotas),
        ("QG", number, title, None, group | {"Quotas": [each["ID"] for each in quotas]}),
        ("QGO", "QGO_QuotaGroupOrder", None, None, [number]),
    ]
