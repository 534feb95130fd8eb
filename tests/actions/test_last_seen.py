"""While something is found out anew, it is as it was last."""

from dreambooth.actions.background import Progress
from dreambooth.actions.last_seen import MOST_KEPT, LastSeen, Seen


def test_what_was_never_found_is_nothing():
    assert LastSeen().see("a", Progress()) == Seen(None, is_new=False)


def test_what_is_found_is_new_and_later_shown_again():
    seen = LastSeen()
    assert seen.see("a", {"found": 3}) == Seen(3, is_new=True)
    assert seen.see("a", Progress()) == Seen(3, is_new=False)
    assert seen.see("b", Progress()) == Seen(None, is_new=False)


def test_only_the_last_findings_are_kept():
    seen = LastSeen()
    for number in range(MOST_KEPT + 1):
        seen.see(number, {"found": number})
    assert seen.see(0, Progress()).found is None
    assert seen.see(1, Progress()).found == 1
