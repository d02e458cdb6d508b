"""Every message of an error, read from the source: it says where, in whole words, and ends like a sentence."""

import ast
import builtins
import re

from making import ROOT

PACKAGE = ROOT / "mali_stats"
TOLD = ("ValueError", "TypeError", "FileNotFoundError", "IsADirectoryError", "PermissionError")
FEWEST = 5  # words of a message, a value that is put in counted as one
#: Messages of one of these begin with what is wrong, as nothing better is known there of place or caller.
PLAIN = (
    "A path or a list of paths is wanted", "The list of files is empty", "There is no file", "the table's index has",
    "There are no seed tables of", "The seed table", "ax=", "country=", "sum_figures", "None of the",
    "seeds/", "No home folder", "no API", "A panel is made of events", "The files are of", "--", "ACLED gave no token",
    "There is no notebook",
)  # fmt: skip


def _template(node: ast.expr) -> str | None:
    """The text of a message, ``{}`` for a value that is put in; nothing where a function makes it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _template(node.left), _template(node.right)
        return None if left is None or right is None else left + right
    return None


def _messages() -> list[tuple[str, str]]:
    found = []
    for path in sorted(p for p in PACKAGE.rglob("*.py") if "shipped" not in p.parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            call = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(call, ast.Call) and ast.unparse(call.func) in TOLD and call.args:
                text = _template(call.args[0])
                if text is not None and text.strip("{} "):
                    found.append((f"{path.relative_to(ROOT)}:{node.lineno}", text))
    return found


def _functions() -> set[str]:
    """Names of all functions and classes of the package, with which a message may begin."""
    kinds = ast.FunctionDef | ast.ClassDef
    trees = (ast.parse(p.read_text(encoding="utf-8")) for p in PACKAGE.rglob("*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, kinds)} - set(dir(builtins))


MESSAGES = _messages()


def test_there_are_messages_to_read():
    assert len(MESSAGES) > 400


def test_every_message_begins_with_a_place_or_a_function():
    names = _functions()
    wrong = []
    for at, text in MESSAGES:
        first = re.match(r"(\w+)(\.\w+)?[:, ]", text)
        if not (text.startswith(("{}", *PLAIN)) or (first and first[1] in names)):
            wrong.append((at, text))
    assert not wrong


def test_every_message_ends_like_a_sentence():
    """What ends with a value is left out: the value brings its own full stop."""
    assert not [(at, text) for at, text in MESSAGES if not text.endswith((".", "?", "{}"))]


def test_no_message_has_a_full_stop_after_another():
    assert not [(at, text) for at, text in MESSAGES if re.search(r"(?<!\.)\.\.(?!\.)|[;,:]\.|\?\.", text)]


def test_every_message_has_words_enough_to_help():
    assert not [(at, text) for at, text in MESSAGES if len(text.split()) < FEWEST and not text.endswith("{}")]


def test_no_message_leaves_it_at_invalid():
    """What is wrong is named, and nobody is blamed."""
    assert not [(at, text) for at, text in MESSAGES if re.search(r"\b(invalid|illegal|bad|wrong) \w+\.?$", text)]
    assert not [(at, text) for at, text in MESSAGES if re.search(r"\bis a \{\}[;.]", text)], "a/an before a type's name"
