"""The data that R's reference numbers were computed from."""

from pathlib import Path

import pandas as pd

LEVELS = {
    "transgression": ["underspending", "no_troops", "rival_arms", "sanctions_refusal"],
    "regime": ["democracy", "autocracy"],
    "capability": ["weak", "strong"],
    "treaty": ["none", "formal"],
    "response": ["status_quo", "denounce", "economic", "military_aid_cut", "terminate"],
    "party": ["Democrat", "Independent", "Republican"],
    "education": ["HS", "SomeCollege", "BA", "Postgrad"],
}


def read_responses(file: Path) -> pd.DataFrame:
    """Responses with their factors as categories in the order of the reference."""
    data = pd.read_csv(file, keep_default_na=False)
    return data.assign(**{name: pd.Categorical(data[name], categories=levels) for name, levels in LEVELS.items()})
