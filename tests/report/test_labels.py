import pytest

from tests.report.made_up import declared, level
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.report.labels import Labels


def test_words_of_the_design(design: Design) -> None:
    labels = Labels(design)
    assert labels.level("response", "reduce_support") == "Reduced military support"
    assert labels.factor("response × action") == "US response × Uncooperative action"
    assert labels.within("regime", "democracy vs autocracy") == "Democracy minus Not a democracy"
    assert labels.scale("approval") == "1–7"
    assert labels.variable("party") == "Party"
    assert labels.variable("np.log(age)") == "np.log(age)"


def test_unknown_names_are_errors_that_name_them(design: Design) -> None:
    labels = Labels(design)
    with pytest.raises(StudyError, match="unknown level of `response` `terminated`") as error:
        labels.level("response", "terminated")
    assert "`terminate`" in str(error.value)
    with pytest.raises(StudyError, match="unknown outcome `aproval`"):
        labels.outcome("aproval")
    with pytest.raises(StudyError, match="democracy vs monarchy"):
        labels.within("regime", "democracy vs monarchy")


def test_same_level_name_in_two_factors_and_main_language() -> None:
    both = {"en": "Low tax", "de": "Niedrige Steuer"}
    design, _ = declared(
        {
            "name": "two",
            "title": "Two",
            "languages": ["de", "en"],
            "seed": "1",
            "sample_size": "10",
            "data": {"file": "x.csv", "format": "table"},
            "factors": {
                "tax": {
                    "label": {"de": "Steuer", "en": "Tax"},
                    "levels": [level("low", both, reference="true"), level("high", {"de": "Hoch", "en": "High"})],
                },
                "wage": {
                    "label": {"de": "Lohn", "en": "Wage"},
                    "levels": [
                        level("low", {"de": "Wenig", "en": "Little"}, reference="true"),
                        level("high", {"de": "Viel", "en": "Much"}),
                    ],
                },
            },
            "outcomes": {
                "y": {
                    "label": {"de": "Urteil", "en": "Rating"},
                    "question": {"de": "?", "en": "?"},
                    "scale": [{"text": {"de": "a", "en": "a"}}, {"text": {"de": "b", "en": "b"}}],
                }
            },
        },
        {"hypotheses": {}, "models": {"m": {"formula": "y ~ tax + wage"}}, "estimands": []},
    )
    labels = Labels(design)
    assert (labels.level("tax", "low"), labels.level("wage", "low")) == ("Niedrige Steuer", "Wenig")
