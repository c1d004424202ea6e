import { useLingui } from "@lingui/react/macro";
import { Skeleton } from "../../ui/Skeleton.tsx";

/** The meeting's outline while the server is asked. */
export function JoiningView() {
  const { t } = useLingui();
  return (
    <main className="meeting" aria-label={t`Joining the meeting`} aria-busy="true">
      <div className="meeting__top" />
      <div className="meeting__joining">
        <Skeleton shape="block" width="min(70%, 640px)" height="min(50dvh, 360px)" />
        <p role="status">{t`Joining…`}</p>
      </div>
      <div className="toolbar" />
    </main>
  );
}
