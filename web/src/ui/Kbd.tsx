import "./Kbd.css";

/** Keys of a shortcut, as "Alt+A" or "⌘⇧A". */
export function Kbd({ keys }: { readonly keys: string }) {
  return <kbd className="kbd">{keys}</kbd>;
}
