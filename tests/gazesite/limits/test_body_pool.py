"""The pool of bytes of bodies: full for all together, and a share for each client."""

from __future__ import annotations

from gazesite.limits.body_pool import BodyPool


def test_it_is_full_once_all_bodies_together_hold_what_it_has() -> None:
    pool = BodyPool(most=100, share=60)
    with pool.reservation("a") as first, pool.reservation("b") as second:
        first.add(60)
        second.add(40)
        assert not pool.is_full(0)
        assert pool.is_full(1)


def test_a_client_holds_its_share_over_all_of_its_bodies() -> None:
    pool = BodyPool(most=100, share=60)
    with pool.reservation("a") as first, pool.reservation("a") as second:
        first.add(30)
        second.add(30)
        assert pool.exceeds_share("a", 1)
        assert not pool.exceeds_share("b", 60)


def test_a_local_socket_has_no_share() -> None:
    assert not BodyPool(most=100, share=60).exceeds_share("", 100)


def test_bytes_are_given_back_at_the_end_whatever_ends_it() -> None:
    pool = BodyPool(most=100, share=60)
    try:
        with pool.reservation("a") as reservation:
            reservation.add(60)
            raise ConnectionError
    except ConnectionError:
        pass
    assert not pool.is_full(100)
    assert not pool.exceeds_share("a", 60)
