import { useEffect, useState } from "react";
import type { State } from "../../api/signalling.ts";

/** How many lines of others came since the chat was last looked at. */
export function useUnread(meeting: State, open: boolean): number {
  const { messages, you } = meeting;
  const last = messages.at(-1)?.id ?? "";
  // What was said before one came is history, not news.
  const [seen, setSeen] = useState(last);
  useEffect(() => {
    if (open) setSeen(last);
  }, [open, last]);
  if (open) return 0;
  const from = messages.findIndex((line) => line.id === seen) + 1;
  return messages.slice(from).filter((line) => line.sender !== you).length;
}
