"""JSON Schemas of the files that people write, so that editors complete and check them."""

import json
from collections.abc import Mapping

from vignetta.declared import Declared


def schemas() -> Mapping[str, str]:
    """Each schema's file, relative to a study, and its text."""
    from vignetta.design.declaration import Design
    from vignetta.instruments.fieldwork.simulation import Simulation
    from vignetta.plan import Plan

    models: Mapping[str, type[Declared]] = {
        "design/study.schema.json": Design,
        "design/simulation.schema.json": Simulation,
        "analysis/plan.schema.json": Plan,
    }
    return {name: schema(model) for name, model in models.items()}


def schema(model: type[Declared]) -> str:
    """The JSON Schema of a declared file."""
    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"
