/** The `hits` table as a data set. */
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { Vector } from "#shared/engine/vector/vector.ts";
import { constantVector, VectorBuilder } from "#shared/engine/vector/builder.ts";
import { HITS_COLUMNS, HITS_DDL } from "../../tests/sql/queries/clickbench.ts";
import { Random } from "../../tests/sql/random.ts";
import type { Dataset, DatasetTable } from "../data/dataset.ts";
import { type BatchPlace, batchValue, counterOf, makeVisit, ROW_COLUMNS } from "./columns.ts";

const VERSION = 3;
const SEED = 20_261_123;

/** @param rowCount is the data set's scale */
export function hitsDataset(rowCount: number, seed = SEED): Dataset {
	return {
		name: "hits",
		version: VERSION,
		seed,
		scale: rowCount,
		tables: [{ name: "hits", ddl: HITS_DDL, batches: batchesOf(rowCount, seed) }],
	};
}

function batchesOf(rowCount: number, seed: number): DatasetTable["batches"] {
	const names = Object.keys(HITS_COLUMNS);
	return function* (columns, engine, region) {
		for (let first = 0; first < rowCount; first += BATCH_ROW_COUNT_MAX) {
			const count = Math.min(BATCH_ROW_COUNT_MAX, rowCount - first);
			const random = new Random(Math.imul(first + 1, 0x9e3779b1) ^ seed);
			const place: BatchPlace = { random, counter: counterOf({ from: first / rowCount, to: (first + count) / rowCount }), rowCount };
			const visits = Array.from({ length: count }, (_, index) => makeVisit(place, first + index));
			const vectors = columns.map(({ type }, index): Vector => {
				const name = names[index] as string;
				const valueOf = ROW_COLUMNS[name];
				if (valueOf === undefined) return constantVector(engine, region, type, batchValue(name, type.kind, place));
				const builder = new VectorBuilder(engine, region, type, count);
				for (const visit of visits) builder.append(valueOf(visit, place));
				return builder.finish();
			});
			yield { rowCount: count, columns: vectors, selection: 0, selectedCount: count };
			region.reset();
		}
	};
}
