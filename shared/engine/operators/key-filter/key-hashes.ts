/** Hashes of a scan's texts or UUIDs as a join stores those of its keys: by row, or by entry of a dictionary, which are hashed once for each dictionary. */
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { DESCRIPTOR_BYTES, valueKind, writeDescriptors } from "../../vector/row-layout.ts";
import type { Dictionary, DictionaryVector, FlatVector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";

export class KeyHashes {
	readonly #context: ExecutionContext;
	#known: { source: Dictionary; region: Region; hashes: Pointer } | null = null;

	constructor(context: ExecutionContext) {
		this.#context = context;
	}

	/** @returns u32 by position in `key`, or by code where it is a dictionary; of the batch's live rows at least. Valid as long as `region`, or until the next dictionary */
	of(key: FlatVector | DictionaryVector, { rowCount, selection, selectedCount }: Batch, region: Region): Pointer {
		if (key.kind === "flat") return this.#hash(key, { rowCount, selection, count: selectedCount }, region);
		const { dictionary } = key;
		let known = this.#known;
		if (known === null || known.source !== dictionary || known.region.lease !== region.lease) {
			const isOurs = known !== null && known.region.lease === region.lease;
			const own = isOurs && known !== null ? known.region : region.lease.region();
			own.reset();
			const rows = { rowCount: dictionary.entryCount, selection: 0, count: dictionary.entryCount };
			known = { source: dictionary, region: own, hashes: this.#hash(dictionary.values, rows, own) };
			this.#known = known;
		}
		return known.hashes;
	}

	#hash(values: FlatVector, rows: { rowCount: number; selection: Pointer; count: number }, region: Region): Pointer {
		const { engine } = this.#context;
		const descriptor = region.allocate(DESCRIPTOR_BYTES);
		const column = { type: values.type, kind: valueKind(values.type), offset: 0, nullBit: 0 };
		writeDescriptors(engine, [{ column, vector: values }], descriptor);
		const hashes = region.allocate(rows.rowCount * 4);
		this.#context.spend(rows.count * 2);
		engine.kernels.rows_hash(rows.count, rows.selection, 1, descriptor, hashes);
		return hashes;
	}
}
