/**
 * Repetition and definition levels of a column of lists, in the form that every reader knows:
 *
 *   optional group c (LIST) { repeated group list { optional T element; } }
 *
 * An entry is an element, or a row without one. Repetition: 0 begins a row, 1 goes on with it. Definition: from 0 a NULL row (only where the column may have
 * one), an empty list, a NULL element, a value.
 */
import type { ArenaViews, Pointer } from "#shared/engine/memory/arena.ts";
import { isValid } from "#shared/engine/vector/read.ts";

/** What a schema says of a list. */
export interface ListShape {
	/** The list may be NULL. */
	optional: boolean;
	elementOptional: boolean;
}

/** The definition levels of an empty list, of an element that is there, and of a value. */
export function definitionLevels({ optional, elementOptional }: ListShape): { empty: number; element: number; value: number } {
	const empty = optional ? 1 : 0;
	return { empty, element: empty + 1, value: elementOptional ? empty + 2 : empty + 1 };
}

/** Bits of a definition level. */
export const definitionBits = (shape: ListShape): number => 32 - Math.clz32(definitionLevels(shape).value);

/** Rows of a column of arrays as the writer takes them: the elements of all, and i32[rowCount + 1] where each row's begin. */
export interface ListRows {
	validity: Pointer;
	ends: Int32Array;
	elementValidity: Pointer;
}

/** The levels of the open page. */
export class ListLevels {
	readonly #shape: ListShape;
	#definitions = new Uint8Array(1024);
	#repetitions = new Uint8Array(1024);
	entryCount = 0;
	rowCount = 0;
	nullRowCount = 0;

	constructor(shape: ListShape) {
		this.#shape = shape;
	}

	get definitions(): Uint8Array {
		return this.#definitions.subarray(0, this.entryCount);
	}

	get repetitions(): Uint8Array {
		return this.#repetitions.subarray(0, this.entryCount);
	}

	/** Adds rows [start, end). */
	append(views: ArenaViews, { validity, ends, elementValidity }: ListRows, start: number, end: number): void {
		const { empty, element, value } = definitionLevels(this.#shape);
		this.#reserve(this.entryCount + (end - start) + (ends[end] as number) - (ends[start] as number));
		for (let row = start; row < end; row++) {
			const [first, last] = [ends[row] as number, ends[row + 1] as number];
			if (!isValid(views, validity, row)) {
				this.#entry(0, 0);
				this.nullRowCount++;
			} else if (first === last) this.#entry(empty, 0);
			for (let at = first; at < last; at++) this.#entry(isValid(views, elementValidity, at) ? value : element, at === first ? 0 : 1);
		}
		this.rowCount += end - start;
	}

	#entry(definition: number, repetition: number): void {
		this.#definitions[this.entryCount] = definition;
		this.#repetitions[this.entryCount++] = repetition;
	}

	#reserve(count: number): void {
		if (count <= this.#definitions.length) return;
		const grow = (levels: Uint8Array): Uint8Array<ArrayBuffer> => {
			const grown = new Uint8Array(Math.max(count, levels.length * 2));
			grown.set(levels);
			return grown;
		};
		this.#definitions = grow(this.#definitions);
		this.#repetitions = grow(this.#repetitions);
	}

	reset(): void {
		this.entryCount = 0;
		this.rowCount = 0;
		this.nullRowCount = 0;
	}
}
