import { useLingui } from "@lingui/react/macro";
import { Link2Off } from "lucide-react";
import { useState } from "react";
import { ApiError, api } from "../../api/http.ts";
import type { Enrolment } from "../../api/types.ts";
import { useDocumentTitle } from "../../shell/Page.tsx";
import { useResource } from "../../shell/useResource.ts";
import { ButtonLink } from "../../ui/Button.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";
import "../signin/signin.css";
import { EnrolForm } from "./EnrolForm.tsx";
import { takeToken } from "./token.ts";

/** What a one-time link opens: set a password or passkey, and be signed in. */
export default function EnrolView() {
  const { t } = useLingui();
  const [token] = useState(takeToken);
  useDocumentTitle(t`Set up your account`);
  if (token === null) return <UsedUp />;
  return <WithToken token={token} />;
}

function WithToken({ token }: { readonly token: string }) {
  const { t } = useLingui();
  const { resource, reload } = useResource("enrolment", (signal) =>
    api.post<Enrolment>("/enrolments/look", { token }, { signal }),
  );
  if (resource.state === "loading") {
    return (
      <div className="entry">
        <SkeletonRows rows={3} />
      </div>
    );
  }
  if (resource.state === "ready") return <EnrolForm token={token} enrolment={resource.value} />;
  const { error } = resource;
  if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429)
    return <UsedUp />;
  return <ErrorPanel error={error} title={t`The link could not be checked`} onRetry={reload} level={1} />;
}

function UsedUp() {
  const { t } = useLingui();
  return (
    <StatePanel
      icon={<Link2Off size={40} />}
      title={t`This link does not work any more`}
      tone="warning"
      level={1}
      actions={<ButtonLink href="/sign-in">{t`Sign in`}</ButtonLink>}
    >
      {t`It was used already, or its time is up. If you have set up your account, sign in; otherwise ask whoever sent it for a new one.`}
    </StatePanel>
  );
}
