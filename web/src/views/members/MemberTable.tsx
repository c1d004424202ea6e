import { useLingui } from "@lingui/react/macro";
import { Ellipsis } from "lucide-react";
import type { Me, Member } from "../../api/types.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { IconButton } from "../../ui/Button.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/Menu.tsx";
import "../../ui/Table.css";
import type { MemberTask } from "./MemberDialogs.tsx";
import { rolesToGive, useRoleName } from "./roles.ts";

interface MemberTableProps {
  readonly me: Me;
  readonly members: readonly Member[];
  readonly onTask: (task: MemberTask) => void;
}

/** Everybody, with what can be done for them at the end of the row. */
export function MemberTable({ me, members, onTask }: MemberTableProps) {
  const { t } = useLingui();
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{t`Name`}</th>
          <th scope="col">{t`Role`}</th>
          <th scope="col">{t`Status`}</th>
          <th scope="col">{t`Since`}</th>
          <th>
            <span className="visually-hidden">{t`Actions`}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {members.map((member) => (
          <Row key={member.id} me={me} member={member} onTask={onTask} />
        ))}
      </tbody>
    </table>
  );
}

const TONES = { active: "success", invited: "accent", disabled: "plain" } as const;

interface RowProps {
  readonly me: Me;
  readonly member: Member;
  readonly onTask: (task: MemberTask) => void;
}

function Row({ me, member, onTask }: RowProps) {
  const { t, i18n } = useLingui();
  const roleName = useRoleName();
  const status = { active: t`Active`, invited: t`Invited`, disabled: t`Disabled` }[member.status];
  return (
    <tr data-status={member.status}>
      <th scope="row">
        <span className="table__who">
          <Avatar name={member.name || (member.email ?? "")} />
          <span className="table__words">
            <span className="truncate">
              {member.name || member.email}
              {member.id === me.id && <span className="muted"> {t`(you)`}</span>}
            </span>
            {member.name !== "" && <span className="muted small truncate">{member.email}</span>}
          </span>
        </span>
      </th>
      <td data-label={t`Role`}>{roleName(member.role)}</td>
      <td data-label={t`Status`}>
        <span className="badge" data-tone={TONES[member.status]}>
          {status}
        </span>
      </td>
      <td data-label={t`Since`}>{i18n.date(member.created_at, { dateStyle: "medium" })}</td>
      <td className="table__act">
        <RowMenu me={me} member={member} onTask={onTask} />
      </td>
    </tr>
  );
}

function RowMenu({ me, member, onTask }: RowProps) {
  const { t } = useLingui();
  const roleName = useRoleName();
  const name = member.name || (member.email ?? "");
  const beyond = member.role === "owner" && me.role !== "owner";
  if (member.id === me.id || beyond) return null;
  return (
    <Menu
      label={t`Actions for ${name}`}
      placement="bottom end"
      trigger={<IconButton label={t`Actions for ${name}`} icon={<Ellipsis size={20} aria-hidden="true" />} />}
    >
      {rolesToGive(me.role)
        .filter((role) => role !== member.role)
        .map((role) => (
          <MenuItem key={role} id={role} onAction={() => onTask({ kind: "role", member, role })}>
            {t`Make ${roleName(role)}`}
          </MenuItem>
        ))}
      {member.status !== "disabled" && (
        <MenuItem
          id="link"
          hint={t`A link that you hand over yourself`}
          onAction={() => onTask({ kind: "reset", member })}
        >
          {member.status === "invited" ? t`New invitation link…` : t`Link to set a new password…`}
        </MenuItem>
      )}
      <MenuLine />
      {member.status === "disabled" ? (
        <MenuItem id="enable" onAction={() => onTask({ kind: "enable", member })}>{t`Enable`}</MenuItem>
      ) : (
        <MenuItem id="disable" onAction={() => onTask({ kind: "disable", member })}>{t`Disable…`}</MenuItem>
      )}
      <MenuItem
        id="delete"
        tone="danger"
        onAction={() => onTask({ kind: "delete", member })}
      >{t`Delete…`}</MenuItem>
    </Menu>
  );
}
