"""The composition root: makes everything a running server stands on, and takes it down in the opposite order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import text

from meetinghouse.app.config import Config
from meetinghouse.bus.local import LocalBus
from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.media.agent import Agent
from meetinghouse.media.engine import EngineConfig, MediaEngine, native_engine
from meetinghouse.media.fake import FakeEngine
from meetinghouse.security.keyring import Keyring
from meetinghouse.security.limiter import Limiter
from meetinghouse.telemetry.health import Health


@dataclass(frozen=True, kw_only=True)
class Services:
    """What handlers and actions are given."""

    config: Config
    public_url: str
    clock: Clock
    db: Database
    bus: LocalBus
    keys: Keyring
    limiter: Limiter
    agent: Agent
    health: Health


def keyring_of(config: Config) -> Keyring:
    """The installation's keys, made at the first use."""
    return Keyring.open(config.data_directory / "secret.key")


async def database_of(config: Config) -> Database:
    """The installation's database, its schema up to date."""
    return await Database.open(config.database_url, synchronous=config.database.synchronous)


@asynccontextmanager
async def running_services(config: Config, public_url: str, clock: Clock) -> AsyncIterator[Services]:
    """Everything, for as long as the block runs."""
    async with AsyncExitStack() as stack:
        db = await database_of(config)
        stack.push_async_callback(db.close)
        agent = Agent(_engine(config))
        stack.push_async_callback(agent.close)
        services = Services(
            config=config,
            public_url=public_url,
            clock=clock,
            db=db,
            bus=LocalBus(),
            keys=keyring_of(config),
            limiter=Limiter(clock, config.limits.remembered_keys),
            agent=agent,
            health=Health(),
        )
        _add_checks(services)
        yield services


def _engine(config: Config) -> MediaEngine:
    media = config.media
    settings = EngineConfig(
        listen=media.listen, advertise=list(media.advertise), statistics_interval_ms=media.statistics_interval_ms
    )
    return FakeEngine(settings) if media.engine == "fake" else native_engine(settings)


def _add_checks(services: Services) -> None:
    async def database() -> bool:
        async with services.db.read() as connection:
            return bool((await connection.execute(text("SELECT 1"))).scalar())

    async def media() -> bool:
        return services.agent.alive

    services.health.add("database", database)
    services.health.add("media", media)
