"""How far the package is from R's reference numbers.

`python -m tests.analysis.agreement FOLDER` writes the page `docs/agreement.md` to the standard output; the folder is
that of the reference numbers.
"""
