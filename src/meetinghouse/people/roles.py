"""Who may do what, as data: one line a permission. `docs/operate/roles.md` lists them, and a test keeps the two alike."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from meetinghouse.people.model import Organisation, Role, Scope

_EVERYBODY = (Role.OWNER, Role.ADMIN, Role.MEMBER)
_ADMINISTRATORS = (Role.OWNER, Role.ADMIN)
_OWNERS = (Role.OWNER,)
_ANY = (Organisation.OPERATOR, Organisation.PARTNER, Organisation.TENANT)
_SELLERS = (Organisation.OPERATOR, Organisation.PARTNER)
_OPERATOR = (Organisation.OPERATOR,)


class Permission(Struct, frozen=True):
    """Members of these roles in these organisations hold `scope`, which allows what the sentence says."""

    scope: Scope
    roles: tuple[Role, ...]
    organisations: tuple[Organisation, ...]
    allows: str


PERMISSIONS = (
    Permission(Scope.MEETINGS_READ, _EVERYBODY, _ANY, "See one's own meetings, who is in them and how they went."),
    Permission(Scope.MEETINGS_WRITE, _EVERYBODY, _ANY, "Make, change, end and delete one's own meetings."),
    Permission(Scope.PARTICIPANTS_ADMIT, _EVERYBODY, _ANY, "Let people into one's own meetings, mute and remove them."),
    Permission(Scope.MEMBERS_READ, _ADMINISTRATORS, _ANY, "List the members of one's own organisation."),
    Permission(
        Scope.MEMBERS_WRITE, _ADMINISTRATORS, _ANY, "Invite, change, reset and remove them; only owners touch owners."
    ),
    Permission(
        Scope.ADMIN,
        _ADMINISTRATORS,
        _ANY,
        "Read one's own organisation's audit log and residency policy, manage all its meetings, make tokens for others.",
    ),
    Permission(
        Scope.IDENTITY,
        _OWNERS,
        _ANY,
        "Set how one's own organisation signs in: its OpenID Connect provider, a second factor for all, SCIM.",
    ),
    Permission(
        Scope.TENANTS_READ,
        _ADMINISTRATORS,
        _SELLERS,
        "See partners, plans and the administration data of tenants: the operator's staff of all, a partner's staff of "
        "their own and of those below them.",
    ),
    Permission(
        Scope.TENANTS_WRITE, _ADMINISTRATORS, _SELLERS, "Found tenants and change them, as far as one sees them."
    ),
    Permission(Scope.PARTNERS_WRITE, _ADMINISTRATORS, _SELLERS, "Add partners below oneself, and change those below."),
    Permission(
        Scope.SUPPORT,
        _ADMINISTRATORS,
        _SELLERS,
        "Ask tenants that one sees for support grants, and read what a grant opens while the tenant lets it.",
    ),
    Permission(Scope.PLANS_WRITE, _ADMINISTRATORS, _OPERATOR, "Make plans, and change what they entitle to."),
    Permission(
        Scope.BRAND,
        _ADMINISTRATORS,
        _ANY,
        "See and change the brand of one's own organisation, and of those whose administration data one sees.",
    ),
    Permission(Scope.HOSTS, _ADMINISTRATORS, _SELLERS, "Set the host names of brands, as far as one sees them."),
    Permission(
        Scope.MARKET, _ADMINISTRATORS, _OPERATOR, "Read, try, draft, approve, activate and roll back market rules."
    ),
    Permission(Scope.NODE, _ADMINISTRATORS, _OPERATOR, "Look into this server, read its metrics, and drain it."),
)


@cache
def scopes_of(role: Role, organisation: Organisation) -> frozenset[Scope]:
    """What a signed-in member of this role in such an organisation may do."""
    return frozenset(one.scope for one in PERMISSIONS if role in one.roles and organisation in one.organisations)
