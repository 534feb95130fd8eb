import pytest

from dreambooth.config.blocks import Block, find_missing, parse_blocks, value_at

ALL = [Block("mid")] + [Block(side, number) for side in ("in", "out") for number in range(12)]


def test_values_go_to_the_blocks_that_are_named():
    values = parse_blocks("in=4, MID = 8,out3-5=16")
    told = {str(block): value_at(values, block, 1.0) for block in ALL}
    assert (told["in0"], told["in11"], told["mid"]) == (4, 4, 8)
    assert [told[f"out{number}"] for number in (2, 3, 5, 6)] == [1, 16, 16, 1]


def test_of_several_values_the_last_counts():
    values = parse_blocks("in=4, in7=0.5")
    assert value_at(values, Block("in", 7), 1.0) == 0.5
    assert value_at(values, Block("in", 6), 1.0) == 4


def test_nothing_said_is_nothing_changed():
    assert parse_blocks(" ") == ()
    assert value_at((), Block("mid"), 1.0) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("down=4", "'down=4' is not understood; write BLOCKS=VALUE"),
        ("1,2,3", "'1' is not understood"),
        ("in4=", "not understood"),
        ("mid1=4", "there is only one mid"),
        ("in5-3=4", "the numbers go upwards, e.g. in3-5"),
        ("in=four", "four is not a number"),
        ("out=-1", "-1 is not a number from 0 upwards"),
        ("out=nan", "nan is not a number from 0 upwards"),
    ],
)
def test_what_is_not_understood_is_said(text, words):
    with pytest.raises(ValueError, match=words):
        parse_blocks(text)


def test_a_block_that_is_not_there_is_found():
    assert find_missing(parse_blocks("in=1, in8=2, out2-4=1"), ALL) is None
    assert find_missing(parse_blocks("in=1, out10-13=1"), ALL) == Block("out", 12)
