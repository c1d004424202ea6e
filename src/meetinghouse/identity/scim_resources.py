"""Members and groups as SCIM resources (RFC 7643), and back.

Of a user are kept: userName, which is the address to sign in with, displayName or name, externalId, active. Other attributes
are taken and not kept.
"""

from __future__ import annotations

from typing import TypeAlias

from scim2_models import Email, EnterpriseUser, GroupMember, InvalidValueException, Meta, Name, Reference, User
from scim2_models import Group as ScimGroup

from meetinghouse.identity.model import Group, Wanted, WantedGroup
from meetinghouse.people.model import Member, Status
from meetinghouse.people.rules import clean_email
from meetinghouse.security.names import clean_name
from meetinghouse.security.refusal import Refusal

ScimUser: TypeAlias = User[EnterpriseUser]
_ID_CHARACTERS = 400


def user_resource(member: Member, external_id: str | None, base: str) -> ScimUser:
    """A member as another system sees them; `base` is where the resources are."""
    emails = [] if member.email is None else [Email(value=member.email, type=Email.Type.work, primary=True)]
    location = f"{base}/Users/{member.id}"
    return User[EnterpriseUser](
        id=member.id,
        external_id=external_id,
        user_name=member.email or member.id,
        display_name=member.name,
        name=Name(formatted=member.name),
        emails=emails,
        active=member.status is not Status.DISABLED,
        meta=Meta(resource_type="User", created=member.created_at, location=location),
    )


def wanted_of(user: ScimUser, before: str | None = None) -> Wanted:
    """What a resource wants a member to be; `before` is the name they have.

    Raises:
        InvalidValueException: its userName is no address, or its externalId is too long.

    """
    try:
        email = clean_email(user.user_name or "")
    except Refusal:
        detail = "Map userName to the email address that the person signs in with: this one is none."
        raise InvalidValueException(detail=detail) from None
    if user.external_id is not None and len(user.external_id) > _ID_CHARACTERS:
        raise InvalidValueException(detail=f"An externalId has at most {_ID_CHARACTERS} characters.")
    return Wanted(
        email=email,
        name=_shown_name(user, before) or email.partition("@")[0],
        external_id=user.external_id or None,
        # RFC 7643 §4.1.1 leaves open what an absent one means: who is told of is active.
        active=user.active is not False,
    )


def group_resource(group: Group, base: str) -> ScimGroup:
    """A group as another system sees it."""
    return ScimGroup(
        id=group.id,
        external_id=group.external_id,
        display_name=group.name,
        members=[
            GroupMember(value=member_id, display=name, type="User", ref=Reference(f"{base}/Users/{member_id}"))
            for member_id, name in group.members
        ],
        meta=Meta(resource_type="Group", created=group.created_at, location=f"{base}/Groups/{group.id}"),
    )


def wanted_group(group: ScimGroup) -> WantedGroup:
    """What a resource wants a group to be."""
    inside = dict.fromkeys(one.value for one in group.members or () if one.value)
    return WantedGroup(name=group.display_name or "", external_id=group.external_id or None, member_ids=tuple(inside))


def _shown_name(user: ScimUser, before: str | None) -> str:
    """The name that changed, of those that a user has several of; else the first that there is."""
    name = user.name
    parts = "" if name is None else " ".join(filter(None, (name.given_name, name.family_name)))
    written = (user.display_name, None if name is None else name.formatted, parts)
    names = [clean for one in written if one and (clean := clean_name(one))]
    return next((one for one in names if one != before), names[0] if names else "")
