/** What a join emits, by its kind, once a finder of pairs has told it which of them match. */
import { unreachable } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { JoinKind } from "#shared/contracts/plan/physical.ts";
import { columnsOf } from "../../expression/single-column.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { constantVector } from "../../vector/builder.ts";
import { takeBatch } from "../../vector/copy.ts";
import type { ConstantVector, FlatVector, Vector } from "../../vector/vector.ts";
import type { BuildSide } from "./build-side.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { JoinSides } from "./join.ts";
import type { RowCursor } from "../rows/row-cursor.ts";

/** A mark of a probe row, u8 by position: 0 no match, 1 a match, 2 a match that is NULL. */
export const MARK = { matched: 1, unknown: 2 } as const;

/** Pairs of a probe row's position (u16) and a stored row (u32). */
export interface Pairs {
	positions: Pointer;
	rows: Pointer;
	count: number;
}

/** Only whether there is a match counts, not with what. */
export function asksExistence(join: JoinKind): boolean {
	return join === "semi" || join === "anti" || join === "mark";
}

/** The build rows are emitted at the end, by whether something matched them. */
export function emitsBuild(join: JoinKind): boolean {
	return join === "right_semi" || join === "right_anti";
}

/** At the end come the build rows that nothing matched. */
export function emitsUnmatchedBuild(join: JoinKind): boolean {
	return join === "full" || join === "right" || join === "right_anti";
}

export class JoinOutput {
	readonly #context: ExecutionContext;
	readonly #join: JoinKind;
	readonly #build: BuildSide;
	/** A vector of NULLs for each of the probe side's columns. */
	readonly #nulls: ConstantVector[];
	/** Whether somebody reads the column: behind the join or in its condition; and of joined rows only. */
	readonly #readProbe: readonly boolean[];
	readonly #joined: { probe: readonly boolean[]; build: readonly boolean[] };
	/** Build rows still to be looked through for those without a match; null before the first. */
	#rest: RowCursor[] | null = null;

	/** @param condition what decides beside the keys */
	constructor(
		context: ExecutionContext,
		{ join, condition }: { join: JoinKind; condition: Expression | null },
		build: BuildSide,
		{ probeTypes, read }: Pick<JoinSides, "probeTypes" | "read">,
	) {
		this.#context = context;
		this.#join = join;
		this.#build = build;
		const region = context.lease.region();
		this.#nulls = probeTypes.map((type) => constantVector(context.engine, region, type, null));
		this.#readProbe = read.probe;
		const asked = new Set(condition === null ? [] : columnsOf(condition));
		this.#joined =
			asksExistence(join) || emitsBuild(join)
				? {
						probe: read.probe.map((_, column) => asked.has(column)),
						build: read.build.map((_, column) => asked.has(probeTypes.length + column)),
					}
				: read;
	}

	/** False where only pairs are emitted: then there are no marks. */
	get marks(): boolean {
		return this.#join !== "inner" && this.#join !== "right" && !emitsBuild(this.#join);
	}

	/** Whether a build row was matched is all that is asked. */
	get onlyFlags(): boolean {
		return emitsBuild(this.#join);
	}

	/** True where no probe row can give anything if the build side is empty. */
	get needsBuild(): boolean {
		return this.#join === "inner" || this.#join === "right" || this.#join === "semi" || emitsBuild(this.#join);
	}

	/** A probe batch with NULLs for columns that joined rows do not need, but for those of `kept`. */
	narrowed(batch: Batch, kept: ReadonlySet<number> = new Set()): Batch {
		const needed = (column: number): boolean => this.#readProbe[column] === true || kept.has(column);
		return { ...batch, columns: batch.columns.map((vector, column) => (needed(column) ? vector : (this.#nulls[column] as Vector))) };
	}

	/** Probe and build columns side by side; where pairs are not emitted, those of the condition. */
	joined(batch: Batch, pairs: Pairs, region: Region): Batch {
		const { engine } = this.#context;
		const needed = batch.columns.map((vector, column) => (this.#joined.probe[column] ? vector : (this.#nulls[column] as Vector)));
		const probeSide = takeBatch(engine, { ...batch, columns: needed }, pairs, region);
		const columns = [...probeSide.columns, ...this.#build.gather(pairs, region, this.#joined.build)];
		this.#context.spend(pairs.count * columns.length);
		return { rowCount: pairs.count, columns, selection: 0, selectedCount: pairs.count };
	}

	/**
	 * @param matches joined pairs, of which those that do not match are no longer selected
	 * @returns what of them is emitted now, if anything. @throws cardinality_violation (21000)
	 */
	accept(matches: Batch, pairs: Pairs, matched: Pointer): Batch | null {
		const { kernels } = this.#context.engine;
		const { selectedCount, selection } = matches;
		if (selectedCount === 0) return null;
		if (this.marks) {
			const again = kernels.join_mark(selectedCount, selection, pairs.positions, MARK.matched, matched);
			if (again > 0 && this.#join === "single") {
				throw new LittoralError("cardinality_violation", "more than one row returned by a subquery used as an expression");
			}
		}
		if (emitsUnmatchedBuild(this.#join) || this.onlyFlags) this.flag({ selection, count: selectedCount }, pairs);
		return asksExistence(this.#join) || this.onlyFlags ? null : matches;
	}

	/** Notes in the build rows of these pairs that something matched them. */
	flag(matches: { selection: Pointer; count: number }, pairs: Pairs): void {
		this.#context.engine.kernels.join_flag(matches.count, matches.selection, pairs.rows, this.#build.extraOffset);
	}

	/** What a probe batch gives once all its matches are marked. */
	finish(batch: Batch, matched: Pointer, region: Region): Batch | null {
		region.reset();
		this.#context.spend(batch.selectedCount);
		switch (this.#join) {
			case "inner":
			case "right":
			case "right_semi":
			case "right_anti":
				return null;
			case "left":
			case "full":
			case "single":
				return this.#unmatched(batch, matched, region);
			case "semi":
				return this.#narrowed(batch, { marked: 1, matched }, region);
			case "anti":
				return this.#narrowed(batch, { marked: 0, matched }, region);
			case "mark":
				return { ...batch, columns: [...batch.columns, this.#markColumn(batch.rowCount, matched, region)] };
			default:
				return unreachable(this.#join);
		}
	}

	/**
	 * After the last probe batch: some rows of the build side that are emitted by themselves (of a full, right or right anti join those without a match, of a right semi join those
	 * with one), or null in a step without any; "done" at the end.
	 */
	rest(region: Region): Batch | "done" | null {
		if (!emitsUnmatchedBuild(this.#join) && !this.onlyFlags) return "done";
		const { loose } = this.#build;
		this.#rest ??= [this.#build.cursor(), ...(loose === null ? [] : [this.#build.cursor(loose)])];
		const [cursor] = this.#rest;
		if (cursor === undefined) return "done";
		region.reset();
		const { rows, count: lookedAt } = cursor.next(this.#context.batchRowCountMax, region);
		if (lookedAt === 0) this.#rest.shift();
		this.#context.spend(lookedAt);
		const { engine } = this.#context;
		const isFlagged = this.#join === "right_semi" ? 1 : 0;
		const count = engine.kernels.join_flagged(isFlagged, lookedAt, rows, this.#build.extraOffset, rows);
		if (count === 0) return null;
		const own = this.#build.gather({ rows, count }, region);
		const columns = this.onlyFlags ? own : [...this.#nulls, ...own];
		this.#context.spend(count * columns.length);
		return { rowCount: count, columns, selection: 0, selectedCount: count };
	}

	#unmatched(batch: Batch, matched: Pointer, region: Region): Batch | null {
		const { positions, count } = this.#marked(batch, { marked: 0, matched }, region);
		if (count === 0) return null;
		return this.joined(batch, { positions, rows: region.allocateZeroed(count * 4), count }, region);
	}

	#narrowed(batch: Batch, rows: { marked: 0 | 1; matched: Pointer }, region: Region): Batch | null {
		const { positions, count } = this.#marked(batch, rows, region);
		return count === 0 ? null : { ...batch, selection: positions, selectedCount: count };
	}

	#marked(batch: Batch, { marked, matched }: { marked: 0 | 1; matched: Pointer }, region: Region): { positions: Pointer; count: number } {
		const positions = region.allocate(batch.selectedCount * 2);
		const { kernels } = this.#context.engine;
		return { positions, count: kernels.join_marked(marked, batch.selectedCount, batch.selection, matched, positions) };
	}

	#markColumn(rowCount: number, matched: Pointer, region: Region): FlatVector {
		const values = region.allocate(rowCount);
		const validity = region.allocate((rowCount + 7) >> 3);
		const nulls = this.#context.engine.kernels.join_mark_column(rowCount, matched, values, validity);
		const type: DataType = { kind: "boolean" };
		return { kind: "flat", type, physical: "bool", values, validity: nulls === 0 ? 0 : validity, offsets: 0 };
	}
}
