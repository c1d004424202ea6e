import { useLingui } from "@lingui/react/macro";
import { useEffect } from "react";
import { readSession, takeTicket } from "../../call/entry.ts";
import { useCallView, useTheCall } from "../../call/hooks.ts";
import { go } from "../../shell/navigation.ts";
import { useDocumentTitle } from "../../shell/Page.tsx";
import { LobbyView } from "../lobby/LobbyView.tsx";
import { EndedView } from "./EndedView.tsx";
import { JoiningView } from "./JoiningView.tsx";
import { Meeting } from "./Meeting.tsx";
import "./meeting.css";

/** The meeting of this tab, whichever way one came: from the device check, with a ticket, or by a reload. */
export default function MeetingView() {
  const { t } = useLingui();
  const call = useTheCall();
  const view = useCallView(call);
  useDocumentTitle(view.title === "" ? t`Meeting` : view.title);

  useEffect(() => {
    if (call.getSnapshot().phase !== "idle") return;
    const ticket = takeTicket();
    if (ticket !== null) {
      void call.local.begin(ticket.audio, ticket.video).then(() => call.prepare());
      call.join(async () => ticket.ticket).catch(call.giveUp);
      return;
    }
    const session = readSession();
    if (session === null) {
      go("/join", { replace: true });
      return;
    }
    void call.local.begin(session.audio, session.video).then(() => call.prepare());
    call.comeBack(session).catch(call.giveUp);
  }, [call]);

  switch (view.phase) {
    case "idle":
    case "joining":
      return <JoiningView />;
    case "lobby":
      return <LobbyView call={call} title={view.title} />;
    case "joined":
      return view.meeting === null ? (
        <JoiningView />
      ) : (
        <Meeting call={call} view={view} meeting={view.meeting} />
      );
    case "over":
      return <EndedView ending={view.ending} title={view.title} />;
  }
}
