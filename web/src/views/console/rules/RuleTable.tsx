import { useLingui } from "@lingui/react/macro";
import { Ellipsis } from "lucide-react";
import { Button as AriaButton } from "react-aria-components/Button";
import type { MarketFinding, MarketRule } from "../../../api/types.ts";
import { IconButton } from "../../../ui/Button.tsx";
import { Menu, MenuItem, MenuLine } from "../../../ui/Menu.tsx";
import "../../../ui/Table.css";
import { useMarketWords } from "../useMarketWords.ts";

interface Edit {
  readonly onEdit: (rule: MarketRule) => void;
  readonly onMove: (rule: MarketRule, by: number) => void;
  readonly onRemove: (rule: MarketRule) => void;
}

interface RuleTableProps {
  readonly rules: readonly MarketRule[];
  readonly findings: readonly MarketFinding[];
  /** Only a draft can be changed. */
  readonly edit?: Edit;
  readonly chosen: string | null;
  readonly onChoose: (rule: MarketRule) => void;
}

/** Rules in the order in which they are asked. */
export function RuleTable({ rules, findings, edit, chosen, onChoose }: RuleTableProps) {
  const { t } = useLingui();
  return (
    <table className="table rules">
      <thead>
        <tr>
          <th scope="col">{t`Rule`}</th>
          <th scope="col">{t`When`}</th>
          <th scope="col">{t`For whom`}</th>
          <th scope="col">{t`Decision`}</th>
          {edit !== undefined && (
            <th>
              <span className="visually-hidden">{t`Actions`}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {rules.map((rule, index) => (
          <Row
            key={rule.id}
            rule={rule}
            place={index + 1}
            isLast={index === rules.length - 1}
            isSuspicious={findings.some((finding) => finding.rule === rule.id)}
            edit={edit}
            isChosen={rule.id === chosen}
            onChoose={() => onChoose(rule)}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly rule: MarketRule;
  readonly place: number;
  readonly isLast: boolean;
  readonly isSuspicious: boolean;
  readonly edit: Edit | undefined;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Row({ rule, place, isLast, isSuspicious, edit, isChosen, onChoose }: RowProps) {
  const { t, i18n } = useLingui();
  const words = useMarketWords();
  return (
    <tr data-chosen={isChosen || undefined}>
      <th scope="row">
        <span className="rules__name">
          <span className="rules__place muted small">{i18n.number(place)}</span>
          <AriaButton className="rules__choose" aria-pressed={isChosen} onPress={onChoose}>
            {rule.id}
          </AriaButton>
          {isSuspicious && (
            <span className="badge" data-tone="warning">
              {t`Check`}
            </span>
          )}
        </span>
      </th>
      <td data-label={t`When`}>{useWhen(rule)}</td>
      <td data-label={t`For whom`}>{useWho(rule)}</td>
      <td data-label={t`Decision`}>
        <span className="rules__decision">
          <span className="badge" data-tone={rule.decision === "allow" ? "success" : "danger"}>
            {words.decision(rule.decision)}
          </span>
          <span className="small">{words.list(rule.verbs.map(words.verb))}</span>
        </span>
      </td>
      {edit !== undefined && (
        <td className="table__act">
          <Menu
            label={t`Actions for ${rule.id}`}
            placement="bottom end"
            trigger={
              <IconButton
                label={t`Actions for ${rule.id}`}
                icon={<Ellipsis size={20} aria-hidden="true" />}
              />
            }
          >
            <MenuItem onAction={() => edit.onEdit(rule)}>{t`Change…`}</MenuItem>
            <MenuItem isDisabled={place === 1} onAction={() => edit.onMove(rule, -1)}>{t`Move up`}</MenuItem>
            <MenuItem isDisabled={isLast} onAction={() => edit.onMove(rule, 1)}>{t`Move down`}</MenuItem>
            <MenuLine />
            <MenuItem tone="danger" onAction={() => edit.onRemove(rule)}>{t`Remove`}</MenuItem>
          </Menu>
        </td>
      )}
    </tr>
  );
}

function useWhen({ from, until }: MarketRule): string {
  const { t, i18n } = useLingui();
  const moment = (time: string) => i18n.date(time, { dateStyle: "medium", timeStyle: "short" });
  if (from === undefined && until === undefined) return t`Always`;
  if (until === undefined) return t`From ${moment(from ?? "")}`;
  if (from === undefined) return t`Until ${moment(until)}`;
  return t`${moment(from)} – ${moment(until)}`;
}

function useWho(rule: MarketRule): string {
  const { t } = useLingui();
  const words = useMarketWords();
  const parts = [
    rule.countries?.map(words.place),
    rule.kinds?.map(words.kind),
    rule.channels?.map(words.channel),
    rule.plans,
    rule.partners,
  ].filter((part) => part !== undefined && part.length > 0);
  return parts.length === 0 ? t`Everybody` : parts.map((part) => part?.join(", ")).join(" · ");
}
