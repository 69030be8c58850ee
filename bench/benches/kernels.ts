/** Nanoseconds for a value of every kernel, in the calls that queries make of it: the shapes of TPC-H and ClickBench, and expressions over every type. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLICKBENCH } from "../../tests/sql/queries/clickbench.ts";
import { TPCH } from "../../tests/sql/queries/tpch.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import { hitsDataset } from "../clickbench/dataset.ts";
import { type Dataset, type StoredTable, storeDataset } from "../data/dataset.ts";
import { installBuiltKernels } from "../engine/install-kernels.ts";
import { NodeEngine } from "../engine/node-engine.ts";
import { kernelsBesideTwins, ROW_KINDS } from "../kernels/beside-twins.ts";
import { CALL_KINDS, ClockedKernels, type KernelFigure } from "../kernels/clocked-kernels.ts";
import { kernelQueries } from "../kernels/expressions.ts";
import { typedRows } from "../kernels/rows.ts";
import type { Bench } from "../runner/bench.ts";
import type { Session } from "../runner/session.ts";
import { geometricMean } from "../runner/statistics.ts";
import { tpchDataset } from "../tpch/dataset.ts";

const SCALE = { full: 0.05, smoke: 0.001 };
const HIT_COUNT = { full: 100_000, smoke: 1000 };
const ROW_COUNT = { full: 50_000, smoke: 3000 };
const ARENA_BYTES = 64 * 1024 * 1024;

export const kernelsBench: Bench = {
	name: "kernels",
	title:
		"Median nanoseconds for a value of each kernel over calls of 512 values and more, in Node, by queries of TPC-H's and ClickBench's shapes and by expressions over columns of every type, with NULL in one row of ten and without",
	async run(session) {
		installBuiltKernels();
		const clocked = new ClockedKernels();
		const spillDirectory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		try {
			const rows = typedRows(session.sized(ROW_COUNT));
			const datasets = [tpchDataset(session.sized(SCALE)), hitsDataset(session.sized(HIT_COUNT)), rows];
			const stored = await Promise.all(datasets.map((dataset) => storeDataset(dataset)));
			const tables = stored.flatMap((dataset) => dataset.tables);
			const engine = new NodeEngine({ tables, arenaBytes: ARENA_BYTES, spillDirectory, stages: false, wrapKernels: clocked.wrap });
			await writeRows(rows, tables, clocked);
			for (const sql of [...Object.values(TPCH), ...CLICKBENCH, ...kernelQueries()]) await engine.query(sql);
		} finally {
			rmSync(spillDirectory, { recursive: true, force: true });
		}
		publish(session, clocked.figures());
		publishTwins(session);
	},
};

/** To Parquet, into nowhere. */
async function writeRows(rows: Dataset, stored: StoredTable[], clocked: ClockedKernels): Promise<void> {
	const engine = createEngine({ wrap: clocked.wrap });
	const lease = new Lease(engine.arena, { owner: "bench" });
	try {
		for (const table of rows.tables) {
			const { definition } = stored.find(({ name }) => name === table.name) as StoredTable;
			const columns = definition.columns.map((column, index) => ({ ...column, fieldId: index + 1 }));
			const writer = new ParquetWriter({ columns, engine, sketches: true, sink: () => {} });
			for (const batch of table.batches(definition.columns, engine, lease.region())) await writer.write(batch);
			await writer.finish();
		}
	} finally {
		lease.release();
	}
}

function publish(session: Session, figures: KernelFigure[]): void {
	const measured = figures.filter(({ nsPerValue }) => Object.keys(nsPerValue).length > 0);
	session.table({
		title: `${measured.length} of ${figures.length} kernels, ns for a value`,
		head: ["kernel", "values of a call", ...CALL_KINDS],
		rows: measured.map(({ kernel, valueCount, nsPerValue }) => [
			`\`${kernel}\``,
			String(valueCount),
			...CALL_KINDS.map((kind) => nsPerValue[kind]?.toPrecision(2) ?? ""),
		]),
	});
	const names = (list: KernelFigure[]): string => list.map(({ kernel }) => `\`${kernel}\``).join(", ");
	const others = figures.filter((figure) => !measured.includes(figure));
	session.table({
		title: "Kernels that have no such call here",
		head: ["why", "kernels"],
		rows: [
			["they are called for fewer values, or for bytes, pages or one value", names(others.filter(({ callCount }) => callCount > 0))],
			["none of these queries calls them", names(others.filter(({ callCount }) => callCount === 0))],
		],
	});
}

function publishTwins(session: Session): void {
	const shown = (ns: number): string => (ns >= 100 ? String(Math.round(ns)) : ns.toPrecision(2));
	const beside = kernelsBesideTwins();
	session.table({
		title: `${beside.length} kernels beside their reference twins in JavaScript, which are written to be read: ns for a value, 2,048 rows that stay in the caches`,
		head: ["kernel", ...ROW_KINDS.flatMap((kind) => [kind, "the twin", "times as fast"])],
		rows: beside.map(({ kernel, ns }) => [
			`\`${kernel}\``,
			...ns.flatMap((times) => [shown(times.kernel), shown(times.twin), shown(times.twin / times.kernel)]),
		]),
	});
	for (const [index, kind] of ROW_KINDS.entries()) {
		const ratios = beside.map(({ ns }) => (ns[index]?.twin ?? Number.NaN) / (ns[index]?.kernel ?? Number.NaN));
		session.figure(`kernels beside their twins, ${kind}: times as fast, geometric mean`, geometricMean(ratios), "x");
	}
}
