/**
 * Rows of lists out of pages of entries. A page's last row may go on in the next one, so it is kept back, as values, until that page is open or the chunk is at its end.
 */
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import { implodeArrays } from "#shared/engine/vector/arrays.ts";
import { VectorBuilder } from "#shared/engine/vector/builder.ts";
import { readValue } from "#shared/engine/vector/read.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import { definitionLevels, type ListShape } from "../list-levels.ts";
import { malformed } from "./malformed.ts";

export interface EntryPage {
	definitions: Int32Array;
	repetitions: Int32Array;
	/** The elements that are there, NULLs among them; lives until the next page is opened. */
	elements: FlatVector;
	/** Does the chunk go on behind this page? */
	hasNext: boolean;
}

interface Row {
	values: SqlValue[];
	isNull: boolean;
}

export class ListPages {
	readonly #engine: Engine;
	readonly #type: DataType;
	readonly #shape: ListShape;
	#elements: FlatVector | null = null;
	/** Of the open page: where each row's elements begin, 1 for a NULL row, rows that are whole, the next to hand out. */
	#ends = new Int32Array(1);
	#nulls = new Uint8Array(0);
	#rowCount = 0;
	#next = 0;
	/** A row that may go on; one that is whole and comes first. */
	#held: Row | null = null;
	#ready: Row | null = null;

	constructor(engine: Engine, type: DataType, shape: ListShape) {
		this.#engine = engine;
		this.#type = type;
		this.#shape = shape;
	}

	get rowsAvailable(): number {
		return this.#ready === null ? this.#rowCount - this.#next : 1;
	}

	/** Rows that begin before the entry; -1 in front of all of them. */
	static rowOf(repetitions: Int32Array, entry: number): number {
		let row = -1;
		for (let index = 0; index <= entry; index++) if (repetitions[index] === 0) row++;
		return row;
	}

	open({ definitions, repetitions, elements, hasNext }: EntryPage): void {
		const { empty, element } = definitionLevels(this.#shape);
		const entryCount = definitions.length;
		const ends = new Int32Array(entryCount + 1);
		const nulls = new Uint8Array(entryCount);
		let rowCount = 0;
		let elementCount = 0;
		for (let entry = 0; entry < entryCount; entry++) {
			const definition = definitions[entry] as number;
			if (repetitions[entry] === 0) {
				ends[rowCount] = elementCount;
				nulls[rowCount++] = this.#shape.optional && definition < empty ? 1 : 0;
			} else if (definition < element) throw malformed("a list goes on without an element");
			else if (rowCount === 0) this.#continue(elements, elementCount);
			if (definition >= element) elementCount++;
		}
		ends[rowCount] = elementCount;
		this.#elements = elements;
		this.#ends = ends;
		this.#nulls = nulls;
		this.#next = 0;
		if (this.#held !== null && (rowCount > 0 || !hasNext)) {
			this.#ready = this.#held;
			this.#held = null;
		}
		this.#rowCount = rowCount;
		if (hasNext && rowCount > 0) {
			this.#rowCount--;
			this.#held = this.#rowAt(this.#rowCount);
		}
	}

	#continue(elements: FlatVector, index: number): void {
		if (this.#held === null || this.#held.isNull) throw malformed("a column chunk begins inside a list");
		if (this.#held.values.length >= VALUE_BYTES_MAX) throw malformed(`a list has more than ${VALUE_BYTES_MAX} elements`);
		this.#held.values.push(readValue(this.#engine, elements, index));
	}

	#rowAt(row: number): Row {
		const values: SqlValue[] = [];
		for (let at = this.#ends[row] as number; at < (this.#ends[row + 1] as number); at++) {
			values.push(readValue(this.#engine, this.#elements as FlatVector, at));
		}
		return { values, isNull: this.#nulls[row] === 1 };
	}

	/** The next `count` rows, at most {@link rowsAvailable}. */
	read(count: number, region: Region): FlatVector {
		if (this.#ready !== null) {
			const builder = new VectorBuilder(this.#engine, region, this.#type, 8);
			builder.append(this.#ready.isNull ? null : this.#ready.values);
			this.#ready = null;
			return builder.finish();
		}
		const { i32, u8 } = this.#engine.arena.views;
		const start = this.#next;
		this.#next += count;
		const ends = region.allocate((count + 1) * 4);
		i32.set(this.#ends.subarray(start, start + count + 1), ends / 4);
		let validity = 0;
		if (this.#nulls.subarray(start, start + count).includes(1)) {
			validity = region.allocateZeroed((count + 7) >> 3);
			for (let row = 0; row < count; row++) {
				if (this.#nulls[start + row] === 0) u8[validity + (row >> 3)] = (u8[validity + (row >> 3)] as number) | (1 << (row & 7));
			}
		}
		const source = { type: this.#type, rowCount: count, ends, validity, elements: this.#elements as FlatVector };
		return implodeArrays(this.#engine, source, region);
	}
}
