/** Our Parquet core by itself: reading every column of a file, and writing it anew, beside DuckDB with one thread. Both files are then read by both. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROW_GROUP_ROW_COUNT } from "#shared/base/limits.ts";
import { ParquetWriter } from "#shared/parquet/writer.ts";
import { countRows, countRowsIn, expectTotals, type Lines, openLines, readLines, totalsIn, totalsOf } from "../data/lines.ts";
import { installBuiltKernels } from "../engine/install-kernels.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import type { Session } from "../runner/session.ts";
import { ownCpuMs } from "../world/peers.ts";

const SCALE = { full: 0.1, smoke: 0.002 };

export const parquetBench: Bench = {
	name: "parquet",
	title: "Every column of TPC-H's lines (derived, not TPC-H) read from Parquet, and written: 64 MiB of arena, and DuckDB with one thread",
	async run(session) {
		installBuiltKernels();
		const lines = await openLines(session.sized(SCALE));
		const directory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		try {
			await read(session, lines);
			await write(session, lines, directory);
		} finally {
			lines.duckdb.close();
			rmSync(directory, { recursive: true, force: true });
		}
	},
};

async function read(session: Session, lines: Lines): Promise<void> {
	expectTotals("read", await totalsOf(lines.engine, readLines(lines, lines.bytes)), lines);
	const measured = await session.interleave({
		what: "read",
		warmUpCount: 2,
		peers: [
			{ name: "Littoral", cpuMs: ownCpuMs, run: () => countRows(readLines(lines, lines.bytes)) },
			{ name: "DuckDB", cpuMs: ownCpuMs, run: () => countRowsIn(lines.duckdb, "lines") },
		],
		check: (rowCount, peer) => expectAnswer(`rows read by ${peer}`, rowCount, lines.totals.rowCount),
	});
	publish(session, "read", lines, measured);
}

async function write(session: Session, lines: Lines, directory: string): Promise<void> {
	const paths = { littoral: join(directory, "littoral.parquet"), duckdb: join(directory, "duckdb.parquet") };
	const measured = await session.interleave({
		what: "read and written",
		warmUpCount: 1,
		peers: [
			{ name: "Littoral", cpuMs: ownCpuMs, run: () => writeLines(lines, paths.littoral) },
			{
				name: "DuckDB",
				cpuMs: ownCpuMs,
				run: async () => {
					const options = `FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${ROW_GROUP_ROW_COUNT}`;
					const [row] = await lines.duckdb.query(`COPY (SELECT * FROM lines) TO '${paths.duckdb}' (${options})`);
					return Number(row?.[0]);
				},
			},
		],
		check: (rowCount, peer) => expectAnswer(`rows written by ${peer}`, rowCount, lines.totals.rowCount),
	});
	expectTotals("ours, read by us", await totalsOf(lines.engine, readLines(lines, readFileSync(paths.littoral))), lines);
	for (const path of Object.values(paths)) expectTotals(`${path}, read by DuckDB`, await totalsIn(lines.duckdb, `'${path}'`), lines);
	publish(session, "read and written", lines, measured);
	for (const [name, path] of Object.entries(paths)) session.figure(`size of the file by ${name}`, readFileSync(path).length / 1e6, "MB");
}

async function writeLines(lines: Lines, path: string): Promise<number> {
	const parts: Uint8Array[] = [];
	const writer = new ParquetWriter({ columns: lines.schema.columns, engine: lines.engine, sink: (bytes) => void parts.push(bytes) });
	for await (const batch of readLines(lines, lines.bytes)) await writer.write(batch);
	const { rowCount } = await writer.finish();
	writeFileSync(path, Buffer.concat(parts));
	return rowCount;
}

function publish(
	session: Session,
	what: string,
	{ totals, bytes }: Lines,
	measured: Record<string, { wallMs: number; cpuMs: number }>,
): void {
	const [own, peer] = [measured["Littoral"], measured["DuckDB"]] as [{ cpuMs: number }, { cpuMs: number }];
	session.figure(`${what}: rows by processor time`, totals.rowCount / (own.cpuMs / 1000), "rows/s");
	session.figure(`${what}: bytes of Parquet by processor time`, bytes.length / 1e6 / (own.cpuMs / 1000), "MB/s");
	session.figure(`${what}: processor time of DuckDB's`, own.cpuMs / peer.cpuMs, "x");
}
