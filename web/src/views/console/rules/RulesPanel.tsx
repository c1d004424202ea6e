import { useLingui } from "@lingui/react/macro";
import { ApiError, api, withQuery } from "../../../api/http.ts";
import type {
  MarketActivation,
  MarketFinding,
  MarketRuleSet,
  MarketRuleSetLine,
  Page,
} from "../../../api/types.ts";
import { useResource } from "../../../shell/useResource.ts";
import { ErrorPanel } from "../../../ui/ErrorPanel.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import { VersionView } from "./VersionView.tsx";

/** As many versions as the list offers; older ones have their address. */
const VERSIONS = 100;

/** What the screen of one version shows. */
export interface Shown {
  readonly lines: readonly MarketRuleSetLine[];
  readonly activations: readonly MarketActivation[];
  /** Null while none is in force and none is chosen. */
  readonly chosen: MarketRuleSet | null;
  readonly findings: readonly MarketFinding[];
}

/** The versions of the market rules: the one in force, unless another is chosen. */
export function RulesPanel({ version }: { readonly version: string | null }) {
  const { t } = useLingui();
  const { resource, reload } = useResource(`/market/rules ${version}`, (signal) => load(version, signal));
  if (resource.state === "loading") return <SkeletonRows rows={6} />;
  if (resource.state === "error") {
    return <ErrorPanel error={resource.error} title={t`The rules could not be loaded`} onRetry={reload} />;
  }
  const { chosen } = resource.value;
  return <VersionView key={chosen?.id} shown={resource.value} onChanged={reload} />;
}

async function load(version: string | null, signal: AbortSignal): Promise<Shown> {
  const [lines, activations, chosen] = await Promise.all([
    api.get<Page<MarketRuleSetLine>>(withQuery("/market/rules", { limit: VERSIONS }), { signal }),
    api.get<Page<MarketActivation>>("/market/activations", { signal }),
    version === null
      ? inForce(signal)
      : api.get<MarketRuleSet>(`/market/rules/${encodeURIComponent(version)}`, { signal }),
  ]);
  const findings =
    chosen === null
      ? []
      : (await api.get<Page<MarketFinding>>(`/market/rules/${chosen.id}/findings`, { signal })).items;
  return { lines: lines.items, activations: activations.items, chosen, findings };
}

async function inForce(signal: AbortSignal): Promise<MarketRuleSet | null> {
  try {
    return await api.get<MarketRuleSet>("/market/rules/active", { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
