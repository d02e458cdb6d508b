"""Events counted by the lists they are on, and log-linear models of such counts written in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np
import pandas as pd
from pandas.api import types

MOST_LISTS = 8
CHAO = ("chao", "chao, bias-corrected", "chao, k lists")
INDEPENDENCE, PAIRS, TRIPLES = "independence", "all pairs", "all triples"
_WIDTH = {PAIRS: 2, TRIPLES: 3}
_ODDS = re.compile(r"odds ratio ([0-9.]+)")
_WANTED = (
    "a mapping of patterns such as '10', '01', '11' (or tuples) to numbers of events, as Matches.overlap() gives; a "
    "Series with a 0/1 index level a list; or a frame with a 0/1 column a list and the column 'count'"
)


@dataclass(frozen=True)
class Lists:
    """How many events stand on which lists.

    Attributes
    ----------
    names : tuple of str
    patterns : array (2^k - 1, k)
        0 or 1 for each list, in one order whatever the input's was; the row of zeros, which nobody counted, is absent.
    counts : array (2^k - 1,)
        Events.
    absent : list of str
        Patterns that the input did not have; they count 0.
    """

    names: tuple[str, ...]
    patterns: np.ndarray
    counts: np.ndarray
    absent: list[str]

    @property
    def labels(self) -> list[str]:
        """The patterns as text."""
        return ["".join(map(str, row)) for row in self.patterns]

    @property
    def on(self) -> np.ndarray:
        """Events on just one list, on just two, and so on, (k,)."""
        return np.bincount(self.patterns.sum(axis=1), self.counts, len(self.names) + 1)[1:]

    @property
    def sizes(self) -> np.ndarray:
        """Events on each list, (k,)."""
        return self.counts @ self.patterns

    @property
    def apart(self) -> list[str]:
        """Pairs of lists that share no event."""
        shared = self.patterns.T @ (self.counts[:, None] * self.patterns)
        pairs = combinations(range(len(self.names)), 2)
        return [f"{self.names[i]} and {self.names[j]}" for i, j in pairs if not shared[i, j]]


@dataclass(frozen=True)
class Model:
    """A log-linear model: its name, terms (sets of list positions), the log of a fixed odds ratio, what it assumes."""

    name: str
    terms: tuple[tuple[int, ...], ...]
    log_odds: float
    assumption: str

    def design(self, patterns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Regressors with the constant first, (cells, terms + 1), and the offset of each cell."""
        columns = [patterns[:, list(term)].prod(axis=1) for term in self.terms]
        return np.column_stack([np.ones(len(patterns)), *columns]), np.asarray(self.log_odds * patterns.all(axis=1))


# ---- counts ------------------------------------------------------------------------------------------------


def lists_of(counts, names: Sequence[str] | None = None) -> Lists:
    """Read counts by pattern; see ``unseen`` for what they may be.

    Raises
    ------
    TypeError, ValueError
        naming the pattern or count that cannot be one.

    Examples
    --------
    >>> lists = lists_of({"10": 4, (0, 1): 5, "11": 2}, names=["wire", "radio"])
    >>> lists.labels, lists.counts, lists.on
    (['01', '10', '11'], array([5., 4., 2.]), array([9., 2.]))
    """
    cells, own = _cells(counts)
    patterns = [_pattern(key) for key, _ in cells]
    lengths = {len(pattern) for pattern in patterns}
    if len(lengths) != 1 or not 2 <= max(lengths) <= MOST_LISTS:
        raise ValueError(
            f"unseen: patterns of {_or_none(sorted(lengths))} lists; every pattern has a 0 or 1 for each of 2 to "
            f"{MOST_LISTS} lists."
        )
    k = lengths.pop()
    if 0 in map(sum, patterns):
        raise ValueError(f"unseen: {'0' * k!r} is among the patterns; events on no list are what nobody counted.")
    if len(set(patterns)) < len(patterns):
        twice = next(p for p in patterns if patterns.count(p) > 1)
        raise ValueError(f"unseen: the pattern {''.join(map(str, twice))!r} is given twice; add up its counts first.")
    every = np.array(list(product((0, 1), repeat=k))[1:])
    found = dict(zip(patterns, [_count(key, value) for key, value in cells], strict=True))
    absent = ["".join(map(str, p)) for p in every.tolist() if tuple(p) not in found]
    lists = Lists(_names(own if names is None else names, k), every, _in_order(found, every), absent)
    _refuse_empty(lists)
    return lists


def _cells(counts) -> tuple[list[tuple[object, object]], list[str] | None]:
    """Pairs of pattern and count, and the names of the lists where the input has them."""
    if isinstance(counts, pd.Series):
        several = isinstance(counts.index, pd.MultiIndex)
        own = list(map(str, counts.index.names)) if several and None not in counts.index.names else None
        return list(counts.items()), own
    if isinstance(counts, pd.DataFrame):
        if "count" not in counts or len(counts.columns) < 3:
            raise ValueError(f"unseen: the frame has {', '.join(map(str, counts.columns))}; wanted is {_WANTED}.")
        own = [c for c in counts.columns if c != "count"]
        keys = counts[own].itertuples(index=False, name=None)
        return list(zip(keys, counts["count"], strict=True)), own
    if isinstance(counts, Mapping):
        return list(counts.items()), None
    call = "; call its .overlap() first" if hasattr(counts, "overlap") else ""
    raise TypeError(f"unseen: got {type(counts).__name__}{call}; wanted is {_WANTED}.")


def _pattern(key) -> tuple[int, ...]:
    parts = tuple(key) if isinstance(key, str | tuple | list) else (key,)
    digits = {"0": 0, "1": 1, 0: 0, 1: 1}  # True and 1.0 are 1
    if any(part not in digits for part in parts):
        raise ValueError(f"unseen: the pattern {key!r} holds something else than 0 and 1; wanted is {_WANTED}.")
    return tuple(digits[part] for part in parts)


def _count(key, value) -> float:
    number = types.is_number(value) and not isinstance(value, bool | np.bool_)
    if not number or not np.isfinite(value) or value < 0 or value % 1:
        raise ValueError(f"unseen: the count of {key!r} is {value!r}; a whole number of events, 0 or more, is wanted.")
    return float(value)


def _in_order(found: dict[tuple[int, ...], float], every: np.ndarray) -> np.ndarray:
    return np.array([found.get(tuple(p), 0.0) for p in every.tolist()])


def _names(names: Sequence[str] | None, k: int) -> tuple[str, ...]:
    if names is None:
        return tuple("abcdefgh"[:k])
    names = [
        str(name).strip() for name in (names if isinstance(names, Iterable) and not isinstance(names, str) else [names])
    ]
    reserved = {INDEPENDENCE, PAIRS, TRIPLES, *CHAO}
    bad = [n for n in names if not n or set(n) & set(":+") or n in reserved or _ODDS.fullmatch(n)]
    if len(names) != k or len(set(names)) < k or bad:
        raise ValueError(
            f"unseen: lists are named {', '.join(names)}; wanted are {k} names, all different, without ':' and '+', "
            "and none that is a model's."
        )
    return tuple(names)


def _refuse_empty(lists: Lists) -> None:
    empty = [name for name, size in zip(lists.names, lists.sizes, strict=True) if not size]
    if empty:
        raise ValueError(f"unseen: no event is on {', '.join(empty)}; leave an empty list out.")
    if not lists.on[1:].sum():
        raise ValueError(
            "unseen: no event is on two lists, so nothing tells a few events, nearly all of them listed, from very "
            "many that are not: any number fits. Match the lists again, with wider windows, or join strata; if they "
            "do share nothing, no estimate can be had."
        )


# ---- models ------------------------------------------------------------------------------------------------


def model_of(spec: str, lists: Lists, name: str | None = None) -> Model:
    """Read a log-linear model written in words; see ``unseen`` for the words.

    Raises
    ------
    ValueError
        for a list or word that is not known, naming those that are.

    Examples
    --------
    >>> lists = lists_of({"100": 4, "010": 5, "001": 3, "110": 2, "101": 1}, names=["wire", "radio", "web"])
    >>> model_of("wire:web", lists).terms
    ((0,), (1,), (2,), (0, 2))
    """
    k = len(lists.names)
    odds = _ODDS.fullmatch(spec)
    if odds:
        return _fixed_odds(spec, odds[1], name or spec, lists)
    terms = {(i,) for i in range(k)}
    for part in spec.split("+"):
        for term in _term(part.strip(), spec, lists):
            # hierarchical: a term brings all terms inside it
            terms |= {inner for width in range(2, len(term) + 1) for inner in combinations(term, width)}
    in_order = tuple(sorted(terms, key=lambda t: (len(t), t)))
    return Model(name or spec, in_order, 0.0, _assumption(in_order, lists.names))


def _term(part: str, spec: str, lists: Lists) -> list[tuple[int, ...]]:
    """The interactions that a word stands for, each as positions of lists."""
    k = len(lists.names)
    if part == INDEPENDENCE:
        return []
    if part in _WIDTH and _WIDTH[part] < k:
        return list(combinations(range(k), _WIDTH[part]))
    named = [name.strip() for name in part.split(":")]
    if part in _WIDTH or set(named) == set(lists.names):
        raise ValueError(
            f"unseen: the model {spec!r} lets all {k} lists depend on one another; that interaction decides how many "
            f"events are on none of them, and no table of {k} lists tells it."
        )
    if len(named) < 2 or len(set(named)) < len(named) or set(named) - set(lists.names):
        raise ValueError(
            f"unseen: {part!r} in the model {spec!r} is not known. Write '{INDEPENDENCE}', '{PAIRS}', '{TRIPLES}', "
            f"interactions such as '{lists.names[0]}:{lists.names[1]}' (the lists are {', '.join(lists.names)}), "
            f"joined by ' + '; or alone 'odds ratio 2' (two lists), {', '.join(map(repr, CHAO))}."
        )
    return [tuple(sorted(lists.names.index(name) for name in named))]


def _fixed_odds(spec: str, number: str, name: str, lists: Lists) -> Model:
    try:
        odds = float(number)
    except ValueError:
        odds = 0.0
    if len(lists.names) != 2 or not odds > 0:
        raise ValueError(
            f"unseen: {spec!r} with {len(lists.names)} lists; a fixed odds ratio above 0 is for two lists, whose "
            "dependence their counts cannot tell. With more lists name interactions, such as 'a:b'."
        )
    times = f"for events on one list, the odds of being on the other are {odds:g} times as high"
    return Model(name, ((0,), (1,)), float(np.log(odds)), "the lists are independent" if odds == 1 else times)


def _assumption(terms: tuple[tuple[int, ...], ...], names: tuple[str, ...]) -> str:
    widest = len(terms[-1])
    if widest == 1:
        return "the lists are independent"
    if len(terms) == sum(comb(len(names), width) for width in range(1, widest + 1)):
        inside = {2: "pairs", 3: "triples"}.get(widest, f"sets of {widest}")
        return f"no {widest + 1} lists depend on one another beyond what their {inside} tell"
    maximal = [t for t in terms if len(t) > 1 and not any(set(t) < set(u) for u in terms)]
    return "only these depend on one another: " + ", ".join(":".join(names[i] for i in t) for t in maximal)


def _or_none(values: list[int]) -> str:
    return " and ".join(map(str, values)) or "no"
