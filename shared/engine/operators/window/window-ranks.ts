/** Functions of a row's place alone: row_number, rank, dense_rank, percent_rank, cume_dist, ntile. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Engine } from "../../kernels/kernels.ts";
import type { Region } from "../../memory/region.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { readValue } from "../../vector/read.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { WindowFunction } from "./window-function.ts";
import type { WindowView } from "./window-view.ts";

type Place = (view: WindowView, index: number) => number;

const COUNTS: Record<string, Place> = {
	row_number: ({ first, partitionStarts }, index) => first + index - (partitionStarts[index] as number) + 1,
	rank: ({ peerStarts, partitionStarts }, index) => (peerStarts[index] as number) - (partitionStarts[index] as number) + 1,
	dense_rank: ({ peerNumbers }, index) => peerNumbers[index] as number,
};

const PARTS: Record<string, Place> = {
	percent_rank({ peerStarts, partitionStarts, partitionEnds }, index) {
		const start = partitionStarts[index] as number;
		const others = (partitionEnds[index] as number) - start - 1;
		return others === 0 ? 0 : ((peerStarts[index] as number) - start) / others;
	},
	cume_dist({ peerEnds, partitionStarts, partitionEnds }, index) {
		const start = partitionStarts[index] as number;
		return ((peerEnds[index] as number) - start) / ((partitionEnds[index] as number) - start);
	},
};

/** @param argument of ntile: its column of the stored rows */
export function rankFunction(engine: Engine, name: string, argument: number | undefined): WindowFunction | null {
	const count = COUNTS[name];
	if (count !== undefined) return placed(false, (view, region) => counts(engine, view, count, region));
	const part = PARTS[name];
	if (part !== undefined) return placed(true, (view, region) => parts(engine, view, part, region));
	if (name !== "ntile" || argument === undefined) return null;
	return placed(true, (view, region) => buckets(engine, view, argument, region));
}

/** A partition's rows are all there until the last of them is computed, so none before `next` is asked for but ntile's first, whose argument counts. */
function placed(whole: boolean, compute: WindowFunction["compute"]): WindowFunction {
	let partition = 0;
	return {
		lookahead: whole ? [{ kind: "partition" }] : [],
		needs: ({ first, end }) => whole && first <= partition && partition < end,
		compute(view, region) {
			partition = view.partitionStarts[view.count - 1] as number;
			return compute(view, region);
		},
	};
}

function counts({ arena }: Engine, view: WindowView, place: Place, region: Region): FlatVector {
	const values = region.allocate(view.count * 8);
	const { u32 } = arena.views;
	for (let index = 0; index < view.count; index++) {
		u32[values / 4 + index * 2] = place(view, index);
		u32[values / 4 + index * 2 + 1] = 0;
	}
	return { kind: "flat", type: { kind: "bigint" }, physical: "i64", values, validity: 0, offsets: 0 };
}

function parts({ arena }: Engine, view: WindowView, place: Place, region: Region): FlatVector {
	const values = region.allocate(view.count * 8);
	const { f64 } = arena.views;
	for (let index = 0; index < view.count; index++) f64[values / 8 + index] = place(view, index);
	return { kind: "flat", type: { kind: "double" }, physical: "f64", values, validity: 0, offsets: 0 };
}

/** The first buckets have one row more where the rows cannot be shared out evenly. The number of buckets is that of the partition's first row. */
function buckets(engine: Engine, view: WindowView, argument: number, region: Region): FlatVector {
	const integer: DataType = { kind: "integer" };
	const builder = new VectorBuilder(engine, region, integer, view.count);
	let start = -1;
	let bucketCount: SqlValue = null;
	for (let index = 0; index < view.count; index++) {
		if (view.partitionStarts[index] !== start) {
			start = view.partitionStarts[index] as number;
			bucketCount = readValue(engine, view.rows.gather(argument, view.rows.addresses(start, 1, region), region), 0);
			if (bucketCount !== null && (bucketCount as number) <= 0) {
				throw new LittoralError("invalid_argument_for_ntile_function", "argument of ntile must be greater than zero");
			}
		}
		if (bucketCount === null) builder.append(null);
		else builder.append(bucketOf(view.first + index - start, (view.partitionEnds[index] as number) - start, bucketCount as number));
	}
	return builder.finish();
}

function bucketOf(row: number, rowCount: number, bucketCount: number): number {
	const small = Math.floor(rowCount / bucketCount);
	const largeCount = rowCount % bucketCount;
	const inLarge = largeCount * (small + 1);
	return row < inLarge ? Math.floor(row / (small + 1)) + 1 : largeCount + Math.floor((row - inLarge) / small) + 1;
}
