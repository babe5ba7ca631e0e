"""A projection built again from the first event, while the old one keeps serving; then the two are exchanged."""

import logging
from functools import partial

from django.db import transaction

from opsconsole.engine import waking
from opsconsole.streams import duties, pages, shadows
from opsconsole.streams.channel import CHANNEL
from opsconsole.streams.followers import FOLLOWERS, Follower
from opsconsole.streams.models import ParkedEvent, SkippedEvent, Subscription
from opsconsole.streams.operations import UNHARMED, Refused
from opsconsole.streams.states import RUNNING, STOPPED
from opsconsole.streams.turns import Turn

logger = logging.getLogger(__name__)

SUFFIX = "#rebuild"  # of the name of the subscription that does it


def rebuild(name: str, *, actor: str) -> str:
    """Begin to rebuild a projection; returns the name of the subscription that does it, to be paused, resumed and
    watched like any other. Raises Refused."""
    follower = _projection(name)
    duties.begin()
    with transaction.atomic():
        Subscription.objects.select_for_update().get(name=name)  # of two who begin at once, one is told
        if Subscription.objects.filter(shadow_of=name).exists():
            raise Refused(f"{name} is being rebuilt already")
        shadows.create(name, follower.models)
        shadow = Subscription.objects.create(
            name=f"{name}{SUFFIX}",
            kind=follower.kind,
            contract=follower.contract,
            position=0,
            shadow_of=name,
            reason=f"Asked for by {actor}.",
        )
        waking.after_commit(CHANNEL)
    logger.info("rebuild of %s begun by %s", name, actor, extra={"action": "projection.rebuild"})
    return shadow.name


def give_up(name: str, *, actor: str) -> None:
    """End the rebuild of a projection without an exchange. Raises Refused when there is none."""
    with transaction.atomic():
        if not Subscription.objects.select_for_update().filter(shadow_of=name).exists():
            raise Refused(f"{name} is not being rebuilt")
        shadow = Subscription.objects.get(shadow_of=name)
        ParkedEvent.objects.filter(subscription=shadow.name).delete()
        SkippedEvent.objects.filter(subscription=shadow.name).delete()
        shadow.delete()
        shadows.drop(name)
    logger.info("rebuild of %s given up by %s", name, actor, extra={"action": "projection.rebuild_given_up"})


def exchange(turn: Turn) -> None:
    """At the end of the log, lock the old one, apply what it has been quicker with, and take its place.

    It goes on where the new rows end. They mend an error that it had stopped with, and what it had parked or skipped;
    what the rebuild has parked and skipped is so now. A pause stays.
    """
    old = Subscription.objects.select_for_update().get(name=turn.shadow_of)
    while turn.position < old.position:
        pages.apply(turn, min(old.position, turn.position + turn.follower.page))
    shadows.exchange(old.name, turn.follower.models)
    ParkedEvent.objects.filter(subscription=old.name).delete()
    SkippedEvent.objects.filter(subscription=old.name, position__lte=turn.position).delete()
    SkippedEvent.objects.filter(subscription=turn.name).update(subscription=old.name)
    Subscription.objects.filter(name=old.name).update(
        position=turn.position,
        parked=ParkedEvent.objects.filter(subscription=turn.name).update(subscription=old.name),
        status=RUNNING if old.status == STOPPED else old.status,
        **UNHARMED,
    )
    Subscription.objects.filter(name=turn.name).delete()
    transaction.on_commit(partial(_log_exchange, old.name, turn.position))


def _log_exchange(name: str, position: int) -> None:
    logger.info("%s was rebuilt up to position %s", name, position, extra={"action": "projection.rebuilt"})


def _projection(name: str) -> Follower:
    follower = FOLLOWERS.find(name)
    if follower is None:
        raise Refused(f"no code here declares {name}: what it would be built with is not known")
    if not follower.models:
        raise Refused(f"{name} is no projection with tables of its own: there is nothing to rebuild")
    return follower
