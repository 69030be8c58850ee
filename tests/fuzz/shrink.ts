/**
 * Makes a find small: a query over a few tables on which two engines differ. Parts are left out for as long as they go on to differ in the same way: ranges of the query's words, then
 * INSERTs, rows and columns. A range that leaves no SQL behind is refused by both alike, and so is kept.
 *
 * @see Zeller and Hildebrandt 2002, "Simplifying and Isolating Failure-Inducing Input"
 */
import type { FuzzTable } from "./tables.ts";

export interface Find {
	tables: FuzzTable[];
	sql: string;
}

/** How the two differ, or null: a text that is the same for what is probably the same cause. */
export type Differ = (find: Find) => Promise<string | null>;

/** Trials of one find; each runs its query twice, and what sets it up where that has changed. */
const TRIAL_COUNT_MAX = 1500;
/** Longer ranges are halved, shorter ones tried one by one. */
const EVERY_LENGTH_MAX = 12;
const WORDS = /'(?:[^']|'')*'|"[^"]*"|[A-Za-z_][A-Za-z_0-9.]*|\d+(?:\.\d+)?|::|\|\||<=|>=|<>|[^\s]/g;

export async function shrink(find: Find, differ: Differ): Promise<Find> {
	const wanted = await differ(find);
	let trialCount = 0;
	const stillDiffers = async (candidate: Find): Promise<boolean> =>
		trialCount++ < TRIAL_COUNT_MAX && wanted !== null && (await differ(candidate)) === wanted;

	let best = find;
	const words = await without(best.sql.match(WORDS) ?? [], (kept) => stillDiffers({ ...best, sql: kept.join(" ") }));
	best = { ...best, sql: words.join(" ") };
	const used = best.tables.filter(({ name }) => words.some((word) => word === name));
	if (await stillDiffers({ ...best, tables: used })) best = { ...best, tables: used };
	for (const [index, table] of best.tables.entries()) {
		const withTable = (changed: FuzzTable): Find => ({ ...best, tables: best.tables.with(index, changed) });
		let small = table;
		small = { ...small, inserts: await without(small.inserts, (inserts) => stillDiffers(withTable({ ...small, inserts }))) };
		for (const at of small.inserts.keys()) {
			const withRows = (rows: string[][]): FuzzTable => ({ ...small, inserts: small.inserts.with(at, rows) });
			const rows = await without(
				small.inserts[at] as string[][],
				async (kept) => kept.length > 0 && stillDiffers(withTable(withRows(kept))),
			);
			small = withRows(rows);
		}
		const positions = await without(
			[...small.columns.keys()],
			async (kept) => kept.length > 0 && stillDiffers(withTable(onlyColumns(small, kept))),
		);
		best = withTable(onlyColumns(small, positions));
	}
	return best;
}

/** Leaves out ranges, the long ones first, until none can go. */
async function without<Item>(items: readonly Item[], holds: (kept: Item[]) => Promise<boolean>): Promise<Item[]> {
	let kept = [...items];
	for (let length = kept.length; length > 0; length = length > 2 * EVERY_LENGTH_MAX ? length >> 1 : length - 1) {
		for (let start = 0; start + length <= kept.length; ) {
			const candidate = kept.toSpliced(start, length);
			if (await holds(candidate)) kept = candidate;
			else start++;
		}
	}
	return kept;
}

function onlyColumns(table: FuzzTable, positions: readonly number[]): FuzzTable {
	const pick = <Item>(items: readonly Item[]): Item[] => positions.map((position) => items[position] as Item);
	return { ...table, columns: pick(table.columns), inserts: table.inserts.map((rows) => rows.map(pick)) };
}
