/** Runs a plan in this isolate: scans over files and tails, operators above them, batches out. */
import { READ_AHEAD_BYTES_MAX } from "#shared/base/limits.ts";
import type { PhysicalPlan, PhysicalScan } from "#shared/contracts/plan/physical.ts";
import { filePath } from "#shared/contracts/file-page.ts";
import { predicateRanges } from "#shared/contracts/plan/bounds.ts";
import { predicateSteps } from "#shared/engine/expression/predicate.ts";
import { RunningPlan, type ScanNeeds } from "#shared/engine/operators/build.ts";
import { run } from "#shared/engine/operators/driver.ts";
import type { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import type { ScanKeyFilter } from "#shared/engine/operators/key-filter/key-filter.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { runningCount } from "../admission.ts";
import type { ParquetReaderOptions } from "#shared/parquet/read/reader.ts";
import type { Ports } from "../ports.ts";
import { CacheShare, objectSource, openDataFile } from "./block-cache.ts";
import { scanColumns } from "./columns.ts";
import { FileSource } from "./file-source.ts";
import { ReadBuffers } from "./read-buffers.ts";
import { windowByteCount } from "./read-window.ts";
import { matchingRowGroups } from "./row-groups.ts";
import { ScanFilter, TableSource } from "./table-source.ts";
import { isEmptyTail, type OpenedTail, tailSource } from "./tail-source.ts";

export interface PlanFiles {
	filesScanned: number;
	filesPruned: number;
}

/** @param tails per table of the plan */
export function runPlan(
	ports: Ports,
	plan: PhysicalPlan,
	tails: OpenedTail[][],
	context: ExecutionContext,
): AsyncGenerator<Batch, void, void> {
	return run(openPlan(ports, plan, tails, context), context);
}

/** The plan's operators, which count what they do while they run. */
export function openPlan(ports: Ports, plan: PhysicalPlan, tails: OpenedTail[][], context: ExecutionContext): RunningPlan {
	// As much as may be read ahead, and what the scan looks at meanwhile: at the end of a file all of it lies ready for the next one.
	const buffers = new ReadBuffers(
		() => aheadByteCount() + windowByteCount(runningCount(), plan.tables.length) / Math.max(1, runningCount()),
	);
	const reading = { share: new CacheShare(), buffers };
	return new RunningPlan(context, plan, (scan, needs) => openScan({ ports, plan, tails, reading }, { scan, ...needs }, context));
}

export function filesOf(plan: PhysicalPlan): PlanFiles {
	return {
		filesScanned: plan.tables.reduce((sum, table) => sum + table.pages.reduce((count, page) => count + page.fileCount, 0), 0),
		filesPruned: plan.tables.reduce((sum, table) => sum + table.filesPruned, 0),
	};
}

/** Queries that run at once share what an isolate may read ahead. */
const aheadByteCount = (): number => READ_AHEAD_BYTES_MAX / Math.max(1, runningCount());

interface OpenedScan extends ScanNeeds {
	scan: PhysicalScan;
}

interface OpenedTables {
	ports: Ports;
	plan: PhysicalPlan;
	tails: OpenedTail[][];
	/** Of the whole query. */
	reading: { share: CacheShare; buffers: ReadBuffers };
}

function openScan(
	{ ports, plan, tails, reading }: OpenedTables,
	{ scan, keyFilters, floor, late, rowCountMax, extremesOnly }: OpenedScan,
	context: ExecutionContext,
): BatchSource {
	const table = plan.tables[scan.table] as (typeof plan.tables)[number];
	const columns = scanColumns(table.schema, scan.columns);
	const ranges = predicateRanges(scan.predicate);
	const countBytes = context.byteCounter();
	const files = table.pages.flatMap((page) =>
		Array.from({ length: page.fileCount }, (_, index) => ({ path: filePath(page, index), byteCount: page.byteCounts[index] as number })),
	);
	const steps = scan.predicate === null ? [] : predicateSteps(scan.predicate);
	const filter = new ScanFilter(
		steps.map(({ predicate }) => context.compilePredicate(predicate)),
		context,
	);
	const isFiltered = steps.length > 0 || keyFilters.length > 0 || late !== null;
	const opened = tails[scan.table] as OpenedTail[];
	const fileSource = new FileSource({
		context,
		// Rows of a tail come behind the files, and may have any key.
		floor: opened.every(isEmptyTail) ? floor : null,
		columns,
		batchRowCountMax: rowCountMax,
		fileCount: files.length,
		open: (index) => {
			const file = { ...(files[index] as (typeof files)[number]), spend: countBytes };
			return { source: objectSource(ports.objects, { ...file, ...reading }, aheadByteCount), file: openDataFile(ports.objects, file) };
		},
		windowBytes: () => windowByteCount(runningCount(), plan.tables.length),
		rowGroups: (file) => matchingRowGroups(file, columns, ranges),
		extremesOnly: extremesOnly && !isFiltered,
		filters: isFiltered
			? [
					{ columns: [], select: (batch: Batch) => filter.begin(batch) },
					...steps.map(({ columns: read }, step) => ({ columns: read, select: (batch: Batch) => filter.ask(step, batch) })),
					...keySelections(keyFilters, context),
					...(late === null ? [] : [{ columns: late.deciding, select: (batch: Batch) => late.wanted(batch, context) }]),
				]
			: [],
	});
	const tailSources = opened.map((tail) => tailSource(context, tail, columns, countBytes));
	const sources = [{ source: fileSource, isFiltered }, ...tailSources.map((source) => ({ source, isFiltered: false }))];
	return new TableSource(sources, filter, context);
}

/** Each asked when its column alone is read. */
function keySelections(keyFilters: readonly ScanKeyFilter[], context: ExecutionContext): NonNullable<ParquetReaderOptions["filters"]> {
	return keyFilters.map((keyFilter) => {
		const region = context.lease.region();
		const select = (batch: Batch): Batch => {
			region.reset();
			return keyFilter.select(batch, region);
		};
		return { columns: [keyFilter.column], select };
	});
}
