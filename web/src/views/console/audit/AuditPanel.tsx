import { useLingui } from "@lingui/react/macro";
import { ScrollText } from "lucide-react";
import type { AuditEntry } from "../../../api/types.ts";
import { usePages } from "../../../shell/usePages.ts";
import { Button } from "../../../ui/Button.tsx";
import { ErrorPanel } from "../../../ui/ErrorPanel.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import { StatePanel } from "../../../ui/StatePanel.tsx";
import "../../../ui/Table.css";
import { useMarketWords } from "../useMarketWords.ts";

/** Everything that was done to one's organisation, by whom, the newest first. */
export function AuditPanel() {
  const { t } = useLingui();
  const words = useMarketWords();
  const { resource, reload, hasMore, more } = usePages<AuditEntry>("/audit");
  if (resource.state === "loading") return <SkeletonRows rows={8} />;
  if (resource.state === "error") {
    return (
      <ErrorPanel
        error={resource.error}
        title={t`The audit log could not be loaded`}
        onRetry={() => void reload()}
      />
    );
  }
  if (resource.value.length === 0) {
    return <StatePanel icon={<ScrollText size={40} />} title={t`Nothing has been done yet`} />;
  }
  return (
    <div className="split__list">
      <table className="table rules">
        <thead>
          <tr>
            <th scope="col">{t`Act`}</th>
            <th scope="col">{t`Time`}</th>
            <th scope="col">{t`By`}</th>
            <th scope="col">{t`To`}</th>
            <th scope="col">{t`Details`}</th>
          </tr>
        </thead>
        <tbody>
          {resource.value.map((entry) => (
            <tr key={entry.id}>
              <th scope="row">
                <code>{entry.action}</code>
              </th>
              <td data-label={t`Time`}>{words.moment(entry.at)}</td>
              <td data-label={t`By`} className="console__id">
                {entry.actor}
              </td>
              <td data-label={t`To`} className="console__id">
                {entry.subject}
              </td>
              <td data-label={t`Details`} className="console__id">
                {Object.entries(entry.detail)
                  .map(
                    ([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
                  )
                  .join(", ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hasMore && (
        <Button wide onPress={more}>
          {t`Show more`}
        </Button>
      )}
    </div>
  );
}
