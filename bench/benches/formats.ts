/** Results out and rows in, in each format that DuckDB has as well, beside DuckDB with one thread. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { decodeRows, type StreamedRowsFormat } from "#shared/formats/decode.ts";
import { encodeResult } from "#shared/formats/encode.ts";
import { countRows, countRowsIn, expectTotals, type Lines, openLines, readLines, totalsOf } from "../data/lines.ts";
import { installBuiltKernels } from "../engine/install-kernels.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import type { Peer, Session } from "../runner/session.ts";
import { ownCpuMs } from "../world/peers.ts";

const SCALE = { full: 0.1, smoke: 0.002 };
/** How DuckDB writes a format and reads it (Arrow is none of its own), and how fast rows of it are to come in, by processor time. */
const FORMATS: { format: StreamedRowsFormat; copy: string | null; read: string; inMegabytesPerSecond: number | null }[] = [
	{ format: "csv", copy: "FORMAT csv, HEADER", read: "read_csv", inMegabytesPerSecond: 150 },
	{ format: "ndjson", copy: "FORMAT json", read: "read_json", inMegabytesPerSecond: 100 },
	{ format: "arrow", copy: null, read: "", inMegabytesPerSecond: null },
];

export const formatsBench: Bench = {
	name: "formats",
	title: "TPC-H's lines (derived, not TPC-H) from Parquet to each format, and from it to batches, beside DuckDB with one thread",
	async run(session) {
		installBuiltKernels();
		const lines = await openLines(session.sized(SCALE));
		const directory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		try {
			for (const format of FORMATS) await measure(session, lines, join(directory, format.format), format);
		} finally {
			lines.duckdb.close();
			rmSync(directory, { recursive: true, force: true });
		}
	},
};

async function measure(session: Session, lines: Lines, path: string, description: (typeof FORMATS)[number]): Promise<void> {
	const { format, copy, read, inMegabytesPerSecond } = description;
	const { duckdb, totals } = lines;
	const body = await encode(lines, format);
	expectTotals(`${format}, written and read`, await totalsOf(lines.engine, decode(lines, format, body)), lines);
	const own: Peer<number> = { name: "Littoral", cpuMs: ownCpuMs, run: async () => (await encode(lines, format)).length };
	const peers: Peer<number>[] = [own];
	if (copy !== null) {
		const run = async (): Promise<number> => {
			await duckdb.query(`COPY (SELECT * FROM lines) TO '${path}' (${copy})`);
			return statSync(path).size;
		};
		peers.push({ name: "DuckDB", cpuMs: ownCpuMs, run });
	}
	const sizes = new Map<string, number>();
	const out = await session.interleave({
		what: `${format}, out`,
		warmUpCount: 1,
		peers,
		check: (size, peer) => expectAnswer(`${format}, bytes by ${peer}`, size, sizes.get(peer) ?? (sizes.set(peer, size), size)),
	});
	publish(session, { what: `${format}, out`, megabytes: body.length / 1e6, rowCount: totals.rowCount, measured: out });
	writeFileSync(path, body);
	const decoding: Peer<number>[] = [{ name: "Littoral", cpuMs: ownCpuMs, run: () => countRows(decode(lines, format, body)) }];
	if (copy !== null) decoding.push({ name: "DuckDB", cpuMs: ownCpuMs, run: () => countRowsIn(duckdb, `${read}('${path}')`) });
	const into = await session.interleave({
		what: `${format}, in`,
		warmUpCount: 1,
		peers: decoding,
		check: (rowCount, peer) => expectAnswer(`${format}, rows read by ${peer}`, rowCount, totals.rowCount),
	});
	publish(session, {
		what: `${format}, in`,
		megabytes: body.length / 1e6,
		rowCount: totals.rowCount,
		measured: into,
		megabytesPerSecondMin: inMegabytesPerSecond,
	});
}

async function encode(lines: Lines, format: StreamedRowsFormat): Promise<Uint8Array> {
	const stream = encodeResult({
		format,
		columns: lines.schema.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
		batches: readLines(lines, lines.bytes),
		engine: lines.engine,
		queryId: "bench",
		statistics: () => ({
			elapsedMs: 0,
			rowsScanned: 0,
			bytesScanned: 0,
			filesScanned: 0,
			filesPruned: 0,
			estimatedCostUsd: 0,
			arenaPeakBytes: 0,
			spilledBytes: 0,
		}),
	});
	return await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).bytes();
}

async function* decode({ engine, schema }: Lines, format: StreamedRowsFormat, body: Uint8Array): AsyncGenerator<Batch, void, undefined> {
	const lease = new Lease(engine.arena, { owner: "bench" });
	try {
		yield* decodeRows({ schema, engine, lease, nowMicroseconds: 0n, format, body });
	} finally {
		lease.release();
	}
}

interface Publication {
	what: string;
	rowCount: number;
	megabytes: number;
	measured: Record<string, { cpuMs: number }>;
	megabytesPerSecondMin?: number | null;
}

function publish(session: Session, { what, rowCount, megabytes, measured, megabytesPerSecondMin = null }: Publication): void {
	const [own, peer] = [measured["Littoral"] as { cpuMs: number }, measured["DuckDB"]];
	const seconds = own.cpuMs / 1000;
	session.figure(`${what}: rows by processor time`, rowCount / seconds, "rows/s");
	const [rate, unit] = [`${what}: bytes by processor time`, "MB/s"];
	if (megabytesPerSecondMin === null) session.figure(rate, megabytes / seconds, unit);
	else session.bar({ what: rate, value: megabytes / seconds, atLeast: megabytesPerSecondMin, unit });
	if (peer !== undefined) session.figure(`${what}: processor time of DuckDB's`, own.cpuMs / peer.cpuMs, "x");
}
