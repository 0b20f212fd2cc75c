"""A study in its folder: what people declared, what the stages made, and which of these files were read."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vignetta.declared import Tree, read_tree
from vignetta.design.declaration import DataFormat, Design, LabelledFormat, design_of
from vignetta.errors import Problem, StudyError
from vignetta.plan import Plan, plan_of
from vignetta.study import registration
from vignetta.study.files import relative, replace_all, sha256
from vignetta.study.stages import Stage

if TYPE_CHECKING:
    import pandas as pd

    from vignetta.cleaning.auditing.designed import Expected
    from vignetta.codebook import Codebook
    from vignetta.instruments.fieldwork.simulation import Simulation
    from vignetta.instruments.survey import Survey

DESIGN: Final = "design/study.yaml"
PLAN: Final = "analysis/plan.yaml"
SIMULATION: Final = "design/simulation.yaml"
PREVIEW: Final = "instruments/preview.html"
CODEBOOK: Final = "instruments/codebook.csv"
VERIFICATION: Final = "instruments/verification.txt"
RESPONSES: Final = "data/clean/responses.parquet"
SALT: Final = "data/raw/salt.txt"
KEY: Final = "data/raw/key.csv"
CLEAN_CODEBOOK: Final = "data/clean/codebook.csv"
LEDGER: Final = "data/clean/ledger.csv"
ARMS: Final = "data/clean/arms.csv"
ESTIMATES: Final = "analysis/estimates.csv"


@dataclass
class Study:
    """A study in its folder.

    Every file that one of its properties reads is noted with its hash in `read`, which a stage's manifest records.
    """

    root: Path
    read: dict[str, str] = field(default_factory=dict, repr=False)

    def file(self, name: str, *, made_by: str = "") -> Path:
        """The path of a file of the study, noted as read. Raises `StudyError` when it is not there."""
        path = self.root / name
        self.read[name] = sha256(path)
        if not self.read[name]:
            remedy = f"Run `vignetta {made_by}` first, or `vignetta run`." if made_by else ""
            raise StudyError(Problem(name, "the file does not exist.", remedy))
        return path

    def tree(self, name: str) -> Tree:
        """A declared file as it is written."""
        return _tree(self.file(name), name, self.read[name])

    def stage(self, name: str) -> Stage:
        """The stage of that name, to be entered with `with`: what it writes appears when it ends well."""
        return Stage(self.root, name, self.design.seed, self.read)

    # ------------------------------------------------------------------------------------------------ declared

    @property
    def design(self) -> Design:
        """The declared design."""
        return _design(self.file(DESIGN), DESIGN, self.read[DESIGN])

    @property
    def plan(self) -> Plan:
        """The analysis plan."""
        return plan_of(self.tree(PLAN), self.design)

    @property
    def simulation(self) -> Simulation:
        """The stated model from which respondents are simulated."""
        from vignetta.instruments.fieldwork.simulation import simulation_of

        return simulation_of(self.tree(SIMULATION), self.design)

    @property
    def registered(self) -> list[bool]:
        """For each estimand of the plan, whether it stands as it was registered."""
        return self.registration.holds(self.tree(DESIGN).data, self.tree(PLAN).data)

    @property
    def registration(self) -> registration.Registration:
        """What was registered; empty when nothing was."""
        self.read[registration.FILE] = sha256(self.root / registration.FILE)
        return registration.read_registration(self.root)

    # ----------------------------------------------------------------------------------------------------- made

    @property
    def instrument_file(self) -> str:
        return f"instruments/{self.design.name}.qsf"

    @property
    def instrument(self) -> Survey:
        """The instrument as it was built, read back from its file."""
        from vignetta.instruments.qsf import read_qsf

        return read_qsf(self.file(self.instrument_file, made_by="build"))

    @property
    def codebook(self) -> Codebook:
        """What each column of the export means."""
        return self._codebook(CODEBOOK, made_by="build")

    @property
    def clean_codebook(self) -> Codebook:
        """What each column of the clean responses means."""
        return self._codebook(CLEAN_CODEBOOK, made_by="clean")

    def _codebook(self, name: str, *, made_by: str) -> Codebook:
        from vignetta.codebook import read_codebook

        return read_codebook(self.file(name, made_by=made_by), shown=name)

    @property
    def simulated_file(self) -> str:
        return f"data/raw/{self.design.name}_simulated.csv"

    @property
    def truth_file(self) -> str:
        return f"data/raw/{self.design.name}_simulated_truth.csv"

    @property
    def data(self) -> Path:
        """The raw export: the one that study.yaml names under `data`, or else the simulated one."""
        declared = self.design.data
        if declared is None:
            return self.file(self.simulated_file, made_by="simulate")
        return self.file(declared.file)

    @property
    def data_present(self) -> tuple[str, ...]:
        """Names of the files of real responses that are there already."""
        known = {self.simulated_file, self.truth_file, SALT, KEY}
        raw = (relative(each, self.root) for each in sorted((self.root / "data/raw").glob("*")) if each.is_file())
        named = [self.design.data.file] if self.design.data and (self.root / self.design.data.file).is_file() else []
        return tuple(dict.fromkeys([*named, *(each for each in raw if each not in known and "/." not in each)]))

    @property
    def data_format(self) -> DataFormat:
        return self.design.data.format if self.design.data else "qualtrics"

    @property
    def salt(self) -> str:
        """The secret with which identifiers become pseudonyms, made when first asked for; empty without pseudonyms."""
        if self.design.data is None or not self.design.data.pseudonyms:
            return ""
        if not (self.root / SALT).is_file():
            replace_all(self.root, {SALT: secrets.token_hex(16).encode()})
        return self.file(SALT).read_text("ascii").strip()

    @property
    def expected(self) -> Expected:
        """What the design says about the responses, with which cleaning compares them."""
        from vignetta.study.expecting import expected_of

        return expected_of(self.design)

    @property
    def time_zone(self) -> str:
        """The zone of the times in an export that does not say it; empty when study.yaml does not either."""
        return self.design.data.time_zone if self.design.data else ""

    @property
    def formats(self) -> tuple[LabelledFormat, ...]:
        """The labelled files of clean responses that study.yaml asks for."""
        return self.design.data.formats if self.design.data else ()

    @property
    def clean(self) -> pd.DataFrame:
        """All clean responses, also the excluded ones."""
        from vignetta.cleaning.outputs.files import read_responses

        return read_responses(self.file(RESPONSES, made_by="clean"))

    @property
    def responses(self) -> pd.DataFrame:
        """The clean responses that are analysed."""
        responses = self.clean
        return responses[~responses["excluded"]]

    @property
    def synthetic(self) -> bool:
        """Whether any response is made up: declared so, or told by the response itself."""
        from vignetta.cleaning.responses import is_synthetic

        declared = self.design.data is not None and self.design.data.synthetic
        return declared or is_synthetic(self.clean, self.codebook)

    @property
    def ledger(self) -> pd.DataFrame:
        """The account of every raw row."""
        return _table(self.file(LEDGER, made_by="clean"))

    @property
    def arms(self) -> pd.DataFrame:
        """What became of the responses of each level of each factor."""
        return _table(self.file(ARMS, made_by="clean"))

    @property
    def estimates(self) -> pd.DataFrame:
        """The estimates."""
        return _table(self.file(ESTIMATES, made_by="estimate"))


def load(path: str | Path = ".") -> Study:
    """The study that a folder, or a file inside it, belongs to. A recipe passes its own `__file__`.

    Raises `StudyError` when no folder above holds `design/study.yaml`.
    """
    start = Path(path).resolve()
    for folder in (start, *start.parents):
        if (folder / DESIGN).is_file():
            study = Study(folder)
            if start.is_file():
                study.file(relative(start, folder))
            return study
    what = f"there is no study here: no folder from here upwards holds {DESIGN}."
    raise StudyError(Problem(str(path), what, "`vignetta init DIR` makes a study; `--study DIR` names one."))


@lru_cache(maxsize=32)
def _tree(path: Path, shown: str, content: str) -> Tree:
    return read_tree(path, shown=shown)


@lru_cache(maxsize=32)
def _design(path: Path, shown: str, content: str) -> Design:
    return design_of(_tree(path, shown, content))


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd

    from vignetta import frames

    columns: dict[str, Any] = {**frames.ESTIMATES, **frames.LEDGER, **frames.ARMS}
    texts = {name: str for name, kind in columns.items() if kind == "text"}
    return pd.read_csv(
        path, dtype=texts, keep_default_na=False, na_values={c: [""] for c, k in columns.items() if k != "text"}
    )
