import { useLingui } from "@lingui/react/macro";
import type { ChatMessage } from "../../api/signalling.ts";
import { grouped } from "../../call/chat.ts";
import { linkify } from "../../call/links.ts";
import type { OutgoingLine } from "../../call/outbox.ts";
import { useRefusalWords } from "./words.ts";

interface ChatLinesProps {
  readonly messages: readonly ChatMessage[];
  readonly outbox: readonly OutgoingLine[];
  readonly you: string;
}

/** The lines, by day and sender; what is not sent yet stands at the end. */
export function ChatLines({ messages, outbox, you }: ChatLinesProps) {
  const { t, i18n } = useLingui();
  const refusals = useRefusalWords();
  const time = (at: string): string => i18n.date(new Date(at), { hour: "numeric", minute: "2-digit" });
  const head = (line: ChatMessage): string => {
    const sender = line.sender === you ? t`Me` : line.sender_name;
    if (!line.to) return sender;
    const receiver = line.to === you ? t`me` : (line.to_name ?? "");
    return t`${sender} to ${receiver} (private)`;
  };
  return (
    <>
      {grouped(messages).map((group) => (
        <div key={group.key} className="chat__group" data-mine={group.head.sender === you || undefined}>
          {group.newDay && (
            <p className="chat__day">{i18n.date(new Date(group.head.sent_at), { dateStyle: "full" })}</p>
          )}
          <p className="chat__head" data-private={Boolean(group.head.to) || undefined}>
            <bdi className="truncate">{head(group.head)}</bdi>
            <time dateTime={group.head.sent_at}>{time(group.head.sent_at)}</time>
          </p>
          {group.lines.map((line) => (
            <p key={line.id} className="chat__line" dir="auto">
              <ChatText text={line.text} />
            </p>
          ))}
        </div>
      ))}
      {outbox.map((line) => (
        <div key={line.key} className="chat__group" data-mine="">
          <p className="chat__line" data-pending="" dir="auto">
            {line.text}
          </p>
          <p className="chat__head">{line.refused === null ? t`Sending…` : refusals(line.refused)}</p>
        </div>
      ))}
    </>
  );
}

function ChatText({ text }: { readonly text: string }) {
  return linkify(text).map((piece, index) =>
    piece.type === "link" ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line never move
      <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
        {piece.text}
      </a>
    ) : (
      piece.text
    ),
  );
}
