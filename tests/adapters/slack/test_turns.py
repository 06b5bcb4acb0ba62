"""Whose wish is next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.turns import EACH, Piece, Turns


def wishes_of(whose: str, many: int) -> list[Piece]:
    """Give so many wishes of a person."""
    return [Piece(id=f"{whose}{number}", whose=whose) for number in range(many)]


def whose_turns(waiting: list[Piece], *, at_a_time: int, rounds: int) -> list[str]:
    """Carry wishes out, each in the time that each takes, and give whose was begun when."""
    turns, under_way, begun = Turns(), list[Piece](), list[str]()
    for _ in range(rounds):
        chosen = turns.choose(waiting, under_way, at_a_time - len(under_way))
        begun += [piece.whose for piece in chosen]
        under_way = [*under_way, *chosen][1:]
        waiting = [piece for piece in waiting if piece not in chosen]
    return begun


def test_somebody_who_comes_late_waits_for_one_turn_of_each_and_not_for_all_of_their_wishes() -> None:
    many = [piece for whose in ("ann", "ben", "cid", "dot") for piece in wishes_of(whose, 50)]
    assert "eve" in whose_turns([*many, *wishes_of("eve", 1)], at_a_time=4, rounds=4)
    assert whose_turns([*many, *wishes_of("eve", 50)], at_a_time=4, rounds=12).count("eve") >= 2


def test_two_with_many_wishes_leave_the_next_place_to_a_third() -> None:
    ann, ben, (cid,) = wishes_of("ann", 9), wishes_of("ben", 9), wishes_of("cid", 1)
    turns = Turns()
    under_way = [*ann[:EACH], *ben[:EACH]]
    assert turns.choose([*ann, *ben, cid], under_way[1:], 1) == [cid]


def test_alone_one_has_their_share_and_no_more() -> None:
    ann = wishes_of("ann", 9)
    assert Turns().choose(ann, [], 4) == ann[:EACH]
    assert Turns().choose(ann, ann[:1], 3) == ann[1:EACH]


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.integers(0, 6), st.integers(0, 6))
def test_no_room_is_left_empty_that_somebody_may_have(people: list[str], already: int, room: int) -> None:
    pieces = [Piece(id=str(number), whose=whose) for number, whose in enumerate(people)]
    under_way = pieces[:already]
    chosen = Turns().choose(pieces, under_way, room)
    assert len(set(chosen)) == len(chosen) <= room
    assert not set(chosen) & set(under_way)
    most = {whose: max(EACH, sum(each.whose == whose for each in under_way)) for whose in people}
    assert all(sum(each.whose == whose for each in (*under_way, *chosen)) <= most[whose] for whose in people)
    left = [each for each in pieces if each not in chosen and each not in under_way]
    shares = {each.whose: sum(other.whose == each.whose for other in (*under_way, *chosen)) for each in left}
    assert len(chosen) == room or all(share >= EACH for share in shares.values())
