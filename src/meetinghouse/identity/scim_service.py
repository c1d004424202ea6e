"""What SCIM's calls answer. Apart from the routes, since the library costs a second to load, and few servers are asked.

Errors are SCIM's own (RFC 7644 §3.12): `handled` turns ours and the library's into them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from pydantic import ValidationError
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    EnterpriseUser,
    Error,
    ETag,
    Filter,
    InvalidSyntaxException,
    InvalidValueException,
    ListResponse,
    NotFoundException,
    Patch,
    PatchOp,
    ResourceType,
    Schema,
    SCIMException,
    ServiceProviderConfig,
    Sort,
    User,
)
from scim2_models import Group as ScimGroup

from meetinghouse.identity import scim_actions as actions
from meetinghouse.identity import scim_tables as tables
from meetinghouse.identity.context import Identity
from meetinghouse.identity.model import Group, ScimToken, Wanted, WantedGroup
from meetinghouse.identity.scim_filters import groups_wanted, users_wanted
from meetinghouse.identity.scim_resources import (
    ScimUser,
    group_resource,
    user_resource,
    wanted_group,
    wanted_of,
)
from meetinghouse.people.model import Member
from meetinghouse.security.refusal import Refusal

# Status, and the body if there is one.
Answer: TypeAlias = tuple[int, dict[str, Any] | None]

_USER = User[EnterpriseUser]
# How our own codes are called there.
_TYPES = {"uniqueness": "uniqueness", "unknown_member": "invalidValue", "name_missing": "invalidValue"}


@dataclass(frozen=True)
class Call:
    """One call: by which token, where the resources are, the query, and the body."""

    identity: Identity
    token: ScimToken
    base: str
    query: Mapping[str, str]
    body: bytes


async def handled(answer: Callable[[], Awaitable[Answer]]) -> Answer:
    """What a call answers, or why it does not."""
    try:
        return await answer()
    except Refusal as refusal:
        error = Error(status=refusal.status, scim_type=_TYPES.get(refusal.code), detail=refusal.detail)
        return _error(error if refusal.status != 422 else _as_bad(error))  # noqa: PLR2004 (SCIM knows no 422)
    except SCIMException as refused:
        return _error(refused.to_error())
    except ValidationError as refused:
        return _error(Error.from_validation_errors(refused)[0])


# --- users -----------------------------------------------------------------------------------------------------------


async def list_users(call: Call) -> Answer:
    """Those whom a filter wants."""
    offset, count = _page(call)
    wanted = users_wanted(call.query.get("filter", ""))
    async with call.identity.people.db.read(call.token.tenant_id) as connection:
        total, found = await tables.members_page(connection, call.token.tenant_id, wanted, offset, count)
    shown = [user_resource(member, external_id, call.base) for member, external_id in found]
    page = ListResponse[_USER](total_results=total, start_index=offset + 1, items_per_page=len(shown), resources=shown)
    return 200, page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


async def one_user(call: Call, member_id: str) -> Answer:
    """One of them."""
    return 200, _shown(await _user(call, member_id), Context.RESOURCE_QUERY_RESPONSE)


async def add_user(call: Call) -> Answer:
    """Add one."""
    user = _USER.model_validate(_json(call), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    made = await actions.do_add_member(call.identity, call.token, wanted_of(user))
    return 201, _shown(user_resource(*made, call.base), Context.RESOURCE_CREATION_RESPONSE)


async def replace_user(call: Call, member_id: str) -> Answer:
    """Make one of them what the body says."""
    user = _USER.model_validate(_json(call), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    made = await actions.do_put_member(
        call.identity, call.token, member_id, lambda member, _: wanted_of(user, member.name)
    )
    return 200, _shown(user_resource(*made, call.base), Context.RESOURCE_REPLACEMENT_RESPONSE)


async def patch_user(call: Call, member_id: str) -> Answer:
    """Change one of them as the body's operations say, all or none."""
    changes = PatchOp[_USER].model_validate(_json(call), scim_ctx=Context.RESOURCE_PATCH_REQUEST)

    def changed(member: Member, external_id: str | None) -> Wanted:
        user = user_resource(member, external_id, call.base)
        changes.patch(user)
        return wanted_of(user, member.name)

    made = await actions.do_put_member(call.identity, call.token, member_id, changed)
    return 200, _shown(user_resource(*made, call.base), Context.RESOURCE_PATCH_RESPONSE)


async def remove_user(call: Call, member_id: str) -> Answer:
    """Remove one of them, and erase their personal data."""
    await actions.do_remove_member(call.identity, call.token, member_id)
    return 204, None


# --- groups ----------------------------------------------------------------------------------------------------------


async def list_groups(call: Call) -> Answer:
    """Those that a filter wants."""
    offset, count = _page(call)
    wanted = groups_wanted(call.query.get("filter", ""))
    async with call.identity.people.db.read(call.token.tenant_id) as connection:
        total, found = await tables.groups_page(connection, call.token.tenant_id, wanted, offset, count)
    shown = [group_resource(group, call.base) for group in found]
    if "members" in call.query.get("excludedAttributes", "").split(","):
        for group in shown:
            group.members = None
    page = ListResponse[ScimGroup](
        total_results=total, start_index=offset + 1, items_per_page=len(shown), resources=shown
    )
    return 200, page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


async def one_group(call: Call, group_id: str) -> Answer:
    """One of them."""
    return 200, _shown(await _group(call, group_id), Context.RESOURCE_QUERY_RESPONSE)


async def add_group(call: Call) -> Answer:
    """Add one."""
    group = ScimGroup.model_validate(_json(call), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    made = await actions.do_put_group(call.identity, call.token, None, lambda _: wanted_group(group))
    return 201, _shown(group_resource(made, call.base), Context.RESOURCE_CREATION_RESPONSE)


async def replace_group(call: Call, group_id: str) -> Answer:
    """Make one of them what the body says."""
    group = ScimGroup.model_validate(_json(call), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    made = await actions.do_put_group(call.identity, call.token, group_id, lambda _: wanted_group(group))
    return 200, _shown(group_resource(made, call.base), Context.RESOURCE_REPLACEMENT_RESPONSE)


async def patch_group(call: Call, group_id: str) -> Answer:
    """Change one of them as the body's operations say, all or none."""
    changes = PatchOp[ScimGroup].model_validate(_json(call), scim_ctx=Context.RESOURCE_PATCH_REQUEST)

    def changed(before: Group | None) -> WantedGroup:
        if before is None:
            raise NotFoundException
        group = group_resource(before, call.base)
        changes.patch(group)
        return wanted_group(group)

    made = await actions.do_put_group(call.identity, call.token, group_id, changed)
    return 200, _shown(group_resource(made, call.base), Context.RESOURCE_PATCH_RESPONSE)


async def remove_group(call: Call, group_id: str) -> Answer:
    """Forget one of them."""
    await actions.do_delete_group(call.identity, call.token, group_id)
    return 204, None


# --- what there is ---------------------------------------------------------------------------------------------------


async def service_provider_config(call: Call) -> Answer:
    """What this server can do."""
    most = call.identity.people.limits.list_items
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=most),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A token that an owner of the organisation makes in the console.",
            )
        ],
    )
    return 200, _shown(config, Context.RESOURCE_QUERY_RESPONSE)


async def resource_types(call: Call, name: str = "") -> Answer:
    """Which resources there are, or one of them."""
    return _described(
        call, [ResourceType.from_resource(_USER), ResourceType.from_resource(ScimGroup)], ResourceType, name
    )


async def schemas(call: Call, urn: str = "") -> Answer:
    """What they consist of, or one of them."""
    found = [model.to_schema() for model in (User, EnterpriseUser, ScimGroup)]
    return _described(call, found, Schema, urn)


def _described(call: Call, found: list[Any], kind: Any, wanted: str) -> Answer:  # noqa: ANN401 (a model of the library)
    if wanted:
        one = next((one for one in found if one.id == wanted), None)
        if one is None:
            raise NotFoundException
        return 200, _shown(one, Context.RESOURCE_QUERY_RESPONSE)
    if "filter" in call.query:
        # RFC 7644 §4: whoever filters here shall not believe that it was done.
        raise Refusal(403, "not_allowed", "These are not filtered.")
    page = ListResponse[kind](total_results=len(found), start_index=1, items_per_page=len(found), resources=found)
    return 200, page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


async def _user(call: Call, member_id: str) -> ScimUser:
    async with call.identity.people.db.read(call.token.tenant_id) as connection:
        member, external_id = await actions.member_of(connection, call.token.tenant_id, member_id)
    return user_resource(member, external_id, call.base)


async def _group(call: Call, group_id: str) -> ScimGroup:
    async with call.identity.people.db.read(call.token.tenant_id) as connection:
        return group_resource(await actions.group_of(connection, call.token.tenant_id, group_id), call.base)


def _page(call: Call) -> tuple[int, int]:
    """From which place on, and how many (RFC 7644 §3.4.2.4: what is too small counts as the smallest)."""
    most = call.identity.people.limits.list_items
    try:
        start, count = int(call.query.get("startIndex", 1)), int(call.query.get("count", most))
    except ValueError:
        raise InvalidValueException(detail="startIndex and count are whole numbers.") from None
    return min(max(start, 1) - 1, 2**31), max(0, min(count, most))


def _json(call: Call) -> Any:  # noqa: ANN401 (JSON)
    try:
        return msgspec.json.decode(call.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidSyntaxException(detail="The body is no JSON.") from None


def _shown(resource: Any, context: Context) -> dict[str, Any]:  # noqa: ANN401 (a model of the library)
    shown: dict[str, Any] = resource.model_dump(scim_ctx=context)
    return shown


def _as_bad(error: Error) -> Error:
    return Error(status=400, scim_type=error.scim_type or "invalidValue", detail=error.detail)


def _error(error: Error) -> Answer:
    return error.status or 400, error.model_dump()
