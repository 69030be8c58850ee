/**
 * The group of each row of a batch. Keys that come as dictionaries are not hashed row by row: one is looked up by its codes, several by their ids together, in an
 * array. What these do not know, and keys of any other kind, is found by value in the table of groups.
 */
import { GROUP_ARRAY_BITS_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten, type RowSpace, takeBatch } from "../../vector/copy.ts";
import type { Vector } from "../../vector/vector.ts";
import { CodeWords } from "./code-words.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { GroupTable } from "./group-table.ts";
import { KeyIds } from "./key-ids.ts";

/** Bits of a key's ids to begin with. */
const ID_BITS_FIRST = 4;

export class GroupFinder {
	readonly #engine: Engine;
	readonly #context: ExecutionContext;
	readonly #table: GroupTable;
	/** Of a single key: groups by its codes. */
	readonly #words: CodeWords;
	readonly #keyTypes: DataType[];
	/** Of several keys, once all came as dictionaries; null where there are too many. */
	#ids: KeyIds[] | null | undefined;
	/** How many bits of the array's index each has. */
	#bits: number[];
	/** Groups by index, u32[2^bits]; 0 where none is known. */
	#array: Pointer | null = null;
	/** Without keys: the only group's address again and again, u32[rowCount]. */
	#single: { groups: Pointer; rowCount: number } | null = null;

	constructor(context: ExecutionContext, table: GroupTable, keyTypes: DataType[]) {
		this.#context = context;
		this.#engine = context.engine;
		this.#table = table;
		this.#words = new CodeWords(context, (key, rowCount, region) =>
			this.#findByValues({ rowCount, selection: 0, selectedCount: rowCount }, [key], region),
		);
		this.#keyTypes = keyTypes;
		this.#ids = keyTypes.length > 1 && keyTypes.length * ID_BITS_FIRST <= GROUP_ARRAY_BITS_MAX ? undefined : null;
		this.#bits = keyTypes.map(() => ID_BITS_FIRST);
	}

	/** @returns u32 by row position, in `region` */
	find(batch: Batch, keys: Vector[], region: Region): Pointer {
		const [first] = keys;
		if (first === undefined) return this.#singleGroup(batch.rowCount);
		if (keys.length === 1 && first.kind === "dictionary" && this.#words.takes(first.dictionary))
			return this.#words.find(first, batch, region);
		return this.#findByIds(batch, keys, region) ?? this.#findByValues(batch, keys, region);
	}

	/** The group of everything, for as many rows as any batch had. */
	#singleGroup(rowCount: number): Pointer {
		if (this.#single === null || this.#single.rowCount < rowCount) {
			if (this.#single !== null) this.#context.lease.freePages(this.#single.groups);
			this.#single = null;
			const groups = this.#context.lease.allocatePages(rowCount * 4);
			this.#engine.kernels.group_fill(rowCount, 0, this.#table.single(), groups);
			this.#single = { groups, rowCount };
		}
		return this.#single.groups;
	}

	#findByValues(rows: RowSpace, keys: Vector[], region: Region): Pointer {
		const flat = keys.map((key) => flatten(this.#engine, key, rows, region));
		return this.#table.find(flat, rows, region).groups;
	}

	/** @returns null where a key has no ids, or there are too many of all keys together */
	#findByIds(batch: Batch, keys: Vector[], region: Region): Pointer | null {
		if (this.#ids === null || keys.some((key) => key.kind !== "dictionary")) return null;
		const { kernels } = this.#engine;
		const { rowCount, selection, selectedCount } = batch;
		this.#ids ??= this.#keyTypes.map((type) => new KeyIds(this.#context, type));
		const atOnce = this.#findPairs(batch, keys, this.#ids, region);
		if (atOnce !== null) return atOnce;
		const ids: Pointer[] = [];
		for (const [position, key] of keys.entries()) {
			const found = (this.#ids[position] as KeyIds).find(key, batch, region);
			if (found === null) return null;
			ids.push(found);
		}
		const known = this.#arrayOfGroups(this.#ids);
		if (known === null) {
			this.#ids = null;
			return null;
		}
		const [index, ...others] = ids as [Pointer, ...Pointer[]];
		for (const [position, next] of others.entries()) {
			kernels.ids_combine(selectedCount, selection, index, this.#bits[position + 1] as number, next);
		}
		const groups = region.allocate(rowCount * 4);
		const unknown = region.allocate(selectedCount * 2);
		const unknownCount = kernels.codes_words(selectedCount, selection, index, 0, 0, known, groups, unknown);
		if (unknownCount === 0) return groups;
		const packed = takeBatch(this.#engine, { ...batch, columns: keys }, { positions: unknown, count: unknownCount }, region);
		const learnt = this.#findByValues(packed, packed.columns, region);
		kernels.codes_learn(unknownCount, unknown, index, 0, 0, known, learnt);
		kernels.codes_words(selectedCount, selection, index, 0, 0, known, groups, unknown);
		return groups;
	}

	/** Of two keys without NULL, in one pass. @returns null where a group is not known yet */
	#findPairs(
		{ rowCount, selection, selectedCount }: Batch,
		[first, second, ...others]: Vector[],
		ids: KeyIds[],
		region: Region,
	): Pointer | null {
		if (first?.kind !== "dictionary" || second?.kind !== "dictionary" || others.length > 0) return null;
		if (first.validity !== 0 || second.validity !== 0) return null;
		const [firstIds, secondIds] = [ids[0]?.idsByCode(first) ?? null, ids[1]?.idsByCode(second) ?? null];
		if (firstIds === null || secondIds === null) return null;
		// Every id that was learnt has its place in it.
		const known = this.#arrayOfGroups(ids);
		if (known === null) return null;
		const groups = region.allocate(rowCount * 4);
		const bits = this.#bits[1] as number;
		const { codes_pairs } = this.#engine.kernels;
		return codes_pairs(selectedCount, selection, first.codes, firstIds, second.codes, secondIds, bits, known, groups) === 0 ? groups : null;
	}

	/** An array for the ids that there are: one that has grown is learnt anew. */
	#arrayOfGroups(ids: KeyIds[]): Pointer | null {
		const wanted = ids.map(({ count }, position) => Math.max(this.#bits[position] as number, bitsOf(count)));
		const isLarger = wanted.some((bits, position) => bits !== this.#bits[position]);
		if (this.#array !== null && !isLarger) return this.#array;
		const bits = wanted.reduce((sum, own) => sum + own, 0);
		const { lease } = this.#context;
		if (this.#array !== null) lease.freePages(this.#array);
		this.#array = null;
		if (bits > GROUP_ARRAY_BITS_MAX) return null;
		const byteCount = 2 ** bits * 4;
		const groups = lease.allocatePages(byteCount);
		this.#engine.arena.views.u8.fill(0, groups, groups + byteCount);
		this.#bits = wanted;
		this.#array = groups;
		return groups;
	}
}

/** Bits of numbers up to `value`. */
function bitsOf(value: number): number {
	return 32 - Math.clz32(value);
}
