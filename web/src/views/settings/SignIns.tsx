import { useLingui } from "@lingui/react/macro";
import { MonitorSmartphone } from "lucide-react";
import { api } from "../../api/http.ts";
import type { Page, SignIn } from "../../api/types.ts";
import { useAction } from "../../shell/useAction.ts";
import { useResource } from "../../shell/useResource.ts";
import { Button } from "../../ui/Button.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { Note } from "../../ui/Note.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";

/** Browsers that are signed in to the account, each with a way to end it. */
export function SignIns() {
  const { t } = useLingui();
  const { resource, reload } = useResource("sign-ins", (signal) =>
    api.get<Page<SignIn>>("/sessions", { signal }),
  );
  const end = useAction(async (id: string) => {
    await api.delete(`/sessions/${encodeURIComponent(id)}`);
    await reload();
  });
  if (resource.state === "loading") return <SkeletonRows rows={2} />;
  if (resource.state === "error") {
    return (
      <ErrorPanel
        error={resource.error}
        title={t`Your sign-ins could not be loaded`}
        onRetry={reload}
        level={3}
      />
    );
  }
  return (
    <>
      <ul className="rows">
        {resource.value.items.map((signIn) => (
          <Row key={signIn.id} signIn={signIn} pending={end.pending} onEnd={() => void end.run(signIn.id)} />
        ))}
      </ul>
      {end.error !== null && <Note tone="danger">{end.error}</Note>}
    </>
  );
}

interface RowProps {
  readonly signIn: SignIn;
  readonly pending: boolean;
  readonly onEnd: () => void;
}

function Row({ signIn, pending, onEnd }: RowProps) {
  const { t, i18n } = useLingui();
  const seen = i18n.date(signIn.last_seen_at, { dateStyle: "medium", timeStyle: "short" });
  return (
    <li className="rows__row">
      <MonitorSmartphone size={20} aria-hidden="true" />
      <span className="rows__words">
        <span>{signIn.client}</span>
        <span className="muted small">{signIn.current ? t`This browser` : t`Last used ${seen}`}</span>
      </span>
      {!signIn.current && (
        <Button size="small" isDisabled={pending} onPress={onEnd}>
          {t`Sign out`}
        </Button>
      )}
    </li>
  );
}
