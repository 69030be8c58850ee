/**
 * Which files of a table are merged, and why: a pure function of the files, the prices and the rate of queries.
 *
 * - Small files gather in levels by size, each level eight times the one before. A level that holds COMPACTION_LEVEL_COUNT files is merged: all of it becomes one
 *   file, mostly of the next level. So a byte is rewritten about once a level, and what is left is bounded: {@link fileCountMax}.
 * - A file above the last level is settled. Settled files of a table with a sort key are merged only where COMPACTION_LEVEL_COUNT runs overlap at one place of the
 *   key, and only where the reads that this saves pay for it within a month. The files of one job are one run: they lie side by side.
 *
 * It ends: a merge of a level leaves fewer files, and a merge of overlapping runs leaves one run where several were and adds to none elsewhere.
 */
import {
	COMPACTION_JOB_BYTES_MAX,
	COMPACTION_JOB_FILE_COUNT_MAX,
	COMPACTION_LEVEL_BYTES,
	COMPACTION_LEVEL_COUNT,
} from "#shared/base/limits.ts";
import { compareBytes } from "#shared/contracts/bound.ts";
import { type JobCost, mergeCost, readsSavedDollars } from "./job-cost.ts";

export interface PolicyFile {
	path: string;
	byteCount: number;
	rowCount: number;
	/** Bounds of the first column of the sort key; null without a sort key, and where the file has none. */
	minimum: Uint8Array | null;
	maximum: Uint8Array | null;
}

export interface PolicyInput {
	/** In the order in which they were committed; those of open jobs left out. */
	files: readonly PolicyFile[];
	/** Whether the table has a sort key. */
	isSorted: boolean;
	/** Queries of the table a day, as far as anybody knows. */
	queriesPerDay: number;
}

export interface PlannedJob {
	/** Paths, in the order in which equal rows stay. */
	inputs: PolicyFile[];
	/** One sentence, with dollars. */
	reason: string;
}

/** Days in which a merge of settled files must pay for itself. */
const PAYBACK_DAYS = 30;

/** Most files of a table once the policy finds nothing to do: of `byteCount` bytes in files, those of open jobs left out. */
export function fileCountMax(byteCount: number): number {
	const settledBytes = COMPACTION_LEVEL_BYTES.at(-1) as number;
	return COMPACTION_LEVEL_BYTES.length * (COMPACTION_LEVEL_COUNT - 1) + Math.floor(byteCount / settledBytes);
}

/** @returns jobs that share no file; none where nothing is to be gained */
export function planCompaction(input: PolicyInput): PlannedJob[] {
	const levels = Map.groupBy(input.files, levelOf);
	const jobs: PlannedJob[] = [];
	for (const [level, files] of [...levels].toSorted(([left], [right]) => left - right)) {
		if (level === COMPACTION_LEVEL_BYTES.length) {
			if (input.isSorted) jobs.push(...overlapJobs(files, input.queriesPerDay));
		} else if (files.length >= COMPACTION_LEVEL_COUNT) jobs.push(...levelJobs(level, files, input));
	}
	return jobs;
}

/** Index in COMPACTION_LEVEL_BYTES; its length for a settled file. */
function levelOf({ byteCount }: PolicyFile): number {
	const level = COMPACTION_LEVEL_BYTES.findIndex((bytes) => byteCount < bytes);
	return level < 0 ? COMPACTION_LEVEL_BYTES.length : level;
}

function levelJobs(level: number, files: readonly PolicyFile[], { isSorted, queriesPerDay }: PolicyInput): PlannedJob[] {
	// Neighbours in the key end up in one file, where the files are too many for one job.
	const ordered = isSorted ? files.toSorted((left, right) => compareBounds(left.minimum, right.minimum)) : files;
	const order = new Map(files.map((file, index) => [file, index]));
	return chunks(ordered).map((chunk) => {
		const inputs = chunk.toSorted((left, right) => (order.get(left) as number) - (order.get(right) as number));
		const cost = mergeCost(inputs);
		const saved = readsSavedDollars(inputs.length - cost.outputFileCount);
		const queries = Math.ceil(cost.dollars / saved);
		const full = `level ${level} (files below ${formatBytes(COMPACTION_LEVEL_BYTES[level] as number)}) holds ${files.length} of at most ${COMPACTION_LEVEL_COUNT - 1} files`;
		return {
			inputs,
			reason: `${full}: ${describeMerge(inputs, cost)}, and saves ${dollars(saved)} a query, so it is paid after ${queries} queries, ${days(queries, queriesPerDay)} at ${queriesPerDay} a day`,
		};
	});
}

/** Pieces of at least two files, each within what one job reads. */
function chunks(files: readonly PolicyFile[]): PolicyFile[][] {
	const pieces: PolicyFile[][] = [];
	let piece: PolicyFile[] = [];
	let byteCount = 0;
	for (const file of files) {
		if (piece.length === COMPACTION_JOB_FILE_COUNT_MAX || byteCount + file.byteCount > COMPACTION_JOB_BYTES_MAX) {
			pieces.push(piece);
			piece = [];
			byteCount = 0;
		}
		piece.push(file);
		byteCount += file.byteCount;
	}
	pieces.push(piece);
	return pieces.filter(({ length }) => length >= 2);
}

/** The runs that overlap most, then those of the rest, as long as a merge of them pays. */
function overlapJobs(settled: readonly PolicyFile[], queriesPerDay: number): PlannedJob[] {
	const jobs: PlannedJob[] = [];
	let rest = settled.filter(hasBounds);
	for (;;) {
		const deepest = deepestOverlap(rest);
		if (deepest.runCount < COMPACTION_LEVEL_COUNT) return jobs;
		const inputs = withinOneJob(acrossRuns(deepest.files));
		const runs = new Set(inputs.map(runOf)).size;
		const cost = mergeCost(inputs);
		const saved = readsSavedDollars(runs - 1);
		const queries = Math.ceil(cost.dollars / saved);
		if (runs < 2 || queries > queriesPerDay * PAYBACK_DAYS) return jobs;
		jobs.push({
			inputs,
			reason: `${deepest.runCount} sorted runs overlap at one place of the sort key: ${describeMerge(inputs, cost)}, and saves ${dollars(saved)} a query of that place, so it is paid after ${queries} queries, ${days(queries, queriesPerDay)} at ${queriesPerDay} a day`,
		});
		const taken = new Set(inputs);
		rest = rest.filter((file) => !taken.has(file));
	}
}

/** One file of each run first, then the second of each: a merge that must cut its inputs into groups brings runs together in each. */
function acrossRuns(files: readonly PolicyFile[]): PolicyFile[] {
	return [...Map.groupBy(files, runOf).values()]
		.flatMap((run) => run.map((file, index) => ({ file, index })))
		.toSorted((left, right) => left.index - right.index)
		.map(({ file }) => file);
}

function withinOneJob(files: readonly PolicyFile[]): PolicyFile[] {
	let byteCount = 0;
	return files.filter((file) => (byteCount += file.byteCount) <= COMPACTION_JOB_BYTES_MAX);
}

type BoundedFile = PolicyFile & { minimum: Uint8Array; maximum: Uint8Array };

/** Without bounds nobody knows where a file lies; with one value only it overlaps none. */
function hasBounds(file: PolicyFile): file is BoundedFile {
	return file.minimum !== null && file.maximum !== null && compareBytes(file.minimum, file.maximum) < 0;
}

/** Files that contain one place of the key, of the most runs: a sweep over the files' lower bounds. Files that only touch do not overlap. */
function deepestOverlap(files: readonly BoundedFile[]): { runCount: number; files: BoundedFile[] } {
	let deepest: { runCount: number; files: BoundedFile[] } = { runCount: 0, files: [] };
	let open: BoundedFile[] = [];
	for (const file of files.toSorted((left, right) => compareBytes(left.minimum, right.minimum))) {
		open = open.filter((other) => compareBytes(other.maximum, file.minimum) > 0);
		open.push(file);
		const runCount = new Set(open.map(runOf)).size;
		if (runCount > deepest.runCount) deepest = { runCount, files: open.slice() };
	}
	return deepest;
}

/** Files of one merge are one run; a flush or a bulk file is a run of its own. The name is `<run>-<number>.parquet`. */
function runOf({ path }: PolicyFile): string {
	return /\/(merge-[^/]+)-\d+\.parquet$/.exec(path)?.[1] ?? path;
}

function compareBounds(left: Uint8Array | null, right: Uint8Array | null): number {
	if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
	return compareBytes(left, right);
}

function describeMerge(inputs: readonly PolicyFile[], { outputFileCount, dollars: cost }: JobCost): string {
	const byteCount = inputs.reduce((sum, file) => sum + file.byteCount, 0);
	return `merging ${inputs.length} files of ${formatBytes(byteCount)} into ${outputFileCount} costs ${dollars(cost)}`;
}

function formatBytes(byteCount: number): string {
	const units = ["bytes", "KiB", "MiB", "GiB"];
	const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, byteCount)) / 10));
	return `${Number((byteCount / 1024 ** power).toPrecision(3))} ${units[power]}`;
}

/** Two significant digits, never in exponents. */
function dollars(amount: number): string {
	return `$${amount.toFixed(Math.max(2, 1 - Math.floor(Math.log10(amount))))}`;
}

function days(queries: number, queriesPerDay: number): string {
	return `${Number((queries / queriesPerDay).toPrecision(2))} days`;
}
