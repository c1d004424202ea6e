import { lazy, Suspense, useEffect, useRef } from "react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { isPhone } from "../../call/environment.ts";
import { useLocal } from "../../call/hooks.ts";
import type { CallView } from "../../call/view.ts";
import { keepAwake } from "../../call/wake.ts";
import { Bars } from "./Bars.tsx";
import { ChatPanel } from "./ChatPanel.tsx";
import { ParticipantsPanel } from "./ParticipantsPanel.tsx";
import { RemoveDialog } from "./RemoveDialog.tsx";
import { StageView } from "./StageView.tsx";
import { Toolbar } from "./Toolbar.tsx";
import { TopBar } from "./TopBar.tsx";
import { useFocus } from "./useFocus.ts";
import { useIdle } from "./useIdle.ts";
import { useMutedHint } from "./useMutedHint.ts";
import { useNotices } from "./useNotices.ts";
import { useScreen } from "./useScreen.ts";
import { useShortcuts } from "./useShortcuts.ts";
import { useUnread } from "./useUnread.ts";

const StatisticsDialog = lazy(() => import("./StatisticsDialog.tsx"));
const ShortcutsDialog = lazy(() => import("./ShortcutsDialog.tsx"));
const InviteDialog = lazy(() => import("./InviteDialog.tsx"));

interface MeetingProps {
  readonly call: Call;
  readonly view: CallView;
  readonly meeting: State;
}

/** The meeting's screen: bar, stage, toolbar, and the panels beside the stage. */
export function Meeting({ call, view, meeting }: MeetingProps) {
  const screen = useScreen();
  const local = useLocal(call);
  const frame = useRef<HTMLElement>(null);
  const idle = useIdle(frame);
  const unread = useUnread(meeting, screen.panel === "chat");
  useNotices(call, meeting, screen);
  useShortcuts(call, screen);
  useMutedHint(call);
  useFocus(frame, screen);
  useEffect(() => (isPhone() ? keepAwake(document, navigator.wakeLock) : undefined), []);
  useDarkPage();
  const close = (): void => screen.set({ dialog: null });

  return (
    <main
      ref={frame}
      tabIndex={-1}
      aria-label={meeting.meeting.title}
      className="meeting"
      data-idle={idle || undefined}
      data-panel={screen.panel ?? undefined}
      data-away={view.media === "interrupted" || !view.connected || undefined}
      data-sharing={local.screen.track !== null || undefined}
    >
      <TopBar call={call} meeting={meeting} screen={screen} />
      <Bars call={call} view={view} />
      <div className="meeting__middle">
        <StageView call={call} view={view} meeting={meeting} screen={screen} />
        {screen.panel === "participants" && (
          <ParticipantsPanel call={call} view={view} meeting={meeting} screen={screen} />
        )}
        {screen.panel === "chat" && <ChatPanel call={call} view={view} meeting={meeting} screen={screen} />}
      </div>
      <Toolbar call={call} view={view} meeting={meeting} screen={screen} unread={unread} />
      <RemoveDialog call={call} meeting={meeting} screen={screen} />
      <Suspense fallback={null}>
        {screen.dialog === "statistics" && <StatisticsDialog call={call} meeting={meeting} onClose={close} />}
        {screen.dialog === "shortcuts" && <ShortcutsDialog onClose={close} />}
        {screen.dialog === "invite" && <InviteDialog meeting={meeting.meeting} onClose={close} />}
      </Suspense>
    </main>
  );
}

/** Menus and dialogs stand outside the meeting's element; they are dark like it. */
function useDarkPage(): void {
  useEffect(() => {
    const { dataset } = document.documentElement;
    dataset["inMeeting"] = "";
    return () => {
      delete dataset["inMeeting"];
    };
  }, []);
}
