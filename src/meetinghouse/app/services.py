"""The composition root: makes everything a running server stands on, and takes it down in the opposite order."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from meetinghouse.app.config import Config
from meetinghouse.app.turn import start_turn
from meetinghouse.billing.context import Billing
from meetinghouse.billing.metering import Rounds
from meetinghouse.brands.actions import Desk
from meetinghouse.brands.mail import sender_of
from meetinghouse.brands.resolution import Brands
from meetinghouse.bus.local import LocalBus
from meetinghouse.db.clock import Clock, SystemClock
from meetinghouse.db.engine import Database
from meetinghouse.db.migrate import SchemaTooNewError
from meetinghouse.db.tenancy import Across
from meetinghouse.mail.sender import MailSender
from meetinghouse.market.context import Market
from meetinghouse.market.decision_log import DecisionLog
from meetinghouse.market.enforcement import Enforcement
from meetinghouse.market.in_force import RulesInForce
from meetinghouse.market.withdrawal_rounds import WithdrawalRounds
from meetinghouse.media.agent import Agent
from meetinghouse.media.engine import EngineConfig, MediaEngine, native_engine
from meetinghouse.media.fake import FakeEngine
from meetinghouse.media.statistics import MediaMetrics
from meetinghouse.media.turn import Turn
from meetinghouse.meetings.quality_recorder import QualityRecorder
from meetinghouse.meetings.sessions import Sessions
from meetinghouse.notices.outbox import Outbox
from meetinghouse.privacy.retention import Policy, Retention
from meetinghouse.regions.model import Region
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limiter import Limiter
from meetinghouse.telemetry.health import Health

# The one region of this installation, as the first tenant's policy names it.
_REGION_ID = "local"
_REGION_OPERATOR = "own"


class StartError(Exception):
    """The server or a command cannot start; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """What handlers and actions are given."""

    config: Config
    public_url: str
    listen_address: str
    clock: Clock
    db: Database
    bus: LocalBus
    keys: Keyring
    limiter: Limiter
    agent: Agent
    turn: Turn | None
    sessions: Sessions
    enforcement: Enforcement
    market: Market
    billing: Billing
    outbox: Outbox
    brands: Desk
    retention: Retention
    media_registry: CollectorRegistry
    region: Region
    health: Health


def keyring_of(config: Config) -> Keyring:
    """The installation's keys, made at the first use."""
    return Keyring.open(config.data_directory / "secret.key")


async def database_of(config: Config, *, alone: bool = False) -> Database:
    """The installation's database, its schema up to date; `alone` for the server itself."""
    database = config.database
    return await Database.open(
        config.database_url, owner_url=database.owner_url, synchronous=database.synchronous, alone=alone
    )


@asynccontextmanager
async def on_data(config: Config) -> AsyncIterator[tuple[Database, Keyring, Clock]]:
    """What a command needs that works on the data itself, perhaps beside a running server.

    Raises:
        StartError: the data directory cannot be used.

    """
    try:
        config.data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys, db = keyring_of(config), await database_of(config)
    except (OSError, ValueError, SchemaTooNewError, OperationalError) as error:
        message = f"The data directory {config.data_directory} cannot be used: {error}."
        raise StartError(message) from error
    try:
        yield db, keys, SystemClock()
    finally:
        await db.close()


@asynccontextmanager
async def running_services(
    config: Config, public_url: str, listener: socket.socket, tls: tuple[str, str] | None, clock: Clock
) -> AsyncIterator[Services]:
    """Everything, for as long as the block runs. `listener` and `tls` are the web's own."""
    async with AsyncExitStack() as stack:
        db = await database_of(config, alone=True)
        stack.push_async_callback(db.close)
        keys = keyring_of(config)
        engine = _engine(config)
        agent = Agent(engine)
        stack.push_async_callback(agent.close)
        # A registry of its own: two servers in one process (tests) count apart.
        media_registry = CollectorRegistry()
        media_metrics = MediaMetrics(media_registry)
        agent.subscribe(media_metrics.observe)
        turn, ice = start_turn(config, public_url, engine, keys, listener, tls)
        if turn is not None:
            stack.push_async_callback(turn.close)
            media_registry.register(turn)
        bus = LocalBus()
        region = Region(_REGION_ID, config.region.jurisdiction, _REGION_OPERATOR)
        quality = QualityRecorder(db, clock, config.meetings)
        quality.start()
        stack.push_async_callback(quality.stop)
        agent.subscribe(quality.observe)
        decisions = DecisionLog(db, clock)
        decisions.start()
        stack.push_async_callback(decisions.stop)
        enforcement = Enforcement(clock, RulesInForce(db, clock), decisions)
        brands = Brands(db, clock, public_url, config.branding)
        sessions = Sessions(
            db=db,
            bus=bus,
            clock=clock,
            keys=keys,
            agent=agent,
            limits=config.limits,
            settings=config.meetings,
            region=region,
            enforcement=enforcement,
            public_url=public_url,
            houses=brands,
            ice=ice,
            quality=quality,
        )
        stack.push_async_callback(sessions.stop)
        await sessions.start()
        billing = _billing(config, db, keys, clock, enforcement)
        outbox = Outbox(db, keys, clock, config.notices)
        market = Market(db=db, clock=clock, settings=config.market, decisions=decisions)
        mail = MailSender(db, clock, config.mail, partial(sender_of, brands, config.mail))
        retention = _retention(config, db, clock)
        for worker in (Rounds(billing), outbox, WithdrawalRounds(market), mail, retention):
            worker.start()
            stack.push_async_callback(worker.stop)
        services = Services(
            config=config,
            public_url=public_url,
            listen_address=listener.getsockname()[0],
            clock=clock,
            db=db,
            bus=bus,
            keys=keys,
            limiter=Limiter(clock, config.limits.remembered_keys),
            agent=agent,
            turn=turn,
            sessions=sessions,
            enforcement=enforcement,
            market=market,
            billing=billing,
            outbox=outbox,
            brands=Desk(db, clock, brands),
            retention=retention,
            media_registry=media_registry,
            region=region,
            health=Health(),
        )
        _add_checks(services)
        yield services


def _billing(config: Config, db: Database, keys: Keyring, clock: Clock, enforcement: Enforcement) -> Billing:
    return Billing(
        db=db,
        keys=keys,
        clock=clock,
        enforcement=enforcement,
        limits=config.limits,
        settings=config.billing,
        region=_REGION_ID,
        webhook_networks=config.notices.networks,
    )


def _retention(config: Config, db: Database, clock: Clock) -> Retention:
    policy = Policy(
        settings=config.privacy,
        quality_days=config.meetings.quality_days,
        decision_days=config.market.decision_days,
    )
    return Retention(db, clock, policy)


def _engine(config: Config) -> MediaEngine:
    media = config.media
    settings = EngineConfig(
        listen=media.listen,
        workers=media.workers,
        spread_peers=media.spread_peers,
        tcp=media.tcp,
        advertise=list(media.advertise),
        statistics_interval_ms=media.statistics_interval_ms,
        offer_bytes=config.limits.offer_bytes,
        pictures=config.limits.pictures_per_participant,
        peers_per_room=config.limits.participants_per_meeting + config.limits.watches_per_meeting,
    )
    return FakeEngine(settings) if media.engine == "fake" else native_engine(settings)


def _add_checks(services: Services) -> None:
    async def database() -> bool:
        async with services.db.read(Across.NOBODYS) as connection:
            return bool((await connection.execute(text("SELECT 1"))).scalar())

    async def media() -> bool:
        return services.agent.alive

    services.health.add("database", database)
    services.health.add("media", media)
