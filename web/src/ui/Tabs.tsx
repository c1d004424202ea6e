import type { ReactNode } from "react";
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
  return (
    <AriaTabs
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
