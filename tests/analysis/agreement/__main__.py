"""Write `docs/agreement.md` to the standard output."""

import sys
from pathlib import Path

from tests.analysis.agreement.comparison import Reference
from tests.analysis.agreement.table import counted, page, skipped

reference = Reference(Path(sys.argv[1]))
print(page(counted(reference), skipped(reference)), end="")
