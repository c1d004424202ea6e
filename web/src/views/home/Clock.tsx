import { useLingui } from "@lingui/react/macro";
import { useNow } from "../../shell/useNow.ts";
import { dayName } from "../meetings/times.ts";

/** Time and date, as large as a wall clock. */
export function Clock() {
  const { i18n } = useLingui();
  const now = useNow();
  return (
    <time className="clock" dateTime={now.toISOString()}>
      <span className="clock__time">{i18n.date(now, { hour: "numeric", minute: "2-digit" })}</span>
      <span className="clock__date">{dayName(i18n, now, now)}</span>
    </time>
  );
}
