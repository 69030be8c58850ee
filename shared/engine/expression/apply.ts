/**
 * Calls and casts: evaluates the arguments, settles NULLs, constants and dictionaries, and runs the kernel on what is left.
 *
 * - A strict function of a NULL constant is a NULL constant; of constants only, a constant, computed when the first live row asks for it.
 * - A strict function of one dictionary vector (and constants) is computed once per entry: see dictionary-memo.ts.
 * - Else every argument is flat or constant; the result's validity is the conjunction of the arguments'. Kernels that can raise, and those that write
 *   bytes, see only rows that are live and valid.
 */
import { type DataType, PHYSICAL_BYTES } from "#shared/contracts/data-type.ts";
import type { Kernel, KernelRows, Operand } from "../functions/kernel.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { constantVector } from "../vector/builder.ts";
import { flatten, isNullConstant } from "../vector/copy.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import { asFree } from "../functions/decimal.ts";
import { DictionaryMemo } from "./dictionary-memo.ts";
import { type CompileOptions, type Evaluator, evaluateNarrow } from "./evaluator.ts";

interface Application {
	arguments: Evaluator[];
	kernel: Kernel;
	type: DataType;
	strict: boolean;
	/** Never raises, so it may run on any lane. */
	total: boolean;
	/** The same arguments always give the same result. */
	repeatable: boolean;
	costPerRow: number;
}

const DENSE_ONE: Batch = { rowCount: 1, columns: [], selection: 0, selectedCount: 1 };

export class ApplyEvaluator implements Evaluator {
	readonly type: DataType;
	readonly costPerRow: number;
	readonly #application: Application;
	readonly #options: CompileOptions;
	readonly #memo: DictionaryMemo;

	constructor(application: Application, options: CompileOptions) {
		this.type = application.type;
		this.costPerRow = application.arguments.reduce((cost, argument) => cost + argument.costPerRow, application.costPerRow);
		this.#application = application;
		this.#options = options;
		this.#memo = new DictionaryMemo(options.engine);
	}

	evaluate(batch: Batch, region: Region): Vector {
		const vector = this.evaluateNarrow(batch, region);
		return this.#application.kernel.narrow !== undefined ? asFree(this.#options.engine, vector, this.type, batch, region) : vector;
	}

	evaluateNarrow(batch: Batch, region: Region): Vector {
		const { engine } = this.#options;
		const { strict, repeatable, kernel } = this.#application;
		if (batch.selectedCount === 0) return constantVector(engine, region, this.type, null);
		const vectors = this.#application.arguments.map((argument) =>
			kernel.narrow !== undefined ? evaluateNarrow(argument, batch, region) : argument.evaluate(batch, region),
		);
		if (strict && vectors.some((vector) => isNullConstant(engine, vector) || isNullDictionary(vector))) {
			return constantVector(engine, region, this.type, null);
		}
		if (repeatable && vectors.every((vector) => vector.kind === "constant")) {
			const value = this.#run(vectors, DENSE_ONE, region);
			return { kind: "constant", type: kernel.narrow !== undefined ? value.type : this.type, physical: value.physical, value };
		}
		if (strict && repeatable) {
			const index = vectors.findIndex((vector) => vector.kind !== "constant");
			const only = vectors[index];
			if (only?.kind === "dictionary" && vectors.every((vector, other) => other === index || vector.kind === "constant")) {
				const remembered = this.#memo.apply(only, batch, region, {
					entries: (entries, entryCount, kept) => {
						const rows: Batch = { rowCount: entryCount, columns: [], selection: 0, selectedCount: entryCount };
						return this.#run(
							vectors.map((vector, other) => (other === index ? { ...entries, type: only.type } : vector)),
							rows,
							kept,
						);
					},
					ofNull: null,
				});
				if (remembered !== null) return remembered;
			}
		}
		return this.#run(vectors, batch, region);
	}

	#run(vectors: Vector[], batch: Batch, region: Region): FlatVector {
		const { engine, statement } = this.#options;
		const { strict, total, kernel, type } = this.#application;
		const operands = vectors.map((vector): Operand => {
			if (vector.kind !== "constant") return { vector: flatten(engine, vector, batch, region), constant: 0 };
			return { vector: flatten(engine, vector.value, DENSE_ONE, region), constant: batch === DENSE_ONE ? 0 : 1 };
		});
		const validity = strict ? this.#commonValidity(operands, batch.rowCount, region) : 0;
		let rows: KernelRows = { rowCount: batch.rowCount, selection: batch.selection, count: batch.selectedCount };
		const fixedWidth = type.kind !== "array" && this.#fixedWidth();
		if (validity !== 0 && !(total && fixedWidth)) {
			const selection = region.allocate(rows.count * 2);
			const count = engine.kernels.select_valid(rows.count, rows.selection, validity, selection);
			rows = { rowCount: rows.rowCount, selection, count };
		}
		const result = (kernel.narrow ?? kernel)({ engine, region, statement, rows }, operands);
		if (validity === 0) return result;
		const merged = this.#conjunction(validity, result.validity, batch.rowCount, region);
		if (fixedWidth) {
			engine.kernels.zero_nulls(PHYSICAL_BYTES[result.physical], batch.rowCount, merged, result.values);
			if (result.physical === "numeric") engine.kernels.zero_nulls(4, batch.rowCount, merged, result.offsets);
		}
		return { ...result, validity: merged };
	}

	#fixedWidth(): boolean {
		const { kind } = this.type;
		return kind !== "text" && kind !== "varchar" && kind !== "char" && kind !== "bytea" && kind !== "jsonb" && kind !== "array";
	}

	#commonValidity(operands: Operand[], rowCount: number, region: Region): Pointer {
		let validity: Pointer = 0;
		for (const { vector, constant } of operands) {
			if (constant === 0) validity = this.#conjunction(validity, vector.validity, rowCount, region);
		}
		return validity;
	}

	#conjunction(left: Pointer, right: Pointer, rowCount: number, region: Region): Pointer {
		if (left === 0 || right === 0 || left === right) return left === 0 ? right : left;
		const out = region.allocate((rowCount + 7) >> 3);
		this.#options.engine.kernels.validity_and(rowCount, left, right, out);
		return out;
	}
}

/** A dictionary without entries has only NULL rows. */
function isNullDictionary(vector: Vector): boolean {
	return vector.kind === "dictionary" && vector.dictionary.entryCount === 0;
}
