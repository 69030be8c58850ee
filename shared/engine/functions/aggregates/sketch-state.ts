/**
 * A state that is a sketch, kept as its bytes: a slot of a row store (u32 address, i32 length), its capacity at 8, u32 present at 20. A batch takes each group's
 * sketch out once, adds its rows and puts it back, so that memory is the arena's, however many groups there are.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Region } from "../../memory/region.ts";
import { flatten } from "../../vector/copy.ts";
import { isValid, readValue } from "../../vector/read.ts";
import { gatherColumn, type RowPointers } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { AggregateBinding, AggregateInput } from "./aggregate.ts";

export interface Sketch<Self> {
	merge(other: Self): void;
	encode(): Uint8Array;
}

export interface SketchKind<Kind extends Sketch<Kind>> {
	make(): Kind;
	/** @throws internal_error for damaged bytes */
	decode(bytes: Uint8Array): Kind;
}

export const SKETCH_STATE_BYTES = 24;
const CAPACITY_OFFSET = 8;
const PRESENT_OFFSET = 20;
const CAPACITY_MIN = 64;
/** Words of the heap, as `state-heap.ts` has them. */
const HEAP_NEXT = 2;
const HEAP_END = 3;
const HEAP_MISSING = 7;

export const SKETCH_BYTES: DataType = { kind: "bytea" };

export interface SketchState<Kind> {
	/** Adds each live row whose lane is valid to its group's sketch. */
	add(values: FlatVector, input: AggregateInput, add: (sketch: Kind, row: number) => void): void;
	/** @param column of {@link SKETCH_BYTES} */
	merge(column: Vector, input: AggregateInput): void;
	/** The groups' sketches as bytes; NULL where nothing was added. */
	partial(groups: RowPointers, region: Region): FlatVector;
	/** The groups' sketches; null where nothing was added. */
	read(groups: RowPointers, region: Region): (Kind | null)[];
}

export function sketchState<Kind extends Sketch<Kind>>(
	{ engine, offset, heap }: AggregateBinding,
	kind: SketchKind<Kind>,
): SketchState<Kind> {
	const { arena } = engine;
	const column = { type: SKETCH_BYTES, kind: VALUE_KIND.bytes, offset, nullBit: -1, present: offset + PRESENT_OFFSET };

	function load(state: number): Kind {
		const { u8, u32 } = arena.views;
		if (u32[(state + PRESENT_OFFSET) / 4] === 0) return kind.make();
		const address = u32[state / 4] as number;
		return kind.decode(u8.slice(address, address + (u32[state / 4 + 1] as number)));
	}

	/** Room by doubling; what was there is not kept. */
	function reserve(state: number, byteCount: number): void {
		if ((arena.views.u32[(state + CAPACITY_OFFSET) / 4] as number) >= byteCount) return;
		let capacity = CAPACITY_MIN;
		while (capacity < byteCount) capacity *= 2;
		const words = heap.state / 4;
		let { u32 } = arena.views;
		if ((u32[words + HEAP_END] as number) - (u32[words + HEAP_NEXT] as number) < capacity) {
			u32[words + HEAP_MISSING] = capacity;
			heap.grow();
			u32 = arena.views.u32;
		}
		u32[state / 4] = u32[words + HEAP_NEXT] as number;
		u32[words + HEAP_NEXT] = (u32[words + HEAP_NEXT] as number) + capacity;
		u32[(state + CAPACITY_OFFSET) / 4] = capacity;
	}

	function store(state: number, sketch: Kind): void {
		const bytes = sketch.encode();
		reserve(state, bytes.length);
		const { u8, u32 } = arena.views;
		u8.set(bytes, u32[state / 4] as number);
		u32[state / 4 + 1] = bytes.length;
		u32[(state + PRESENT_OFFSET) / 4] = 1;
	}

	function add(values: FlatVector, { rows, groups }: AggregateInput, change: (sketch: Kind, row: number) => void): void {
		const { views } = arena;
		const sketches = new Map<number, Kind>();
		let last = { state: -1, sketch: null as Kind | null };
		for (let index = 0; index < rows.selectedCount; index++) {
			const row = rows.selection === 0 ? index : (views.u16[rows.selection / 2 + index] as number);
			if (!isValid(views, values.validity, row)) continue;
			const state = (views.u32[groups / 4 + row] as number) + offset;
			if (state !== last.state) {
				let sketch = sketches.get(state);
				if (sketch === undefined) {
					sketch = load(state);
					sketches.set(state, sketch);
				}
				last = { state, sketch };
			}
			change(last.sketch as Kind, row);
		}
		for (const [state, sketch] of sketches) store(state, sketch);
	}

	const partial = (groups: RowPointers, region: Region): FlatVector => gatherColumn(engine, column, groups, region);
	return {
		add,
		merge(given, input) {
			const bytes = flatten(engine, given, input.rows, input.region);
			add(bytes, input, (sketch, row) => sketch.merge(kind.decode(readValue(engine, bytes, row) as Uint8Array)));
		},
		partial,
		read(groups, region) {
			const bytes = partial(groups, region);
			return Array.from({ length: groups.count }, (_, group) => {
				const encoded = readValue(engine, bytes, group) as Uint8Array | null;
				return encoded === null ? null : kind.decode(encoded);
			});
		},
	};
}
