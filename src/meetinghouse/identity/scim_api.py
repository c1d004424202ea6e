"""The addresses of SCIM 2.0 (RFC 7644), below `/scim/v2`; who calls is who has a token of SCIM, and nobody else."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import msgspec
from litestar import Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from meetinghouse.identity.context import Identity
from meetinghouse.identity.scim_actions import check_token
from meetinghouse.people.identify import AnyRequest
from meetinghouse.security.networks import limited_address
from meetinghouse.security.refusal import Refusal

PATH = "/scim/v2"
_MEDIA_TYPE = "application/scim+json"
_TAKEN = ("application/scim+json", "application/json")


async def _answer(request: AnyRequest, identity: Identity, act: str, *arguments: str) -> Response[bytes]:
    """What the function `act` of the service answers."""
    service = await asyncio.to_thread(importlib.import_module, "meetinghouse.identity.scim_service")
    headers: dict[str, str] = {}

    async def answer() -> tuple[int, dict[str, Any] | None]:
        try:
            call = await _call(service, request, identity)
        except Refusal as refusal:
            headers.update(refusal.headers)
            raise
        answered: tuple[int, dict[str, Any] | None] = await getattr(service, act)(call, *arguments)
        return answered

    status, body = await service.handled(answer)
    location = (body or {}).get("meta", {}).get("location")
    if status == 201 and location:  # noqa: PLR2004 (created)
        headers["location"] = location
    content = b"" if body is None else msgspec.json.encode(body)
    return Response(content, status_code=status, media_type=_MEDIA_TYPE, headers=headers)


async def _call(service: Any, request: AnyRequest, identity: Identity) -> Any:  # noqa: ANN401 (a module loaded late)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        challenge = {"WWW-Authenticate": "Bearer"}
        raise Refusal(401, "not_signed_in", "Send the token as `Authorization: Bearer …`.", headers=challenge)
    address = limited_address(request.client.host if request.client else "")
    token = await check_token(identity, secret.strip(), address)
    body = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type not in _TAKEN:
        raise Refusal(415, "unsupported_media_type", f"Send {_MEDIA_TYPE}.")
    url = (await identity.people.houses.of(token.tenant_id)).url
    return service.Call(identity, token, url + PATH, dict(request.query_params), body)


@get(f"{PATH}/Users", include_in_schema=False)
async def list_users(request: AnyRequest, identity: NamedDependency[Identity]) -> Response[bytes]:
    """Members, filtered and in pages."""
    return await _answer(request, identity, "list_users")


@post(f"{PATH}/Users", include_in_schema=False)
async def add_user(request: AnyRequest, identity: NamedDependency[Identity]) -> Response[bytes]:
    """Add a member."""
    return await _answer(request, identity, "add_user")


@get(f"{PATH}/Users/{{member_id:str}}", include_in_schema=False)
async def one_user(
    request: AnyRequest, identity: NamedDependency[Identity], member_id: FromPath[str]
) -> Response[bytes]:
    """One member."""
    return await _answer(request, identity, "one_user", member_id)


@put(f"{PATH}/Users/{{member_id:str}}", include_in_schema=False)
async def replace_user(
    request: AnyRequest, identity: NamedDependency[Identity], member_id: FromPath[str]
) -> Response[bytes]:
    """Make a member what the body says."""
    return await _answer(request, identity, "replace_user", member_id)


@patch(f"{PATH}/Users/{{member_id:str}}", include_in_schema=False)
async def patch_user(
    request: AnyRequest, identity: NamedDependency[Identity], member_id: FromPath[str]
) -> Response[bytes]:
    """Change a member."""
    return await _answer(request, identity, "patch_user", member_id)


@delete(f"{PATH}/Users/{{member_id:str}}", status_code=200, include_in_schema=False)
async def remove_user(
    request: AnyRequest, identity: NamedDependency[Identity], member_id: FromPath[str]
) -> Response[bytes]:
    """Remove a member."""
    return await _answer(request, identity, "remove_user", member_id)


@get(f"{PATH}/Groups", include_in_schema=False)
async def list_groups(request: AnyRequest, identity: NamedDependency[Identity]) -> Response[bytes]:
    """Groups, filtered and in pages."""
    return await _answer(request, identity, "list_groups")


@post(f"{PATH}/Groups", include_in_schema=False)
async def add_group(request: AnyRequest, identity: NamedDependency[Identity]) -> Response[bytes]:
    """Add a group."""
    return await _answer(request, identity, "add_group")


@get(f"{PATH}/Groups/{{group_id:str}}", include_in_schema=False)
async def one_group(
    request: AnyRequest, identity: NamedDependency[Identity], group_id: FromPath[str]
) -> Response[bytes]:
    """One group."""
    return await _answer(request, identity, "one_group", group_id)


@put(f"{PATH}/Groups/{{group_id:str}}", include_in_schema=False)
async def replace_group(
    request: AnyRequest, identity: NamedDependency[Identity], group_id: FromPath[str]
) -> Response[bytes]:
    """Make a group what the body says."""
    return await _answer(request, identity, "replace_group", group_id)


@patch(f"{PATH}/Groups/{{group_id:str}}", include_in_schema=False)
async def patch_group(
    request: AnyRequest, identity: NamedDependency[Identity], group_id: FromPath[str]
) -> Response[bytes]:
    """Change a group."""
    return await _answer(request, identity, "patch_group", group_id)


@delete(f"{PATH}/Groups/{{group_id:str}}", status_code=200, include_in_schema=False)
async def remove_group(
    request: AnyRequest, identity: NamedDependency[Identity], group_id: FromPath[str]
) -> Response[bytes]:
    """Forget a group."""
    return await _answer(request, identity, "remove_group", group_id)


@get(f"{PATH}/ServiceProviderConfig", include_in_schema=False)
async def service_provider_config(request: AnyRequest, identity: NamedDependency[Identity]) -> Response[bytes]:
    """What this server can do."""
    return await _answer(request, identity, "service_provider_config")


@get([f"{PATH}/ResourceTypes", f"{PATH}/ResourceTypes/{{name:str}}"], include_in_schema=False)
async def resource_types(request: AnyRequest, identity: NamedDependency[Identity]) -> Response[bytes]:
    """Which resources there are, or one of them."""
    return await _answer(request, identity, "resource_types", request.path_params.get("name", ""))


@get([f"{PATH}/Schemas", f"{PATH}/Schemas/{{urn:str}}"], include_in_schema=False)
async def schemas(request: AnyRequest, identity: NamedDependency[Identity]) -> Response[bytes]:
    """What they consist of, or one of them."""
    return await _answer(request, identity, "schemas", request.path_params.get("urn", ""))


root_routes = [
    list_users,
    add_user,
    one_user,
    replace_user,
    patch_user,
    remove_user,
    list_groups,
    add_group,
    one_group,
    replace_group,
    patch_group,
    remove_group,
    service_provider_config,
    resource_types,
    schemas,
]
