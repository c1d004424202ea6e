import { useLingui } from "@lingui/react/macro";
import { WifiOff } from "lucide-react";
import { useSyncExternalStore } from "react";

function subscribe(listener: () => void): () => void {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}

/** Says that there is no network, as long as there is none. */
export function OfflineBar() {
  const { t } = useLingui();
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  return (
    <div role="status">
      {!online && (
        <div className="frame__bar">
          <WifiOff size={16} aria-hidden="true" />
          {t`You are offline. What you see may be out of date.`}
        </div>
      )}
    </div>
  );
}
