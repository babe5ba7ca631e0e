"""One leads; a lead that is not renewed lapses by itself."""

from django.db import connection

from opsconsole.engine.dispatcher import Dispatcher
from opsconsole.engine.leadership import lead, resign
from opsconsole.engine.models import Leadership


def lapse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ops_engine_leadership SET until = clock_timestamp() - interval '1 second'")


def test_the_first_leads_and_the_second_stands_by():
    assert lead("one")
    assert not lead("two")
    assert lead("one"), "renewing"
    assert Leadership.objects.get().owner == "one"


def test_a_lead_that_was_not_renewed_passes_on():
    lead("one")
    lapse()
    assert lead("two")
    assert not lead("one"), "the frozen leader that comes back stands by"


def test_a_lapsed_lead_may_be_taken_up_again_by_its_owner():
    lead("one")
    lapse()
    assert lead("one")


def test_who_resigns_is_replaced_at_once():
    lead("one")
    resign("one")
    assert lead("two")


def test_nobody_can_resign_for_another():
    lead("one")
    resign("two")
    assert not lead("two")


def test_dispatchers_of_one_host_and_process_number_do_not_both_lead():
    """As in two containers that were given the same host name."""
    assert [lead(Dispatcher().name), lead(Dispatcher().name)] == [True, False]


def test_roles_are_apart():
    assert lead("one", "dispatcher")
    assert lead("two", "archivist")
