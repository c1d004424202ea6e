import "../../shell/Page.css";
import { Skeleton, SkeletonRows } from "../../ui/Skeleton.tsx";

/** A page on its way. */
export function PageSkeleton() {
  return (
    <div className="page">
      <Skeleton width="30%" height="28px" />
      <SkeletonRows rows={5} />
    </div>
  );
}
