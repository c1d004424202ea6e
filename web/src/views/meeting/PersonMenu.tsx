import { useLingui } from "@lingui/react/macro";
import {
  Crown,
  Hand,
  MessageSquare,
  Mic,
  MicOff,
  Pencil,
  Pin,
  PinOff,
  Presentation,
  ShieldCheck,
  ShieldMinus,
  UserX,
} from "lucide-react";
import { type ReactElement, useState } from "react";
import type { Participant, State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { isOn, mayHost, me } from "../../call/state.ts";
import { ConfirmDialog } from "../../ui/Dialog.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/Menu.tsx";
import { RenameDialog } from "./RenameDialog.tsx";
import type { ScreenControl } from "./useScreen.ts";

interface PersonMenuProps {
  readonly person: Participant;
  readonly call: Call;
  readonly meeting: State;
  readonly screen: ScreenControl;
  readonly trigger: ReactElement;
}

/** What one may do with a person: for oneself (pin, write), and for hosts. */
export function PersonMenu({ person, call, meeting, screen, trigger }: PersonMenuProps) {
  const { t } = useLingui();
  const [asked, setAsked] = useState<"rename" | "host" | null>(null);
  const close = (): void => setAsked(null);
  const self = person.id === meeting.you;
  const host = mayHost(meeting);
  const owner = me(meeting)?.role === "host";
  const speaks = isOn(person, "microphone");
  const pinned = screen.pinned === person.id;
  const spotlit = meeting.meeting.spotlight === person.id;
  const participant = person.id;
  return (
    <>
      <Menu trigger={trigger} label={t`What to do with ${person.name}`}>
        {!self && host && speaks && (
          <MenuItem
            icon={<MicOff size={16} />}
            onAction={() => call.act({ type: "mute", participant })}
          >{t`Mute`}</MenuItem>
        )}
        {!self && host && !speaks && (
          <MenuItem
            icon={<Mic size={16} />}
            onAction={() => call.act({ type: "ask_to_unmute", participant })}
          >
            {t`Ask to unmute`}
          </MenuItem>
        )}
        {!self && meeting.meeting.chat !== "off" && (
          <MenuItem
            icon={<MessageSquare size={16} />}
            onAction={() => screen.set({ panel: "chat", chatTo: participant })}
          >
            {t`Private chat`}
          </MenuItem>
        )}
        <MenuItem
          icon={pinned ? <PinOff size={16} /> : <Pin size={16} />}
          onAction={() => screen.set({ pinned: pinned ? null : participant })}
        >
          {pinned ? t`Remove pin` : t`Pin`}
        </MenuItem>
        {host && (
          <MenuItem
            icon={<Presentation size={16} />}
            onAction={() => call.change({ spotlight: spotlit ? "" : participant })}
          >
            {spotlit ? t`Remove spotlight` : t`Spotlight for everyone`}
          </MenuItem>
        )}
        {host && person.hand_raised_at && (
          <MenuItem
            icon={<Hand size={16} />}
            onAction={() => call.act({ type: "raise_hand", raised: false, participant })}
          >
            {t`Lower hand`}
          </MenuItem>
        )}
        {(self || host) && (
          <MenuItem icon={<Pencil size={16} />} onAction={() => setAsked("rename")}>
            {t`Rename`}
          </MenuItem>
        )}
        {!self && owner && (
          <MenuItem icon={<Crown size={16} />} onAction={() => setAsked("host")}>
            {t`Make host`}
          </MenuItem>
        )}
        {!self && owner && (
          <MenuItem
            icon={person.role === "cohost" ? <ShieldMinus size={16} /> : <ShieldCheck size={16} />}
            onAction={() =>
              call.act({
                type: "set_role",
                participant,
                role: person.role === "cohost" ? "attendee" : "cohost",
              })
            }
          >
            {person.role === "cohost" ? t`Withdraw co-host` : t`Make co-host`}
          </MenuItem>
        )}
        {!self && host && person.role !== "host" && (
          <>
            <MenuLine />
            <MenuItem
              icon={<UserX size={16} />}
              tone="danger"
              onAction={() => screen.set({ removing: participant })}
            >
              {t`Remove`}
            </MenuItem>
          </>
        )}
      </Menu>
      <RenameDialog isOpen={asked === "rename"} onClose={close} person={person} call={call} />
      <ConfirmDialog
        isOpen={asked === "host"}
        onClose={close}
        title={t`Make ${person.name} the host?`}
        action={t`Make host`}
        tone="primary"
        onConfirm={async () => {
          call.act({ type: "set_role", participant, role: "host" });
          close();
        }}
      >
        <p>{t`You hand the meeting over and stay as a co-host.`}</p>
      </ConfirmDialog>
    </>
  );
}
