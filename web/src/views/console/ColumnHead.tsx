import { useLingui } from "@lingui/react/macro";
import { ArrowDown, ArrowUp } from "lucide-react";
import { Button as AriaButton } from "react-aria-components/Button";

interface ColumnHeadProps {
  /** What the server sorts by. */
  readonly by: string;
  /** What it sorts by now; with a dash in front, downwards. */
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly children: string;
}

/** The head of a column by which the server sorts: once upwards, again downwards. */
export function ColumnHead({ by, sort, onSort, children }: ColumnHeadProps) {
  const { t } = useLingui();
  const isUp = sort === by;
  const isDown = sort === `-${by}`;
  return (
    <th scope="col" aria-sort={isUp ? "ascending" : isDown ? "descending" : "none"}>
      <AriaButton
        className="column-head"
        aria-label={t`Sort by ${children}`}
        onPress={() => onSort(isUp ? `-${by}` : by)}
      >
        {children}
        {isUp && <ArrowUp size={16} aria-hidden="true" />}
        {isDown && <ArrowDown size={16} aria-hidden="true" />}
      </AriaButton>
    </th>
  );
}
