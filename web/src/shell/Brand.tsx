import { Link } from "react-aria-components/Link";
import { useBrandName } from "./branding.ts";

/** The mark and the name, on the way home. */
export function Brand() {
  const name = useBrandName();
  return (
    <Link href="/" className="brand">
      <img src="/assets/icon.svg" alt="" width={28} height={28} />
      <span className="truncate">{name}</span>
    </Link>
  );
}
