"""Whose wish is next."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.adapter import MIGRATIONS
from adapters.slack.turns import EACH, Piece, Turns
from bot.storage.database import read_migrations


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


def test_a_second_wish_has_its_turn_however_many_new_people_come() -> None:
    turns, ann = Turns(), wishes_of("ann", 2)
    waiting = list(ann)
    for moment in range(2):
        waiting += [piece for number in range(4) for piece in wishes_of(f"{moment}-{number} ", 1)]
        chosen = turns.choose(waiting, [], 4)
        waiting = [piece for piece in waiting if piece not in chosen]
    assert not set(ann) & set(waiting)


def test_whoever_has_all_of_their_wishes_under_way_comes_back_behind_those_who_wait() -> None:
    (ann, more_of_ann), (ben, _), (cid, more_of_cid) = (wishes_of(whose, 2) for whose in ("ann", "ben", "cid"))
    turns = Turns()
    assert turns.choose([ann, ben, cid], [], 3) == [ann, ben, cid]
    assert turns.choose([ann, more_of_ann, ben, cid], [ann, ben, cid], 0) == []
    assert turns.choose([more_of_cid, more_of_ann, ben], [ben], 1) == [more_of_ann]


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


def test_wishes_that_were_kept_before_it_was_written_whose_they_are_share_no_place_in_line() -> None:
    tables, *later = (migration.statements for migration in read_migrations(MIGRATIONS))
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript("".join(tables))
        database.executemany(
            "INSERT INTO slack_wishes (id, state, body, attempts, created_at, due_at) VALUES (?, 'open', '{}', 0, 0, 0)",
            [("ann's",), ("ben's",), ("cid's",)],
        )
        database.executescript("".join(statement for each in later for statement in each))
        assert database.execute("SELECT COUNT(DISTINCT whose) FROM slack_wishes").fetchone() == (3,)
