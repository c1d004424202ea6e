import { useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { type Invitation, parseInvitation, takePasscode } from "../../call/entry.ts";
import { canMeet, inAppBrowser } from "../../call/environment.ts";
import { BareFrame } from "../../shell/Frame.tsx";
import { useDocumentTitle } from "../../shell/Page.tsx";
import type { ViewProps } from "../../shell/routes.ts";
import { DeviceCheck } from "./DeviceCheck.tsx";
import { EnterInvitation } from "./EnterInvitation.tsx";
import "./join.css";
import { OpenElsewhere } from "./OpenElsewhere.tsx";

/** The way in: a number or link first, unless a full link was opened; then the device check, and one click. */
export default function JoinView({ parameters }: ViewProps) {
  const { t } = useLingui();
  useDocumentTitle(t`Join a meeting`);
  const [stayed, setStayed] = useState(false);
  useEffect(() => {
    // The meeting's own screen is fetched while the person looks at themselves.
    void import("../meeting/MeetingView.tsx");
  }, []);
  const app = inAppBrowser(navigator.userAgent);
  const elsewhere = !canMeet() || (app !== null && !stayed);
  return (
    <BareFrame>
      {elsewhere ? (
        <OpenElsewhere app={app} onStay={canMeet() ? () => setStayed(true) : undefined} />
      ) : (
        <Join link={parameters["link"]} />
      )}
    </BareFrame>
  );
}

/** Takes the passcode out of the address only here: a browser that the page is handed on to needs it there. */
function Join({ link }: { readonly link: string | undefined }) {
  // Other pages hand a number on in the query.
  const [typed, setTyped] = useState<Invitation | null>(() =>
    parseInvitation(new URLSearchParams(location.search).get("meeting") ?? ""),
  );
  const [opened] = useState<Invitation | null>(() =>
    link === undefined ? null : { meeting: link, passcode: takePasscode(link, location, history) },
  );
  const invitation = opened ?? typed;
  if (invitation === null) return <EnterInvitation onEnter={setTyped} />;
  return <DeviceCheck invitation={invitation} {...(opened === null && { onBack: () => setTyped(null) })} />;
}
