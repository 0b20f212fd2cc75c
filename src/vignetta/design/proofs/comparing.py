"""Levels beside each other: length, reading grade, likeness, contradictions, languages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from statistics import median
from typing import Final

from vignetta.design.proofs.passages import Passage, Proofs, Remark, causes
from vignetta.design.proofs.reading import WORD, Measure, sentences
from vignetta.design.texts.languages import is_english
from vignetta.design.texts.pieces import Levels, Shown

WORDS_APART: Final = 12
"""More words than this between a level and the others of its factor are remarked: three seconds of reading at the 238
words a minute of Brysbaert (2019), by which a longer level can act without its meaning."""
GRADES_APART: Final = 1.0
"""A level that moves the reading grade of whole vignettes by more than one school year, the scale's unit, is remarked;
for less, the count of syllables is not exact enough."""
SHORTEST_GRADED: Final = 50
"""Below this mean number of words of the vignettes, grades are not remarked: the formula was made for passages of a
hundred words or more, and in a short text a single word decides it."""
ALIKE: Final = 0.9
"""Two texts above this difflib ratio are alike, if the words in which they differ are one word with a typing error or
another ending. Texts that differ in one other word (`weak`, `strong`) are meant so."""
LONGEST_ENDING: Final = 2
"""Letters by which an ending makes another form of a word: `step`, `steps`."""
TIMES_LONGER: Final = 2.0
"""A translation that is this many times longer or shorter than usual between its two languages is remarked: half of
it may be missing."""
SHORTEST_COMPARED: Final = 20
"""Texts below this many characters are not compared in length with their translation: one word decides it."""
LEAST_WORDS: Final = 3
"""Fewer words in common make no statement, and may be the same in two languages."""


def comparisons(proofs: Proofs) -> Iterator[Remark]:
    """Remarks on levels that differ in something else than meaning, or do not differ."""
    yield from _quotation_marks(proofs)
    found = level_lengths(proofs)
    yield from _lengths(proofs, found)
    yield from _grades(proofs, found)
    yield from _alike(proofs)
    yield from _contradictions(proofs)
    yield from _languages(proofs)


# ------------------------------------------------------------------------------------------------- length and grade


@dataclass(frozen=True)
class LevelLength:
    """A level's own words, and the vignettes that have it.

    `words` counts the level's text and the phrases of the template that ask for its factor alone, `words_apart` its
    words less the median of the factor's other levels, `vignette` the mean number of words of the vignettes with the
    level. `grade` is the reading grade of those vignettes taken together and `grade_apart` that less the grade of all
    vignettes with another level; None outside English.
    """

    factor: str
    level: str
    words: int
    words_apart: float
    vignette: float
    grade: float | None
    grade_apart: float | None


def level_lengths(proofs: Proofs) -> list[LevelLength]:
    """The length and reading grade of every level that occurs, in the order declared."""
    total, by_level, counts = Measure(), dict[tuple[str, str], Measure](), dict[tuple[str, str], int]()
    for cell, found in zip(proofs.cells, proofs.measures, strict=True):
        total += found
        for key in zip(proofs.factors, cell, strict=True):
            by_level[key] = by_level.get(key, Measure()) + found
            counts[key] = counts.get(key, 0) + 1
    declared = [(name, level) for name in proofs.factors for level in proofs.design.factors[name].level_names]
    return [_level_length(proofs, key, by_level[key], total, counts[key]) for key in declared if key in counts]


def _level_length(proofs: Proofs, key: tuple[str, str], found: Measure, total: Measure, n: int) -> LevelLength:
    factor, level = key
    lengths = {each: _n_words(proofs, factor, each) for each in proofs.design.factors[factor].level_names}
    others = median(n for each, n in lengths.items() if each != level)
    english = is_english(proofs.language)
    rest = total - found
    return LevelLength(
        factor,
        level,
        lengths[level],
        lengths[level] - others,
        found.words / n,
        found.grade if english else None,
        found.grade - rest.grade if english and rest.words else None,
    )


def _n_words(proofs: Proofs, factor: str, level: str) -> int:
    return len(WORD.findall(proofs.own_words(factor, level)))


def _lengths(proofs: Proofs, found: Sequence[LevelLength]) -> Iterator[Remark]:
    far = [each for each in found if abs(each.words_apart) > WORDS_APART]
    for each in far:
        longer = each.words_apart > 0
        if longer or not any(other.factor == each.factor and other.words_apart > 0 for other in far):
            what = (
                f"the level `{each.level}` of `{each.factor}` has {each.words} words, "
                f"{abs(each.words_apart):g} {'more' if longer else 'fewer'} than the factor's other levels."
            )
            remedy = "Its length may act beside its meaning: make the texts of the factor about as long."
            yield proofs.remark("length", {each.factor: each.level}, what, remedy)


def _grades(proofs: Proofs, found: Sequence[LevelLength]) -> Iterator[Remark]:
    long = [each for each in found if each.vignette >= SHORTEST_GRADED]
    far = [each for each in long if each.grade_apart and abs(each.grade_apart) > GRADES_APART]
    for each in far:
        harder = (each.grade_apart or 0) > 0
        if harder or not any(other.factor == each.factor and (other.grade_apart or 0) > 0 for other in far):
            what = (
                f"vignettes with the level `{each.level}` of `{each.factor}` read {abs(each.grade_apart or 0):.1f} "
                f"school years {'harder' if harder else 'easier'} than those with its other levels."
            )
            yield proofs.remark("reading grade", {each.factor: each.level}, what, "Use words as plain in each level.")


# ------------------------------------------------------------------------------------------------- levels as texts

_STRAIGHT: Final = re.compile("['\"]")
_CURLY: Final = re.compile("[‘’“”]")


def _quotation_marks(proofs: Proofs) -> Iterator[Remark]:
    """Straight and curly marks in one study: the texts with the sort that fewer texts use."""
    texts: list[tuple[Levels, str]] = [({}, proofs.template.words)]
    texts += [({name: level}, proofs.text(name, level)) for name, level in _declared(proofs)]
    straight = [levels for levels, text in texts if _STRAIGHT.search(text)]
    curly = [levels for levels, text in texts if _CURLY.search(text)]
    if straight and curly:
        rare, sort = (curly, "curly") if len(curly) <= len(straight) else (straight, "straight")
        for levels in rare:
            what = f"quotation marks or apostrophes are {sort} here and not in other texts."
            yield proofs.remark("quotation marks", levels, what, "Use one sort in every text.")


def _declared(proofs: Proofs) -> list[tuple[str, str]]:
    return [(name, level) for name in proofs.factors for level in proofs.design.factors[name].level_names]


def _alike(proofs: Proofs) -> Iterator[Remark]:
    for name, factor in proofs.design.factors.items():
        beside_others = any(name in each.factors and len(each.factors) > 1 for each in proofs.template.pieces)
        for first, second in combinations(factor.level_names, 2):
            one, other = (proofs.own_words(name, each) for each in (first, second))
            likeness = _likeness(one, other)
            if not (one or other or beside_others):
                likeness = "both show nothing"
            if likeness:
                what = f"the levels `{first}` and `{second}` of `{name}` {likeness}."
                remedy = "Respondents cannot tell them apart: change one of them, or leave it out."
                yield proofs.remark("alike", {name: second}, what, remedy)


def _likeness(first: str, second: str) -> str:
    """What two texts share, in words; empty when they say different things."""
    one, other = (_bare(text) for text in (first, second))
    if not one or not other:
        return ""
    if one == other:
        return "have the same text" if first == second else "have the same words"
    changes = [each for each in SequenceMatcher(None, one, other, autojunk=False).get_opcodes() if each[0] != "equal"]
    pairs = [(" ".join(one[a:b]), " ".join(other[c:d])) for _, a, b, c, d in changes]
    digits = any(re.search(r"\d", text) for pair in pairs for text in pair)
    if digits or _ratio((first, second)) < ALIKE or not all(map(_one_word_misspelt, pairs)):
        return ""
    return "differ in little more than " + ", ".join(f"`{a}` and `{b}`" for a, b in pairs)


def _one_word_misspelt(pair: tuple[str, str]) -> bool:
    """Whether two words may be one with a typing error or another ending; `legal` and `illegal` are not."""
    short, long = sorted(pair, key=len)
    ending = bool(short) and long.startswith(short) and len(long) - len(short) <= LONGEST_ENDING
    return ending or (short[:1] == long[:1] and _ratio(pair) >= ALIKE)


def _ratio(pair: tuple[str, str]) -> float:
    return SequenceMatcher(None, *pair, autojunk=False).ratio()


_ARTICLES: Final = frozenset(("a", "an", "the"))


def _bare(text: str) -> list[str]:
    """The words without capitals, marks and articles."""
    return [each for each in (word.lower() for word in WORD.findall(text)) if each not in _ARTICLES]


# ---------------------------------------------------------------------------------------------------- contradictions

_CLAUSES: Final = re.compile(r"[,;:]\s+(?:and\s+|but\s+|or\s+)?|\s[–—]\s")
_NEGATIONS: Final = frozenset(("not", "no", "never", "cannot"))


def _contradictions(proofs: Proofs) -> Iterator[Remark]:
    """One statement with `not`, `no` or `never`, and without, in different factors or in the template and a factor.

    A statement is a clause between commas, semicolons and full stops, in its sentence when that has one factor, else
    in the level's text alone; capitals, articles and marks do not count. English only.
    """
    if not is_english(proofs.language):
        return
    said: dict[tuple[str, ...], list[tuple[bool, Levels, str]]] = {}
    for levels, clause in _clauses(proofs):
        bare = [each.replace("n’t", "n't") for each in _bare(clause)]
        plain = tuple(each.removesuffix("n't") for each in bare if each not in _NEGATIONS and each != "any")
        if len(plain) >= LEAST_WORDS:
            denied = any(each in _NEGATIONS or each.endswith("n't") for each in bare)
            said.setdefault(plain, []).append((denied, levels, clause))
    for statements in said.values():
        for (denied, one, clause), (also, other, against) in combinations(statements, 2):
            if denied != also and not one.keys() & other.keys():
                what = f"“{clause.strip()}” may stand beside “{against.strip()}”. Do they contradict each other?"
                yield proofs.remark("contradiction", {**one, **other}, what, "Forbid the pair, or change a text.")


def _clauses(proofs: Proofs) -> Iterator[tuple[Levels, str]]:
    for passage in proofs.passages:
        for levels, text in _statements(passage):
            for sentence in sentences(text):
                yield from ((levels, clause.rstrip(" .!?")) for clause in _CLAUSES.split(sentence))


def _statements(passage: Passage) -> Iterator[tuple[Levels, str]]:
    """The passage beside each level of its factor; of several factors, what each of them shows by itself."""
    proofs = passage.proofs
    if len(passage.factors) <= 1:
        for cell in passage.cells:
            yield dict(zip(passage.factors, cell, strict=True)), passage.text(cell)
        return
    for name in passage.factors:
        for level in proofs.design.factors[name].level_names:
            yield {name: level}, proofs.text(name, level)
    for segment in dict.fromkeys(passage.segments):
        if len(segment.factors) == 1 and not segment.factor:
            for cell, text in proofs.renders(segment).items():
                yield dict(zip(segment.factors, cell, strict=True)), text


# --------------------------------------------------------------------------------------------------------- languages


def _languages(proofs: Proofs) -> Iterator[Remark]:
    """A language beside the study's main one: placeholders, texts left in the other language, lengths."""
    main = proofs.design.language
    if proofs.language == main:
        return
    beside = Proofs(proofs.design, main, proofs.sample)
    for name in proofs.factors:
        yield from _times_shown(proofs, beside, name)
    yield from _translations(proofs, beside)


def _times_shown(proofs: Proofs, main: Proofs, name: str) -> Iterator[Remark]:
    """Vignettes that show a factor's text in one language more often than in the other."""
    found = [
        [each for each in one.template.pieces if isinstance(each.content, Shown) and name in each.content.factors]
        for one in (main, proofs)
    ]
    factors = tuple(dict.fromkeys(clause.factor for pieces in found for each in pieces for clause in each.clauses))
    cells = proofs.cells_of(factors)
    shown = {}
    for cell in cells:
        levels = dict(zip(factors, cell, strict=True))
        first, second = (sum(each.allows(levels) for each in pieces) for pieces in found)
        if first != second:
            shown[cell] = f"`{{{name}}}` stands {second} times in `{proofs.language}` and {first} times in"
    for levels, what in causes(factors, cells, shown):
        remedy = "Use each placeholder as often in both languages."
        yield proofs.remark("languages", levels, f"{what} `{main.language}`.", remedy)


def _translations(proofs: Proofs, main: Proofs) -> Iterator[Remark]:
    pairs: list[tuple[Levels, str, str]] = [({}, main.template.words, proofs.template.words)]
    pairs += [({n: level}, main.text(n, level), proofs.text(n, level)) for n, level in _declared(proofs)]
    usual = median([len(there) / len(here) for _, here, there in pairs if here] or [1.0])
    for levels, here, there in pairs:
        times = len(there) / len(here) / usual if here and usual else 1.0
        if here == there and len(WORD.findall(here)) >= LEAST_WORDS:
            what = f"the text is the same in `{main.language}` and `{proofs.language}`."
            yield proofs.remark("languages", levels, what, "Translate it.")
        elif max(len(here), len(there)) >= SHORTEST_COMPARED and not 1 / TIMES_LONGER <= times <= TIMES_LONGER:
            what = (
                f"the text in `{proofs.language}` is {max(times, 1 / times if times else 0):.1f} times "
                f"{'longer' if times > 1 else 'shorter'} than other texts are beside `{main.language}`."
            )
            yield proofs.remark("languages", levels, what, "Compare the two texts: is something missing?")
