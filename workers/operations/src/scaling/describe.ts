/** `GET /v1/tenants/{id}/scaling`: the set, the bounds, what the shards reported, what was decided and what the policy would do now. */
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import type { ScalingDecision, ScalingDescription } from "#shared/contracts/scaling.ts";
import { boundsOf, rowOf, verdictOf } from "./autoscaler.ts";
import type { ScalingPolicy } from "./policy.ts";
import type { DecisionRow, ScalingStore } from "./store.ts";

/** @throws tenant_not_found; malformed_request for a cursor that no page gave */
export async function describeScaling(
	{ store, policy, nowMs }: { store: ScalingStore; policy: ScalingPolicy; nowMs: number },
	tenantId: TenantId,
	page: { limit: number; cursor: string | null },
): Promise<ScalingDescription> {
	if (page.cursor !== null && !/^\d{1,15}$/.test(page.cursor))
		throw new LittoralError("malformed_request", "cursor is not one that this list gave");
	const known = await store.read(tenantId);
	if (known === null) throw new LittoralError("tenant_not_found", "there is no such tenant");
	const below = page.cursor === null ? null : Number(page.cursor);
	const decisions = await store.decisions(tenantId, { limit: page.limit + 1, below });
	const shown = decisions.slice(0, page.limit);
	const row = rowOf(tenantId, known);
	const { to, reason, inputs } = verdictOf(known, row, nowMs, policy);
	return {
		...boundsOf(row),
		shardCount: row.shardCount,
		epoch: row.epoch,
		verdict: { to, reason, inputs },
		samples: known.samples.toSorted((left, right) => right.toMs - left.toMs),
		decisions: shown.map(shownDecision),
		nextCursor: decisions.length > page.limit ? String(shown.at(-1)?.number) : null,
	};
}

function shownDecision(row: DecisionRow): ScalingDecision {
	const { number, fromCount, toCount, reason, trigger, inputs, outcome, epoch, decidedAtMs, finishedAtMs } = row;
	return {
		number,
		from: fromCount,
		to: toCount,
		reason,
		trigger,
		inputs,
		outcome,
		epoch,
		decidedAt: new Date(decidedAtMs).toISOString(),
		finishedAt: finishedAtMs === null ? null : new Date(finishedAtMs).toISOString(),
	};
}
