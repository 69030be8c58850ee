/**
 * Which scans give wide batches. A batch costs some microseconds of JavaScript from the reader to the aggregate whatever its rows cost, and kernels that count, sum and compare take
 * a tenth of a nanosecond to one a row: under an aggregation of a single group a batch is a whole page, where others need batches that fit tables, sorts and the caches.
 */
import { BATCH_ROW_COUNT_MAX, WIDE_BATCH_BYTES, WIDE_BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { type DataType, PHYSICAL_BYTES, physicalType } from "#shared/contracts/data-type.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { AggregateCall } from "#shared/contracts/plan/expression.ts";
import type { PhysicalHashAggregate, PhysicalScan } from "#shared/contracts/plan/physical.ts";

/** Aggregates whose state is a number or two. */
const PLAIN_AGGREGATES = new Set(["count", "count_rows", "sum", "avg", "min", "max"]);

/** The scan right below an aggregation of a single group that keeps no row; null where there is none. */
export function wideScan({ groupKeys, aggregates, input }: PhysicalHashAggregate): PhysicalScan | null {
	return groupKeys.length === 0 && input.kind === "scan" && aggregates.every(isPlain) ? input : null;
}

function isPlain({ functionId, distinct, orderBy = [] }: AggregateCall): boolean {
	return !distinct && orderBy.length === 0 && PLAIN_AGGREGATES.has(signatureById(functionId)?.name ?? "");
}

/** True where the aggregation takes nothing of the scan's rows but their least and greatest values. */
export function takesExtremes({ aggregates }: PhysicalHashAggregate, { predicate }: PhysicalScan): boolean {
	const isExtreme = ({ functionId, filter, arguments: [argument] }: AggregateCall): boolean => {
		const name = signatureById(functionId)?.name;
		return filter === null && argument?.kind === "column" && (name === "min" || name === "max");
	};
	return predicate === null && aggregates.length > 0 && aggregates.every(isExtreme);
}

/** Rows of a batch of columns of these types: whole small batches, and no more than one of them where a value has any length. */
export function wideRowCount(types: readonly DataType[]): number {
	const physical = types.map(physicalType);
	if (physical.includes("bytes")) return BATCH_ROW_COUNT_MAX;
	const rowBytes = physical.reduce((sum, type) => sum + PHYSICAL_BYTES[type], 0);
	const batchCount = Math.floor(WIDE_BATCH_BYTES / Math.max(1, rowBytes) / BATCH_ROW_COUNT_MAX);
	return Math.min(WIDE_BATCH_ROW_COUNT_MAX, Math.max(1, batchCount) * BATCH_ROW_COUNT_MAX);
}
