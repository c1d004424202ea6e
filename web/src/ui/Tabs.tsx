import { type ReactNode, useEffect, useRef } from "react";
import { Tabs as AriaTabs, Tab, TabList, TabPanel } from "react-aria-components/Tabs";
import "./Tabs.css";

interface TabEntry<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly icon?: ReactNode;
  readonly content: ReactNode;
}

interface TabsProps<Id extends string> {
  readonly label: string;
  readonly tabs: readonly TabEntry<Id>[];
  readonly selected: Id;
  readonly onSelect: (id: Id) => void;
  /** `vertical` stands beside the panel and lies above it on a narrow screen. */
  readonly orientation?: "horizontal" | "vertical";
}

/** Panels of which one is shown. */
export function Tabs<Id extends string>({
  label,
  tabs,
  selected,
  onSelect,
  orientation = "horizontal",
}: TabsProps<Id>) {
  const root = useRef<HTMLDivElement>(null);
  // On a narrow screen the chosen tab may lie outside of the row that scrolls.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is about the tab that `selected` names
  useEffect(() => {
    // The list draws its tabs after it has counted them: one frame later they stand.
    const frame = requestAnimationFrame(() =>
      root.current
        ?.querySelector("[role=tab][data-selected]")
        ?.scrollIntoView({ block: "nearest", inline: "center" }),
    );
    return () => cancelAnimationFrame(frame);
  }, [selected]);
  return (
    <AriaTabs
      ref={root}
      className="tabs"
      data-side={orientation === "vertical" || undefined}
      orientation={orientation}
      selectedKey={selected}
      onSelectionChange={(id) => onSelect(id as Id)}
    >
      <TabList className="tabs__list" aria-label={label}>
        {tabs.map((tab) => (
          <Tab key={tab.id} id={tab.id} className="tabs__tab">
            {tab.icon}
            {tab.label}
          </Tab>
        ))}
      </TabList>
      {tabs.map((tab) => (
        <TabPanel key={tab.id} id={tab.id} className="tabs__panel">
          {tab.content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
