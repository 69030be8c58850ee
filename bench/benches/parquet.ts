/** Our Parquet core by itself: reading every column of a file, and writing it anew, beside DuckDB with one thread. Both files are then read by both. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ColumnSchema } from "#shared/contracts/table.ts";
import { ROW_GROUP_ROW_COUNT } from "#shared/base/limits.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import { countRows, countRowsIn, expectTotals, type Lines, openLines, readLines, totalsIn, totalsOf } from "../data/lines.ts";
import { installBuiltKernels } from "../engine/install-kernels.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import type { Session } from "../runner/session.ts";
import { ownCpuMs } from "../world/peers.ts";

const SCALE = { full: 0.1, smoke: 0.002 };
/** Processor time over DuckDB's with one thread. */
const READ_FACTOR = 1.5;
const WRITE_FACTOR = 2;

export const parquetBench: Bench = {
	name: "parquet",
	title: "Columns of TPC-H's lines (derived, not TPC-H) read from Parquet, and written: 64 MiB of arena, and DuckDB with one thread",
	async run(session) {
		installBuiltKernels();
		const lines = await openLines(session.sized(SCALE));
		const directory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		try {
			for (const part of partsOf(lines)) await read(session, lines, part);
			for (const part of partsOf(lines)) await write(session, lines, part, directory);
		} finally {
			lines.duckdb.close();
			rmSync(directory, { recursive: true, force: true });
		}
	},
};

/** What is read or written at once. */
interface Part {
	name: string;
	columns: ColumnSchema[];
}

function partsOf({ schema: { columns } }: Lines): Part[] {
	const isText = ({ type }: ColumnSchema): boolean => type.kind === "varchar" || type.kind === "text";
	return [
		{ name: "all", columns },
		{ name: "numbers", columns: columns.filter((column) => !isText(column)) },
		{ name: "strings", columns: columns.filter(isText) },
	];
}

const namesOf = ({ columns }: Part): string => columns.map(({ name }) => name).join(", ");

async function read(session: Session, lines: Lines, part: Part): Promise<void> {
	const what = `read, ${part.name}`;
	if (part.name === "all") expectTotals(what, await totalsOf(lines.engine, readLines(lines, lines.bytes)), lines);
	const measured = await session.interleave({
		what,
		warmUpCount: 2,
		peers: [
			{ name: "Littoral", cpuMs: ownCpuMs, run: () => countRows(readLines(lines, lines.bytes, part.columns)) },
			{ name: "DuckDB", cpuMs: ownCpuMs, run: () => countRowsIn(lines.duckdb, "lines", namesOf(part)) },
		],
		check: (rowCount, peer) => expectAnswer(`rows read by ${peer}`, rowCount, lines.totals.rowCount),
	});
	publish(session, lines, { what, measured, factorMax: READ_FACTOR });
}

async function write(session: Session, lines: Lines, part: Part, directory: string): Promise<void> {
	const what = `read and written, ${part.name}`;
	const paths = { littoral: join(directory, "littoral.parquet"), duckdb: join(directory, "duckdb.parquet") };
	const measured = await session.interleave({
		what,
		warmUpCount: 1,
		peers: [
			{ name: "Littoral", cpuMs: ownCpuMs, run: () => writeLines(lines, part, paths.littoral) },
			{
				name: "DuckDB",
				cpuMs: ownCpuMs,
				run: async () => {
					const options = `FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${ROW_GROUP_ROW_COUNT}`;
					const [row] = await lines.duckdb.query(`COPY (SELECT ${namesOf(part)} FROM lines) TO '${paths.duckdb}' (${options})`);
					return Number(row?.[0]);
				},
			},
		],
		check: (rowCount, peer) => expectAnswer(`rows written by ${peer}`, rowCount, lines.totals.rowCount),
	});
	publish(session, lines, { what, measured, factorMax: WRITE_FACTOR });
	if (part.name !== "all") return;
	expectTotals("ours, read by us", await totalsOf(lines.engine, readLines(lines, readFileSync(paths.littoral))), lines);
	for (const path of Object.values(paths)) expectTotals(`${path}, read by DuckDB`, await totalsIn(lines.duckdb, `'${path}'`), lines);
	for (const [name, path] of Object.entries(paths)) session.figure(`size of the file by ${name}`, readFileSync(path).length / 1e6, "MB");
}

async function writeLines(lines: Lines, { columns }: Part, path: string): Promise<number> {
	const parts: Uint8Array[] = [];
	const writer = new ParquetWriter({ columns, engine: lines.engine, sink: (bytes) => void parts.push(bytes) });
	for await (const batch of readLines(lines, lines.bytes, columns)) await writer.write(batch);
	const { rowCount } = await writer.finish();
	writeFileSync(path, Buffer.concat(parts));
	return rowCount;
}

function publish(
	session: Session,
	{ totals }: Lines,
	{ what, measured, factorMax }: { what: string; measured: Record<string, { cpuMs: number }>; factorMax: number },
): void {
	const [own, peer] = [measured["Littoral"], measured["DuckDB"]] as [{ cpuMs: number }, { cpuMs: number }];
	session.figure(`${what}: rows by processor time`, totals.rowCount / (own.cpuMs / 1000), "rows/s");
	session.bar({ what: `${what}: processor time of DuckDB's`, value: own.cpuMs / peer.cpuMs, atMost: factorMax, unit: "x" });
}
