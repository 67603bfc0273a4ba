"""What falls due: in order, once, and never because of something cancelled."""

import pytest

from server.broker.agenda import Agenda


def test_what_is_due_is_called_in_order_and_once() -> None:
    called: list[str] = []
    agenda = Agenda()
    for at, name in ((30, "c"), (10, "a"), (20, "b"), (10, "a2")):
        agenda.put(at, lambda name=name: called.append(name))  # type: ignore[misc]
    agenda.run(9)
    assert called == []
    agenda.run(20)
    agenda.run(20)
    assert called == ["a", "a2", "b"]
    agenda.run(1000)
    assert called == ["a", "a2", "b", "c"]


def test_what_is_cancelled_is_not_called_and_does_not_pile_up() -> None:
    agenda = Agenda()
    called: list[int] = []
    for number in range(20_000):
        agenda.put(10**12, lambda number=number: called.append(number)).cancel()  # type: ignore[misc]
    assert len(agenda) < 5_000
    agenda.run(10**12)
    assert called == []


def test_something_that_puts_itself_again_at_once_does_not_stop_the_world() -> None:
    agenda = Agenda()
    called: list[int] = []

    def again() -> None:
        called.append(1)
        agenda.put(0, again)

    agenda.put(0, again)
    agenda.run(5)
    agenda.run(5)
    assert len(called) == 2


def test_a_callback_that_fails_does_not_lose_the_others() -> None:
    agenda = Agenda()
    called: list[int] = []

    def fails() -> None:
        agenda.put(0, lambda: called.append(2))
        raise RuntimeError

    agenda.put(0, fails)
    agenda.put(1, lambda: called.append(1))
    with pytest.raises(RuntimeError):
        agenda.run(5)
    agenda.run(5)
    assert called == [2, 1]
