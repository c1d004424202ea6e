import { useLingui } from "@lingui/react/macro";
import type { MemberRole } from "../../api/types.ts";

/** What a role is called. */
export function useRoleName(): (role: MemberRole) => string {
  const { t } = useLingui();
  return (role) => ({ owner: t`Owner`, admin: t`Administrator`, member: t`Member` })[role];
}

/** The roles that somebody of this role may give: nobody makes others more than they are. */
export function rolesToGive(role: MemberRole): readonly MemberRole[] {
  return role === "owner" ? ["member", "admin", "owner"] : ["member", "admin"];
}
