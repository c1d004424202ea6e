import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../../ui/Button.tsx";

interface SplitProps {
  readonly list: ReactNode;
  /** What was chosen from the list; null while nothing is. */
  readonly details: ReactNode | null;
  /** What to do while nothing is chosen. */
  readonly hint: string;
  /** The way back to the list on a phone, as "All rules". */
  readonly back: string;
  readonly onBack: () => void;
}

/** A table on the left of details; on a phone one after the other. */
export function Split({ list, details, hint, back, onBack }: SplitProps) {
  return (
    <div className="split" data-chosen={details !== null || undefined}>
      <div className="split__list">{list}</div>
      <div className="split__details">
        {details === null ? (
          <p className="split__hint muted">{hint}</p>
        ) : (
          <>
            <div className="split__back">
              <Button variant="quiet" icon={<ChevronLeft size={20} aria-hidden="true" />} onPress={onBack}>
                {back}
              </Button>
            </div>
            {details}
          </>
        )}
      </div>
    </div>
  );
}
