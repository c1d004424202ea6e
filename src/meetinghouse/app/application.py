"""Puts the features' handlers together into one ASGI application."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp

from meetinghouse.app.gate import Gate
from meetinghouse.app.idempotency import Idempotency
from meetinghouse.app.openapi import DOCS_ROUTES, Description
from meetinghouse.app.pages import PAGE_ROUTES, StaticFiles, not_found
from meetinghouse.app.problems import EXCEPTION_HANDLERS
from meetinghouse.app.services import Services
from meetinghouse.app.system_api import API_ROUTES, ROOT_ROUTES
from meetinghouse.billing.api import routes as billing_routes
from meetinghouse.brands.api import routes as brand_routes
from meetinghouse.brands.pages import routes as brand_page_routes
from meetinghouse.identity.api import routes as identity_routes
from meetinghouse.identity.context import Identity
from meetinghouse.identity.providers import Providers
from meetinghouse.identity.scim_api import root_routes as scim_routes
from meetinghouse.market.api import routes as market_routes
from meetinghouse.market.organisation_actions import Organisations
from meetinghouse.market.organisation_api import routes as organisation_routes
from meetinghouse.market.seats import check_seat
from meetinghouse.market.support_api import routes as support_routes
from meetinghouse.meetings.actions import give_personal_room
from meetinghouse.meetings.api import root_routes as meetings_root_routes
from meetinghouse.meetings.api import routes as meetings_routes
from meetinghouse.meetings.context import Meetings
from meetinghouse.people import tables as people_tables
from meetinghouse.people.api import routes as people_routes
from meetinghouse.people.context import People
from meetinghouse.people.identify import actor_dependencies
from meetinghouse.privacy.api import routes as privacy_routes
from meetinghouse.regions.actions import allow_own_region
from meetinghouse.regions.api import routes as regions_routes


def create_app(services: Services) -> ASGIApp:
    """The application over `services`."""
    static = StaticFiles()
    dependencies = _dependencies(services, static)

    def described(openapi: OpenAPIConfig) -> Litestar:
        return Litestar([_api()], dependencies=dependencies, openapi_config=openapi, logging_config=None)

    dependencies["description"] = _provide(Description(described))
    app = Litestar(
        route_handlers=[
            _api(),
            *meetings_root_routes,
            *scim_routes,
            *ROOT_ROUTES,
            *brand_page_routes,
            *PAGE_ROUTES,
        ],
        dependencies=dependencies,
        exception_handlers={**EXCEPTION_HANDLERS, NotFoundException: not_found(static, services.brands)},
        request_max_body_size=services.config.limits.body_bytes,
        openapi_config=None,
        logging_config=None,
    )
    idempotent = Idempotency(app, services.db, services.keys, services.clock, services.config.limits)
    return Gate(idempotent, services.public_url, services.brands.brands)


def _api() -> Router:
    features = [
        *people_routes,
        *identity_routes,
        *organisation_routes,
        *support_routes,
        *market_routes,
        *billing_routes,
        *brand_routes,
        *regions_routes,
        *meetings_routes,
        *privacy_routes,
    ]
    return Router("/api/v1", route_handlers=[*API_ROUTES, *DOCS_ROUTES, *features])


def _dependencies(services: Services, static: StaticFiles) -> dict[str, Provide]:
    config = services.config
    meetings = Meetings(
        db=services.db,
        keys=services.keys,
        clock=services.clock,
        limiter=services.limiter,
        limits=config.limits,
        settings=config.meetings,
        sessions=services.sessions,
        houses=services.brands.brands,
        region=services.region,
    )
    people = People(
        db=services.db,
        bus=services.bus,
        keys=services.keys,
        clock=services.clock,
        limiter=services.limiter,
        limits=config.limits,
        settings=config.people,
        houses=services.brands.brands,
        enrolled=partial(give_personal_room, meetings),
        check_register=partial(_check_register, services),
        check_seat=check_seat,
    )
    values: dict[str, Any] = {
        "people": people,
        "identity": Identity(
            people=people,
            providers=Providers(services.clock, config.identity),
            settings=config.identity,
            proved_domains=partial(_proved_domains, services),
        ),
        "market": services.market,
        "billing": services.billing,
        "organisations": Organisations(
            people=people,
            enforcement=services.enforcement,
            founded=partial(allow_own_region, services.region, services.clock),
        ),
        "meetings": meetings,
        "sessions": services.sessions,
        "limiter": services.limiter,
        "db": services.db,
        "region": services.region,
        "health": services.health,
        "media_registry": services.media_registry,
        "public_url": services.public_url,
        "listen_address": services.listen_address,
        "static": static,
        "desk": services.brands,
        "telemetry_settings": config.telemetry,
    }
    return {**{name: _provide(value) for name, value in values.items()}, **actor_dependencies(people)}


async def _check_register(services: Services, tenant_id: str) -> None:
    async with services.db.read(tenant_id) as connection:
        tenant = await people_tables.tenant(connection, tenant_id)
    await services.enforcement.check(tenant, "register")


async def _proved_domains(services: Services, tenant_id: str, domains: tuple[str, ...]) -> frozenset[str]:
    """Whoever runs the installation need prove nothing to it."""
    async with services.db.read(tenant_id) as connection:
        is_operator = await people_tables.home_id(connection) == tenant_id
    return frozenset(domains) if is_operator else frozenset()


def _provide(value: Any) -> Provide:  # noqa: ANN401 (one of the services)
    def provide() -> Any:  # noqa: ANN401
        return value

    return Provide(provide, sync_to_thread=False)
