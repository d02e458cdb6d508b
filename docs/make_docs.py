"""The pages of docs/ that are made, not written: ``docs/api/`` from docstrings, ``docs/glossary.md`` from its table.

    python docs/make_docs.py            # write them (or: make docs)
    python docs/make_docs.py --check    # say which are not what this makes, and end with code 1

The groups of the API are those of ``_WHERE`` in ``mali_stats/__init__.py``: its comments are their titles, so that a
new public name appears on the page of the comment it stands under.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import sys
from pathlib import Path

import mali_stats as ms
from mali_stats import catalog
from mali_stats.writing import replace

DOCS = Path(__file__).resolve().parent
_MADE = "<!-- Made by docs/make_docs.py (make docs): edit {source}, not this page. -->"
_SECTIONS = (
    "Parameters",
    "Attributes",
    "Returns",
    "Yields",
    "Raises",
    "Warns",
    "Notes",
    "References",
    "Examples",
    "See Also",
)


# ---- which names stand on which page -----------------------------------------------------------------------


def groups() -> dict[str, list[str]]:
    """Titles of the groups of public names, and the names in each."""
    text = Path(ms.__file__).read_text(encoding="utf-8")
    table = re.search(r"^_WHERE = \{\n(.*?)^\}", text, flags=re.M | re.S)[1]
    found: dict[str, list[str]] = {}
    for title, name in re.findall(r"^    (?:# (.+)|\"(\w+)\": .+)$", table, flags=re.M):
        if title:
            found[title] = []
        else:
            found[list(found)[-1]].append(name)
    return found


def file_name(title: str) -> str:
    """The page of a group: "read and clean" is read-and-clean.md."""
    return re.sub(r"\W+", "-", title.lower()).strip("-") + ".md"


# ---- docstrings to Markdown --------------------------------------------------------------------------------


def sections(doc: str) -> list[tuple[str, str]]:
    """A numpy docstring as (heading, body); the first, without heading, is summary and text."""
    pattern = rf"^({'|'.join(_SECTIONS)})\n-{{3,}}\n"
    first, *rest = re.split(pattern, doc, flags=re.M)
    return [("", first.strip()), *((rest[i], rest[i + 1].strip("\n")) for i in range(0, len(rest), 2))]


def fields(body: str) -> str:
    """Entries such as ``name : kind`` with indented text below, as a list."""
    out = []
    for line in body.splitlines():
        if line and not line.startswith(" "):
            name, _, kind = line.partition(" : ")
            out.append(f"- `{name}`" + (f" : {prose(kind)}" if kind else "") + "  ")
        elif line.strip():
            out.append(f"  {prose(line.strip())}")
    return "\n".join(out)


def prose(text: str) -> str:
    """Double backticks of reST as single ones, roles as code; angle brackets cannot become HTML."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    parts = re.split(r"(``.+?``|`[^`]+`)", text)
    return "".join(p.replace("``", "`") if p.startswith("`") else p.replace("<", "&lt;") for p in parts)


def blocks(text: str) -> str:
    """Paragraphs as they are; a formula, a simple table or an indented block keeps its columns."""
    return "\n\n".join(_block(part) for part in re.split(r"\n\s*\n", text)) if text else ""


def _block(part: str) -> str:
    part = part.strip("\n")
    if part.startswith(".. math::"):
        return f"```math\n{inspect.cleandoc(part.removeprefix('.. math::'))}\n```"
    if part.startswith((" ", "===")):
        return f"```text\n{inspect.cleandoc(part)}\n```"
    return prose(re.sub(r"^\.\. \[(\d+)\]", r"[\1]", part, flags=re.M))


def described(thing, level: str) -> str:
    """The docstring of a function or class as Markdown."""
    out = []
    for heading, body in sections(inspect.getdoc(thing) or ""):
        listed = heading in ("Parameters", "Attributes", "Returns", "Yields", "Raises", "Warns")
        out += [f"{level} {heading}"] if heading else []
        out.append(f"```pycon\n{body}\n```" if heading == "Examples" else fields(body) if listed else blocks(body))
    return "\n\n".join(filter(None, out))


def signature(name: str, thing) -> str:
    """The call, on several lines where one would be long."""
    sign = inspect.signature(thing)
    parts, stars = [], False
    for given in sign.parameters.values():
        if given.kind is given.KEYWORD_ONLY and not stars:
            parts.append("*")
        stars |= given.kind in (given.KEYWORD_ONLY, given.VAR_POSITIONAL)
        parts.append(_argument(given))
    note = sign.return_annotation
    back = f" -> {note}" if isinstance(note, str) else ""
    short = f"ms.{name}({', '.join(parts)}){back}"
    return short if len(short) <= 100 else "\n".join([f"ms.{name}(", *(f"    {part}," for part in parts), f"){back}"])


def _argument(given: inspect.Parameter) -> str:
    """One argument, its kind without the quotation marks of a postponed annotation."""
    stars = {given.VAR_POSITIONAL: "*", given.VAR_KEYWORD: "**"}.get(given.kind, "")
    kind = f": {given.annotation}" if isinstance(given.annotation, str) else ""
    equals = " = " if kind else "="
    return f"{stars}{given.name}{kind}" + ("" if given.default is given.empty else f"{equals}{given.default!r}")


# ---- results -----------------------------------------------------------------------------------------------


def results_of(thing) -> list[type]:
    """The result classes of ours that a function returns, by its annotation."""
    note = inspect.signature(thing).return_annotation if inspect.isfunction(thing) else None
    names = re.findall(r"\b[A-Z]\w+", note) if isinstance(note, str) else []
    module = importlib.import_module(thing.__module__)
    found = [getattr(module, name, None) for name in names]
    return [c for c in found if dataclasses.is_dataclass(c) and c.__module__.startswith("mali_stats")]


def members(result: type) -> str:
    """A line for each public method and property of a result."""
    out = []
    for name, member in sorted(vars(result).items()):
        doc = inspect.getdoc(member.fget if isinstance(member, property) else member)
        if name.startswith("_") or not (isinstance(member, property) or inspect.isfunction(member)) or not doc:
            continue
        call = name if isinstance(member, property) else f"{name}{_bare(member)}"
        out.append(f"- `.{call}`: {prose(' '.join(doc.split(chr(10) * 2)[0].split()))}")
    return "\n".join(out)


def _bare(method) -> str:
    """The arguments of a method, without self and without annotations."""
    given = [p.replace(annotation=p.empty) for p in inspect.signature(method).parameters.values() if p.name != "self"]
    return str(inspect.Signature(given))


# ---- pages -------------------------------------------------------------------------------------------------


def api_page(title: str, names: list[str]) -> str:
    """The page of one group."""
    out, told = [f"# {title[:1].upper()}{title[1:]}", _made("the docstrings")], set()
    for name in names:
        thing = getattr(ms, name)
        out += [f"## `{name}`", f"```python\n{signature(name, thing)}\n```", described(thing, "###")]
        for result in results_of(thing):
            if result in told:
                continue
            told.add(result)
            summary = prose(sections(inspect.getdoc(result) or "")[0][1].split("\n\n")[0])
            out += [f"### What comes back: `{result.__name__}`", summary, members(result)]
    return "\n\n".join(filter(None, out)).rstrip() + "\n"


def index_page(found: dict[str, list[str]]) -> str:
    """The list of all public names, by group, with the first sentence of each."""
    out = [
        "# API",
        "",
        _made("the docstrings"),
        "",
        "`import mali_stats as ms`; the names below are all there is to know.",
    ]
    for title, names in found.items():
        out.append(f"\n## [{title[:1].upper()}{title[1:]}]({file_name(title)})\n")
        for name in names:
            first = " ".join((inspect.getdoc(getattr(ms, name)) or "").split("\n\n")[0].split())
            out.append(f"- [`{name}`]({file_name(title)}#{name}): {prose(first)}")
    return "\n".join(out) + "\n"


def glossary_page() -> str:
    """The terms of ``seeds/glossary.csv`` in both languages."""
    table = catalog.seed("glossary")
    out = [
        "# Glossary · Glossaire",
        "",
        _made("seeds/glossary.csv"),
        "",
        "The words that tables, plots and briefs use, a sentence each. *Columns* are those of `data/` that hold it.",
        "Les mots qu'emploient les tables, les figures et les notes, une phrase chacun.\n",
    ]
    for row in table.itertuples():
        columns = ", ".join(f"`{c}`" for c in row.columns.split("; ")) if isinstance(row.columns, str) else ""
        out += [f"\n## {row.term_en} · *{row.term_fr}*\n", f"{row.en}  ", f"*{row.fr}*  "]
        out.append(f"{f'Columns: {columns}. ' if columns else ''}Source: {row.source}.")
    french = sorted(table.itertuples(), key=lambda r: _sorted(r.term_fr))
    out.append("\n## Index français\n")
    out += [f"- {row.term_fr}\u00a0: {row.term_en}" for row in french]
    return "\n".join(out) + "\n"


def _sorted(text: str) -> str:
    import unicodedata

    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _made(source: str) -> str:
    return _MADE.format(source=source)


def pages() -> dict[Path, str]:
    """Every made page by its path."""
    found = groups()
    made = {DOCS / "api" / file_name(title): api_page(title, names) for title, names in found.items()}
    return made | {DOCS / "api" / "README.md": index_page(found), DOCS / "glossary.md": glossary_page()}


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` only compare them."""
    made = pages()
    stale = [p for p, text in made.items() if not p.is_file() or p.read_text(encoding="utf-8") != text]
    extra = sorted(set((DOCS / "api").glob("*.md")) - set(made))
    if "--check" in arguments:
        for path in [*stale, *extra]:
            print(f"{path.relative_to(DOCS.parent)} is not what docs/make_docs.py makes: run make docs")
        return 1 if stale or extra else 0
    (DOCS / "api").mkdir(exist_ok=True)
    for path in stale:
        replace(path, made[path].encode())
    for path in extra:
        path.unlink()
    print(f"{len(made)} pages, {len(stale)} of them changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
