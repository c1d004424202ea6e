import { Link } from "react-aria-components/Link";
import { brand } from "./branding.ts";

/** The logo, or the mark and the name, on the way home. */
export function Brand() {
  const { name, logo, icon } = brand();
  return (
    <Link href="/" className="brand">
      {logo === null ? (
        <>
          <img src={icon} alt="" width={28} height={28} />
          <span className="truncate">{name}</span>
        </>
      ) : (
        <img src={logo} alt={name} className="brand__logo" />
      )}
    </Link>
  );
}
