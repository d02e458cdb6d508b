"""What French typography would not have: shared by the tests of captions and of the glossary."""

import re

RULES = {
    "no no-break space before a sign": r"(?<![\u00a0\u202f])[;:!?%»]",
    "a plain space before a sign": r" [;:!?%»]",
    "no no-break space after «": r"«(?!\u00a0)",
    "a straight quotation mark": r'"',
    "a decimal point": r"\d\.\d",
    "thousands parted by a comma or a plain space": r"\d[, ]\d{3}\b",
    "an English apostrophe s": r"\w's\b",
}


def faults(text: str) -> list[str]:
    """The rules that a French text breaks; names of files and places to fill do not count."""
    text = re.sub(r"\{\w+\}", "x", re.sub(r"[\w/]+\.(csv|md)", "", text))
    return [name for name, rule in RULES.items() if re.search(rule, text)]
