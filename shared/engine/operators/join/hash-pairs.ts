/**
 * The pairs of an equi-join, by the chains of the build side.
 *
 * A mark join that knows NULLs asks up to three times, each time for the rows still without a mark: by every key (a match); among loose rows by the plain keys (NULL);
 * and, where the probe row's own last key is NULL, among the others by the plain keys (NULL).
 */
import type { HashJoinSpec } from "./hash-join-pass.ts";
import { columnsOf } from "../../expression/single-column.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten } from "../../vector/copy.ts";
import { DESCRIPTOR_BYTES, type RowColumn, VALUE_KIND, writeDescriptors } from "../../vector/row-layout.ts";
import type { BuildSide, Chains } from "./build-side.ts";
import type { CompiledExpression, CompiledPredicate } from "../evaluator.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { PairFinder } from "./join.ts";
import { asksExistence, type JoinOutput, MARK, type Pairs } from "./join-output.ts";

/** Work units of finding one pair. */
const PAIR_COST = 4;
const KEY_COST = 4;
/** Stored rows that one kernel call may look at. */
const STEP_COUNT = 65_536;

/** One question: which of `rows` have a stored row in `chains` whose first `keyCount` keys are equal? */
interface Question {
	chains: Chains;
	keyCount: number;
	mark: (typeof MARK)[keyof typeof MARK];
	rows: { selection: Pointer; count: number };
}

export class HashPairs implements PairFinder {
	readonly #context: ExecutionContext;
	readonly #build: BuildSide;
	readonly #output: JoinOutput;
	readonly #keys: CompiledExpression[];
	/** Positions of the probe side's columns that the keys are made of. */
	readonly #keyColumns: ReadonlySet<number>;
	readonly #keyCost: number;
	readonly #residual: CompiledPredicate | null;
	/** Matches need not be looked at: it is enough to know that there is one. */
	readonly #existence: boolean;
	readonly #nullAware: boolean;
	readonly #descriptors: Pointer;
	/** Where the kernels go on: u32 index, u32 stored row, u32 steps left, and a word of their own. */
	readonly #state: Pointer;
	#batch: Batch = { rowCount: 0, columns: [], selection: 0, selectedCount: 0 };
	#matched: Pointer = 0;
	#hashes: Pointer = 0;
	/** Values of the first key, by position. */
	#firstKey: Pointer = 0;
	/** Those not yet answered, the first of them under way. */
	#questions: Question[] = [];

	constructor(context: ExecutionContext, node: HashJoinSpec, build: BuildSide, output: JoinOutput) {
		this.#context = context;
		this.#build = build;
		this.#output = output;
		this.#keys = node.probeKeys.map((key) => context.compileExpression(key));
		this.#keyColumns = new Set(node.probeKeys.flatMap(columnsOf));
		this.#keyCost = this.#keys.reduce((cost, key) => cost + key.costPerRow + KEY_COST, 0);
		this.#residual = node.residual === null ? null : context.compilePredicate(node.residual);
		this.#existence = this.#residual === null && asksExistence(node.join);
		this.#nullAware = node.nullAware;
		const own = context.lease.region();
		this.#descriptors = own.allocate(this.#keys.length * DESCRIPTOR_BYTES);
		this.#state = own.allocate(16);
	}

	get done(): boolean {
		return this.#questions.length === 0;
	}

	narrowed(batch: Batch): Batch {
		return this.#output.narrowed(batch, this.#keyColumns);
	}

	start(batch: Batch, matched: Pointer, region: Region): void {
		const { engine } = this.#context;
		this.#context.spend(batch.selectedCount * this.#keyCost);
		const columns = this.#build.keyColumns;
		const described = this.#keys.map((key, index) => ({
			column: columns[index] as RowColumn,
			vector: flatten(engine, key.evaluate(batch, region), batch, region),
		}));
		writeDescriptors(engine, described, this.#descriptors);
		this.#firstKey = (described[0] as (typeof described)[number]).vector.values;
		this.#batch = batch;
		this.#matched = matched;
		this.#hashes = region.allocate(batch.rowCount * 4);
		this.#questions = this.#ask(batch, region).filter(({ rows }) => rows.count > 0);
		this.#begin();
	}

	step(region: Region): Batch | null {
		region.reset();
		const question = this.#questions[0] as Question;
		const { i32 } = this.#context.engine.arena.views;
		i32[this.#state / 4 + 2] = STEP_COUNT;
		const found = this.#existence ? this.#exists(question) : this.#pairs(question, region);
		this.#context.spend(STEP_COUNT - (i32[this.#state / 4 + 2] as number));
		if (i32[this.#state / 4] === question.rows.count) {
			this.#questions.shift();
			this.#begin();
		}
		return found;
	}

	#ask(batch: Batch, region: Region): Question[] {
		const { kernels } = this.#context.engine;
		const { byKeys, byPlainKeys, looseByPlainKeys } = this.#build;
		const keyCount = this.#keys.length;
		const rowsWithout = (count: number): Question["rows"] => {
			const selection = region.allocate(batch.selectedCount * 2);
			return { selection, count: kernels.rows_without_null(batch.selectedCount, batch.selection, count, this.#descriptors, selection) };
		};
		const first: Question = { chains: byKeys as Chains, keyCount, mark: MARK.matched, rows: rowsWithout(keyCount) };
		if (!this.#nullAware || byPlainKeys === null || looseByPlainKeys === null) return [first];
		const plain = rowsWithout(keyCount - 1);
		const selection = region.allocate(plain.count * 2);
		const last = this.#descriptors + (keyCount - 1) * DESCRIPTOR_BYTES;
		const nulls = { selection, count: kernels.rows_with_null(plain.count, plain.selection, 1, last, selection) };
		return [
			first,
			{ chains: looseByPlainKeys, keyCount: keyCount - 1, mark: MARK.unknown, rows: plain },
			{ chains: byPlainKeys, keyCount: keyCount - 1, mark: MARK.unknown, rows: nulls },
		];
	}

	/** Prepares the question that comes next: hashes of its keys, for the rows that are still without a mark. */
	#begin(): void {
		const { engine } = this.#context;
		engine.arena.views.u32.fill(0, this.#state / 4, this.#state / 4 + 2);
		for (; ; this.#questions.shift()) {
			const [question] = this.#questions;
			if (question === undefined) return;
			const { rows, keyCount } = question;
			if (question.mark === MARK.unknown) {
				rows.count = engine.kernels.join_marked(0, rows.count, rows.selection, this.#matched, rows.selection);
				if (rows.count === 0) continue;
			}
			this.#hash(question.chains, { rows, keyCount });
			return;
		}
	}

	#hash({ range }: Chains, { rows, keyCount }: Pick<Question, "rows" | "keyCount">): void {
		const { kernels } = this.#context.engine;
		if (range === 0) kernels.rows_hash(rows.count, rows.selection, keyCount, this.#descriptors, this.#hashes);
		else {
			const { kind } = this.#build.keyColumns[0] as RowColumn;
			kernels.keys_place(rows.count, rows.selection, this.#firstKey, kind === VALUE_KIND.i64 ? 1 : 0, range, this.#hashes);
		}
	}

	/** What the kernels that follow a question's chains are given first. */
	#asked({ chains: { heads, mask, shift, link, range }, keyCount, rows }: Question) {
		// Places need no look at the keys.
		const comparedCount = range === 0 ? keyCount : 0;
		return [rows.count, rows.selection, comparedCount, this.#descriptors, this.#hashes, link, heads, mask, shift, this.#state] as const;
	}

	#exists(question: Question): null {
		this.#context.engine.kernels.join_exists(...this.#asked(question), question.mark, this.#matched);
		return null;
	}

	/** The next pairs that pass the residual. */
	#pairs(question: Question, region: Region): Batch | null {
		const { kernels } = this.#context.engine;
		const { mark } = question;
		const pairs: Pairs = {
			positions: region.allocate(this.#context.batchRowCountMax * 2),
			rows: region.allocate(this.#context.batchRowCountMax * 4),
			count: 0,
		};
		pairs.count = kernels.join_probe(...this.#asked(question), this.#context.batchRowCountMax, pairs.positions, pairs.rows);
		if (pairs.count === 0) return null;
		if (this.#residual === null && this.#output.onlyFlags) {
			this.#context.spend(pairs.count * PAIR_COST);
			this.#output.flag({ selection: 0, count: pairs.count }, pairs);
			return null;
		}
		const joined = this.#output.joined(this.#batch, pairs, region);
		this.#context.spend(pairs.count * (PAIR_COST + (this.#residual?.costPerRow ?? 0)));
		const matches = this.#residual === null ? joined : this.#residual.select(joined, region);
		if (mark === MARK.matched) return this.#output.accept(matches, pairs, this.#matched);
		kernels.join_mark(matches.selectedCount, matches.selection, pairs.positions, mark, this.#matched);
		return null;
	}
}
