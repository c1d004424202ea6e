import "./Avatar.css";
import { ground, initials } from "./initials.ts";

interface AvatarProps {
  readonly name: string;
  readonly size?: "small" | "medium" | "large" | "tile";
}

/** A person without a picture. The name stands beside it, so this is not read out. */
export function Avatar({ name, size = "medium" }: AvatarProps) {
  return (
    <span className="avatar" data-size={size} data-ground={ground(name)} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
