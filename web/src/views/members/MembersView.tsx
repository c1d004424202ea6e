import { useLingui } from "@lingui/react/macro";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import type { Me, Member, OneTimeLink } from "../../api/types.ts";
import { Page } from "../../shell/Page.tsx";
import { loadSession, useSession } from "../../shell/session.ts";
import { usePages } from "../../shell/usePages.ts";
import { Button } from "../../ui/Button.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { LinkDialog } from "../../ui/LinkDialog.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { InviteDialog } from "./InviteDialog.tsx";
import { MemberDialogs, type MemberTask } from "./MemberDialogs.tsx";
import { MemberTable } from "./MemberTable.tsx";

/** The people of the organisation; for administrators. */
export default function MembersView() {
  const { t } = useLingui();
  const session = useSession();
  if (session.state === "error") {
    return (
      <ErrorPanel
        error={session.error}
        title={t`The members could not be loaded`}
        onRetry={() => void loadSession()}
        level={1}
      />
    );
  }
  return session.state === "signed-in" ? <Members me={session.me} /> : null;
}

/** A link to hand over, and to whom. */
export interface HandedLink extends OneTimeLink {
  readonly kind: "invitation" | "reset";
  readonly member: Member;
}

function Members({ me }: { readonly me: Me }) {
  const { t } = useLingui();
  const { resource, reload, hasMore, more } = usePages<Member>("/members");
  const [inviting, setInviting] = useState(false);
  const [handed, setHanded] = useState<HandedLink | null>(null);
  const [task, setTask] = useState<MemberTask | null>(null);
  return (
    <Page
      title={t`Members`}
      actions={
        <Button
          variant="primary"
          icon={<UserPlus size={20} aria-hidden="true" />}
          onPress={() => setInviting(true)}
        >
          {t`Invite`}
        </Button>
      }
    >
      {resource.state === "loading" && <SkeletonRows rows={6} />}
      {resource.state === "error" && (
        <ErrorPanel error={resource.error} title={t`The members could not be loaded`} onRetry={reload} />
      )}
      {resource.state === "ready" && (
        <>
          <MemberTable me={me} members={resource.value} onTask={setTask} />
          {resource.value.length === 1 && (
            <p className="muted">{t`You are the only one here. Invite people: you get a link for each to hand over.`}</p>
          )}
          {hasMore && (
            <Button wide onPress={more}>
              {t`Show more`}
            </Button>
          )}
        </>
      )}
      {inviting && (
        <InviteDialog
          me={me}
          onClose={() => setInviting(false)}
          onInvited={(link) => {
            setInviting(false);
            setHanded(link);
            void reload();
          }}
        />
      )}
      {handed !== null && <Handed link={handed} onClose={() => setHanded(null)} />}
      <MemberDialogs
        me={me}
        task={task}
        onClose={() => setTask(null)}
        onChanged={reload}
        onLink={setHanded}
      />
    </Page>
  );
}

function Handed({ link, onClose }: { readonly link: HandedLink; readonly onClose: () => void }) {
  const { t } = useLingui();
  const name = link.member.name || (link.member.email ?? "");
  return (
    <LinkDialog
      title={link.kind === "invitation" ? t`Invitation for ${name}` : t`New password for ${name}`}
      name={name}
      link={link}
      onClose={onClose}
    />
  );
}
