import pytest

from dreambooth.text.weights import BREAK, Words, escape, find_unread, is_marked, parse_weights


def told(prompt):
    """Texts with their weights, rounded; BREAK as it is."""
    pieces = parse_weights(prompt)
    return [piece if piece is BREAK else (piece.text, round(piece.weight, 4)) for piece in pieces]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", []),
        ("a red robot: one", [("a red robot: one", 1)]),
        ("a (red) robot", [("a ", 1), ("red", 1.1), (" robot", 1)]),
        ("((red))", [("red", 1.21)]),
        ("[red]", [("red", 0.9091)]),
        ("[(red)]", [("red", 1)]),
        ("(red:1.3)", [("red", 1.3)]),
        ("(red: 1.3 )", [("red", 1.3)]),
        ("(red:-.5)", [("red", -0.5)]),
        ("(red:+2)", [("red", 2)]),
        ("(red:0)", [("red", 0)]),
        ("(a (red:2) robot:0.5)", [("a ", 0.5), ("red", 1), (" robot", 0.5)]),
        ("(red)(robot)", [("redrobot", 1.1)]),
        ("()", []),
        (r"saber \(fate\) \[x\] \\", [("saber (fate) [x] \\", 1)]),
        (r"(saber \(fate\):1.2)", [("saber (fate)", 1.2)]),
        ("(ロボット:1.3)、", [("ロボット", 1.3), ("、", 1)]),
        ("(a:b:1.3)", [("a:b", 1.3)]),
    ],
)
def test_brackets_weight_words(prompt, expected):
    assert told(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a (red robot", [("a ", 1), ("red robot", 1.1)]),
        ("a (red:1.3", [("a ", 1), ("red:1.3", 1.1)]),
        ("((red) robot", [("red", 1.21), (" robot", 1.1)]),
        ("a [red robot", [("a ", 1), ("red robot", 0.9091)]),
        ("red) robot]", [("red) robot]", 1)]),
        ("red:1.3) robot", [("red:1.3) robot", 1)]),
        ("(red] robot)", [("red] robot", 1.1)]),
        ("[red:1.3]", [("red:1.3", 0.9091)]),
        ("(red:1.2.3)", [("red:1.2.3", 1.1)]),
        ("(red:.)", [("red:.", 1.1)]),
        ("(red:much)", [("red:much", 1.1)]),
        ("back\\slash", [("backslash", 1)]),
        ("(red\\", [("red", 1.1)]),
    ],
)
def test_what_is_malformed_has_a_meaning_too(prompt, expected):
    assert told(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a robot BREAK on grass", [("a robot", 1), BREAK, ("on grass", 1)]),
        ("a BREAK\n BREAK b", [("a", 1), BREAK, ("", 1), BREAK, ("b", 1)]),
        ("BREAKFAST break", [("BREAKFAST break", 1)]),
        ("(a BREAK b:1.3)", [("a", 1.3), BREAK, ("b", 1.3)]),  # the webuis read there a word of weight -1.3
    ],
)
def test_break_begins_a_chunk(prompt, expected):
    assert told(prompt) == expected


@pytest.mark.parametrize("text", ["saber (fate)", "[x] (y:1.3", "\\o/ \\(", "plain, words: 1.3)", ""])
def test_escaped_text_means_itself(text):
    assert parse_weights(escape(text)) == ([Words(text)] if text else [])


def test_marks_are_known_from_words():
    assert [is_marked(prompt) for prompt in ("", "a red robot: 1", "a (red) robot", "a BREAK b", r"\(")] == [
        False,
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("a [red:blue:0.5] robot", "[red:blue:0.5]"),
        ("a [red: 3 ] robot", "[red: 3 ]"),
        ("a [red|blue] robot", "[red|blue]"),
        ("a robot AND a fish", "AND"),
        ("a [red] robot, (blue:1.3), SAND", None),
    ],
)
def test_what_only_webuis_do_is_found(prompt, found):
    assert find_unread(prompt) == found
