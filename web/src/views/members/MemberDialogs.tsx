import { useLingui } from "@lingui/react/macro";
import { useEffect } from "react";
import { api } from "../../api/http.ts";
import type { Me, Member, MemberRole, OneTimeLink } from "../../api/types.ts";
import { useAction } from "../../shell/useAction.ts";
import { ConfirmDialog } from "../../ui/Dialog.tsx";
import { Note } from "../../ui/Note.tsx";
import { toasts } from "../../ui/toasts.ts";
import type { HandedLink } from "./MembersView.tsx";
import { useRoleName } from "./roles.ts";

/** What an administrator is about to do to a member. */
export type MemberTask =
  | { readonly kind: "role"; readonly member: Member; readonly role: MemberRole }
  | { readonly kind: "reset" | "enable" | "disable" | "delete"; readonly member: Member };

interface MemberDialogsProps {
  readonly me: Me;
  readonly task: MemberTask | null;
  readonly onClose: () => void;
  readonly onChanged: () => Promise<void>;
  readonly onLink: (link: HandedLink) => void;
}

/** Asks before each act, and says what it does to the person. */
export function MemberDialogs({ task, onClose, onChanged, onLink }: MemberDialogsProps) {
  const { t } = useLingui();
  const roleName = useRoleName();
  const act = useAction(async (wanted: MemberTask) => {
    const path = `/members/${encodeURIComponent(wanted.member.id)}`;
    if (wanted.kind === "reset") {
      const link = await api.post<OneTimeLink>(`${path}/reset`);
      onClose();
      onLink({
        link: link.link,
        expires_at: link.expires_at,
        kind: wanted.member.status === "invited" ? "invitation" : "reset",
        member: wanted.member,
      });
      return;
    }
    if (wanted.kind === "delete") await api.delete(path);
    else await api.patch<Member>(path, changeOf(wanted));
    onClose();
    toasts.show(t`Saved`, { tone: "success" });
    await onChanged();
  });
  const { clear } = act;
  useEffect(() => {
    if (task === null) clear();
  }, [task, clear]);
  if (task === null) return null;
  const name = task.member.name || (task.member.email ?? "");
  const words = {
    role: {
      title: t`Change the role of ${name}?`,
      text: task.kind === "role" ? t`${name} will be: ${roleName(task.role)}. It takes effect at once.` : "",
      action: t`Change role`,
    },
    reset: {
      title: t`Make a new link for ${name}?`,
      text: t`Links made before stop working. You get a link that you hand over yourself; whoever opens it signs in as ${name}.`,
      action: t`Make link`,
    },
    enable: { title: t`Enable ${name}?`, text: t`${name} can sign in again.`, action: t`Enable` },
    disable: {
      title: t`Disable ${name}?`,
      text: t`${name} is signed out everywhere and cannot sign in until you enable the account. Meetings and links are kept.`,
      action: t`Disable`,
    },
    delete: {
      title: t`Delete ${name}?`,
      text: t`The account is erased: name, email and every way to sign in. Meetings that ${name} has planned stay, but have no host any more. This cannot be undone.`,
      action: t`Delete member`,
    },
  }[task.kind];
  return (
    <ConfirmDialog
      title={words.title}
      isOpen
      onClose={onClose}
      action={words.action}
      tone={task.kind === "delete" || task.kind === "disable" ? "danger" : "primary"}
      onConfirm={() => act.run(task)}
      {...(task.kind === "delete" ? { typeToConfirm: name } : {})}
    >
      <p>{words.text}</p>
      {act.error !== null && <Note tone="danger">{act.error}</Note>}
    </ConfirmDialog>
  );
}

function changeOf(
  task: Exclude<MemberTask, { kind: "delete" | "reset" }>,
): Partial<Pick<Member, "role" | "status">> {
  if (task.kind === "role") return { role: task.role };
  return { status: task.kind === "enable" ? "active" : "disabled" };
}
