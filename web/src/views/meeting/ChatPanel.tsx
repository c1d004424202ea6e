import { useLingui } from "@lingui/react/macro";
import { MessageSquare, X } from "lucide-react";
import { useEffect, useLayoutEffect, useRef } from "react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { chatPartners } from "../../call/chat.ts";
import type { CallView } from "../../call/view.ts";
import { IconButton } from "../../ui/Button.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";
import { ChatLines } from "./ChatLines.tsx";
import { Composer } from "./Composer.tsx";
import type { ScreenControl } from "./useScreen.ts";
import "./panel.css";
import "./chat.css";

interface ChatPanelProps {
  readonly call: Call;
  readonly view: CallView;
  readonly meeting: State;
  readonly screen: ScreenControl;
}

/** What people write, to everyone or to one. */
export function ChatPanel({ call, view, meeting, screen }: ChatPanelProps) {
  const { t } = useLingui();
  const { messages } = meeting;
  const body = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const lines = messages.length + view.outbox.length;
  // Who reads further up is not torn away by a new line.
  useLayoutEffect(() => {
    if (lines > 0 && atEnd.current) body.current?.scrollTo({ top: body.current.scrollHeight });
  }, [lines]);
  useEffect(() => {
    body.current?.parentElement?.querySelector<HTMLElement>("textarea")?.focus();
  }, []);
  const partners = chatPartners(meeting);
  return (
    <aside className="panel" aria-label={t`Chat`}>
      <div className="panel__head">
        <h2>{t`Chat`}</h2>
        <IconButton
          label={t`Close`}
          size="small"
          icon={<X size={20} aria-hidden="true" />}
          onPress={() => screen.set({ panel: null })}
        />
      </div>
      <div
        ref={body}
        className="panel__body chat"
        role="log"
        aria-label={t`Messages`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
        tabIndex={0}
        onScroll={({ currentTarget: list }) => {
          atEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
        }}
      >
        {lines === 0 ? (
          <StatePanel level={3} icon={<MessageSquare size={40} />} title={t`No messages yet`}>
            <p>{t`What you write to everyone, everyone in the meeting can read.`}</p>
          </StatePanel>
        ) : (
          <ChatLines messages={messages} outbox={view.outbox} you={meeting.you} />
        )}
      </div>
      <Composer
        partners={partners}
        to={screen.chatTo}
        onTo={(chatTo) => screen.set({ chatTo })}
        restricted={meeting.meeting.chat ?? "everyone"}
        onSend={(text, to) => {
          atEnd.current = true;
          call.say(text, to);
        }}
      />
    </aside>
  );
}
