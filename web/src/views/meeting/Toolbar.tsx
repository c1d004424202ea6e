import { plural } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { Hand, MessageSquare, Mic, MicOff, MonitorUp, MonitorX, Users, Video, VideoOff } from "lucide-react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { canShareScreen } from "../../call/environment.ts";
import { useLocal } from "../../call/hooks.ts";
import { me } from "../../call/state.ts";
import type { CallView } from "../../call/view.ts";
import { CameraMenu, MicrophoneMenu } from "./DeviceMenus.tsx";
import { LeaveButton } from "./LeaveButton.tsx";
import { MoreMenu } from "./MoreMenu.tsx";
import { ReactionsButton } from "./ReactionsButton.tsx";
import { shortcutKeys } from "./shortcuts.ts";
import { ToolbarButton } from "./ToolbarButton.tsx";
import type { ScreenControl } from "./useScreen.ts";
import "./toolbar.css";

interface ToolbarProps {
  readonly call: Call;
  readonly view: CallView;
  readonly meeting: State;
  readonly screen: ScreenControl;
  readonly unread: number;
}

/** The row of acts, in the order people know. */
export function Toolbar({ call, meeting, screen, unread }: ToolbarProps) {
  const { t } = useLingui();
  const { microphone, camera, screen: share } = useLocal(call);
  const raised = Boolean(me(meeting)?.hand_raised_at);
  const waiting = meeting.waiting.length;
  const people = meeting.participants.length;
  const icon = { size: 20, "aria-hidden": true } as const;
  return (
    <section className="toolbar" aria-label={t`Meeting controls`}>
      <div className="toolbar__group">
        <div className="toolbar__split">
          <ToolbarButton
            label={microphone.on ? t`Mute` : t`Unmute`}
            keys={shortcutKeys("microphone")}
            icon={microphone.on ? <Mic {...icon} /> : <MicOff {...icon} />}
            tone={microphone.on ? "plain" : "off"}
            {...(microphone.problem !== null && { alert: t`The microphone does not work.` })}
            onPress={() => call.local.setMicrophone(!microphone.on)}
          />
          <MicrophoneMenu call={call} />
        </div>
        <div className="toolbar__split">
          <ToolbarButton
            label={camera.on ? t`Stop video` : t`Start video`}
            keys={shortcutKeys("camera")}
            icon={camera.on ? <Video {...icon} /> : <VideoOff {...icon} />}
            tone={camera.on ? "plain" : "off"}
            {...(camera.problem !== null && { alert: t`The camera does not work.` })}
            onPress={() => call.local.setCamera(!camera.on)}
          />
          <CameraMenu call={call} />
        </div>
      </div>
      <div className="toolbar__group toolbar__middle">
        <ToolbarButton
          label={t`Participants`}
          keys={shortcutKeys("participants")}
          icon={<Users {...icon} />}
          badge={people}
          panel="participants"
          isPressed={screen.panel === "participants"}
          alert={
            waiting === 0
              ? undefined
              : plural(waiting, {
                  one: "# person is waiting in the lobby.",
                  other: "# people are waiting in the lobby.",
                })
          }
          description={plural(people, { one: "# participant", other: "# participants" })}
          onPress={() => screen.togglePanel("participants")}
        />
        <ToolbarButton
          label={t`Chat`}
          keys={shortcutKeys("chat")}
          icon={<MessageSquare {...icon} />}
          panel="chat"
          isPressed={screen.panel === "chat"}
          {...(unread > 0 && {
            news: unread,
            description: plural(unread, { one: "# unread message", other: "# unread messages" }),
          })}
          onPress={() => screen.togglePanel("chat")}
        />
        {canShareScreen() && (
          <ToolbarButton
            label={share.on ? t`Stop sharing` : t`Share screen`}
            keys={shortcutKeys("share")}
            icon={share.on ? <MonitorX {...icon} /> : <MonitorUp {...icon} />}
            tone={share.on ? "danger" : "accent"}
            onPress={() => call.local.setScreen(!share.on)}
          />
        )}
        <ReactionsButton call={call} raised={raised} />
        <ToolbarButton
          label={raised ? t`Lower hand` : t`Raise hand`}
          keys={shortcutKeys("hand")}
          icon={<Hand {...icon} />}
          tone={raised ? "accent" : "plain"}
          wideOnly
          onPress={() => call.act({ type: "raise_hand", raised: !raised })}
        />
        <MoreMenu call={call} meeting={meeting} screen={screen} />
      </div>
      <div className="toolbar__group toolbar__end">
        <LeaveButton call={call} meeting={meeting} />
      </div>
    </section>
  );
}
