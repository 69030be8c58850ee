/** Predicates narrow a batch's selection to the rows for which they are true. The parts of a top-level AND run one after the other, each on what is left. */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten } from "../vector/copy.ts";
import { isValid } from "../vector/read.ts";
import type { Dictionary, Vector } from "../vector/vector.ts";
import { compileExpression } from "./compile.ts";
import { type CompileOptions, type Evaluator, narrow } from "./evaluator.ts";
import { columnsOf, oncePerEntry, singleColumn } from "./single-column.ts";

export interface CompiledPredicate {
	readonly costPerRow: number;
	/** The batch with fewer live rows, its columns as they are; the new selection lies in `region`. @throws LittoralError that some live row raises */
	select(batch: Batch, region: Region): Batch;
}

export function compilePredicate(expression: Expression, options: CompileOptions): CompiledPredicate {
	const groups = groupedByColumn(conjunctsOf(expression)).map((group) => compileGroup(group, options));
	return {
		costPerRow: groups.flatMap(({ parts }) => parts).reduce((cost, conjunct) => cost + conjunct.costPerRow + 1, 0),
		select(batch, region) {
			let live = batch;
			for (const { column, whole, parts } of groups) {
				const isOne = whole !== null && column !== null && batch.columns[column]?.kind === "dictionary";
				for (const conjunct of isOne ? [whole] : parts) {
					if (live.selectedCount === 0) return live;
					live = keepTrue(conjunct, live, region, options);
				}
			}
			return live;
		},
	};
}

function conjunctsOf(expression: Expression): Expression[] {
	return expression.kind === "and" ? expression.arguments.flatMap(conjunctsOf) : [expression];
}

/** The parts of an AND to be asked one after the other, and the columns that each reads, ascending. Neighbours over one column are one part: a dictionary answers them together. */
export function predicateSteps(expression: Expression): { predicate: Expression; columns: number[] }[] {
	return groupedByColumn(conjunctsOf(expression)).map(({ parts }) => {
		const [first] = parts as [Expression];
		const predicate: Expression = parts.length === 1 ? first : { kind: "and", arguments: parts, type: { kind: "boolean" } };
		return { predicate, columns: columnsOf(predicate) };
	});
}

/** Neighbouring conjuncts; of several, the only column that all of them read. */
interface ConjunctGroup {
	column: number | null;
	parts: Expression[];
}

/** Neighbours that read the same column alone stand together. What stands in between is not passed over: it may keep rows away from a part that raises. */
function groupedByColumn(conjuncts: readonly Expression[]): ConjunctGroup[] {
	const groups: ConjunctGroup[] = [];
	for (const conjunct of conjuncts) {
		const column = singleColumn(conjunct);
		const last = groups.at(-1);
		if (last !== undefined && column !== null && last.column === column) last.parts.push(conjunct);
		else groups.push({ column, parts: [conjunct] });
	}
	return groups;
}

/** `whole`: several parts as one truth. Of a dictionary, both bounds of a range are then decided once per entry, and its rows looked up once. */
interface CompiledGroup {
	column: number | null;
	whole: Evaluator | null;
	parts: Evaluator[];
}

function compileGroup({ column, parts: expressions }: ConjunctGroup, options: CompileOptions): CompiledGroup {
	const parts = expressions.map((part) => compileExpression(part, options));
	if (column === null || parts.length === 1) return { column, whole: null, parts };
	return { column, whole: oncePerEntry(trueForAll(parts, options), column, options), parts };
}

/** True where every part is, else false. Unlike AND, no part is asked about a row for which one before it is NULL: it might raise. */
function trueForAll(parts: readonly Evaluator[], options: CompileOptions): Evaluator {
	return {
		type: { kind: "boolean" },
		costPerRow: parts.reduce((cost, part) => cost + part.costPerRow, 0),
		evaluate(batch, region) {
			let live = batch;
			for (const part of parts) if (live.selectedCount > 0) live = keepTrue(part, live, region, options);
			const values = region.allocateZeroed(batch.rowCount);
			const { u8, u16 } = options.engine.arena.views;
			for (let index = 0; index < live.selectedCount; index++) {
				u8[values + (live.selection === 0 ? index : (u16[(live.selection >> 1) + index] as number))] = 1;
			}
			return { kind: "flat", type: { kind: "boolean" }, physical: "bool", values, validity: 0, offsets: 0 };
		},
	};
}

function keepTrue(conjunct: Evaluator, batch: Batch, region: Region, { engine }: CompileOptions): Batch {
	const vector = conjunct.evaluate(batch, region);
	if (vector.kind === "constant") {
		const { views } = engine.arena;
		if (isValid(views, vector.value.validity, 0) && views.u8[vector.value.values] !== 0) return batch;
		return narrow(batch, region.allocate(0), 0);
	}
	const selection = region.allocate(batch.selectedCount * 2);
	const count = selectTrue(vector, batch, region, selection, engine);
	if (count === batch.selectedCount) return batch;
	return narrow(batch, selection, count);
}

/** The live rows whose boolean is true, as positions at `selection`. @returns how many */
function selectTrue(
	vector: Exclude<Vector, { kind: "constant" }>,
	batch: Batch,
	region: Region,
	selection: Pointer,
	engine: Engine,
): number {
	const { selectedCount, selection: live } = batch;
	const { kernels } = engine;
	if (vector.kind === "dictionary") {
		const { codes, validity, dictionary } = vector;
		const range = live === 0 && validity === 0 ? codeRange(dictionary, region, engine) : null;
		if (range !== null) return kernels.select_code_range(selectedCount, codes, range.first, range.moreCount, range.negated, selection);
		return kernels.select_codes(selectedCount, live, codes, validity, dictionary.values.values, selection);
	}
	const flat = flatten(engine, vector, batch, region);
	return kernels.select_true(selectedCount, live, flat.values, flat.validity, selection);
}

/** `first` and the `moreCount` codes behind it are those that are true, or, `negated` 1, the others are. */
interface CodeRange {
	first: number;
	moreCount: number;
	negated: number;
}

/** Of booleans that a dictionary has for its entries; null where neither the true ones nor the false ones stand together. */
const codeRanges = new WeakMap<Dictionary, CodeRange | null>();

function codeRange(dictionary: Dictionary, region: Region, { kernels, arena }: Engine): CodeRange | null {
	let range = codeRanges.get(dictionary);
	if (range === undefined) {
		const found = region.allocate(8);
		const which = dictionary.entryCount === 0 ? 0 : kernels.truths_range(dictionary.entryCount, dictionary.values.values, found);
		const [first, moreCount] = arena.views.i32.subarray(found >> 2, (found >> 2) + 2) as unknown as [number, number];
		range = which === 0 ? null : { first, moreCount, negated: which - 1 };
		codeRanges.set(dictionary, range);
	}
	return range;
}
