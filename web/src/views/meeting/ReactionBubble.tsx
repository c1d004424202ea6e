import type { React as ReactMessage } from "../../api/signalling.ts";
import type { Reaction } from "../../call/view.ts";

/** The six reactions, as everybody's fonts draw them. */
export const REACTIONS: Readonly<Record<ReactMessage["reaction"], string>> = {
  clap: "👏",
  thumbs_up: "👍",
  heart: "❤️",
  joy: "😂",
  surprise: "😮",
  party: "🎉",
};

/** What somebody reacted with, on their tile for a few seconds. */
export function ReactionBubble({ reactions }: { readonly reactions: readonly Reaction[] }) {
  const last = reactions.at(-1);
  if (last === undefined) return null;
  return (
    <span key={last.key} className="tile__reaction" aria-hidden="true">
      {REACTIONS[last.reaction as ReactMessage["reaction"]] ?? ""}
    </span>
  );
}
