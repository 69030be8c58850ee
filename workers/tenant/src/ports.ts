/**
 * Everything that this Worker asks of others, as small interfaces: the object store, the catalog, the optimizer, other shards, the clock.
 *
 * No other file touches a binding for these. Each step is listed in {@link PORT_STEPS}, from which the ports are made, so that a fault injector
 * can enumerate them and wrap each (fail before, fail after, lose the answer). Only tests install a wrapper.
 */
import type { ShardOrdinal, TenantId } from "#shared/base/ids.ts";
import { shardName } from "#shared/base/ids.ts";
import type { CallTrace, CatalogRpc, OptimizerRpc, Signal } from "#shared/contracts/rpc.ts";
import { tracedPort } from "#shared/observability/traced-port.ts";
import { tracedCatalog } from "#shared/observability/traced-catalog.ts";
import type { Env } from "./env.ts";
import { withDeadline } from "./port-deadline.ts";
import type { ShardRpc } from "./shard/contract.ts";
import type { DataFileEncoder } from "./shard/encode-data-file.ts";
import { encodeDataFile } from "./shard/flush-encoder.ts";

export const PORT_STEPS = {
	catalog: [
		"createTable",
		"listTables",
		"describeTable",
		"createView",
		"dropRelations",
		"readSnapshots",
		"commit",
		"commitStatus",
		"shardWatermarks",
		"announceObjects",
		"tableState",
	],
	optimizer: ["plan", "learn"],
	signals: ["send"],
	objects: ["putNew", "read", "readPieces", "remove", "beginUpload", "uploadPart", "completeUpload", "abortUpload"],
	shard: [
		"open",
		"storeEpoch",
		"append",
		"askId",
		"claim",
		"sealClaim",
		"finishClaim",
		"releaseClaim",
		"raiseMinimum",
		"readTail",
		"readDirectory",
		"tailRowCount",
		"drain",
		"retire",
		"empty",
		"openTenant",
		"setTenantState",
		"changeShards",
		"deleteTenant",
	],
} as const satisfies {
	catalog: readonly (keyof CatalogRpc)[];
	optimizer: readonly (keyof OptimizerRpc)[];
	signals: readonly (keyof SignalPort)[];
	objects: readonly (keyof ObjectPort)[];
	shard: readonly (keyof ShardRpc)[];
};

export type CatalogPort = Pick<CatalogRpc, (typeof PORT_STEPS.catalog)[number]>;
/** The queue to operations: what goes up. */
export interface SignalPort {
	send(signal: Signal): Promise<void>;
}
export type OptimizerPort = Pick<OptimizerRpc, (typeof PORT_STEPS.optimizer)[number]>;

/** R2, as far as it is used. Paths are never written over: {@link putNew} is conditional on absence. */
export interface ObjectPort {
	putNew(path: string, bytes: Uint8Array): Promise<"stored" | "exists">;
	/**
	 * Exactly `byteCount` bytes from `offset`.
	 * @param into memory that it may fill, of at least `byteCount` bytes, and then answers with: the caller's no more
	 * @throws unavailable when the object is not there
	 */
	read(path: string, offset: number, byteCount: number, into?: ArrayBuffer): Promise<Uint8Array>;
	/**
	 * One read of neighbouring pieces, each in memory of its own, which is there as soon as the piece has come.
	 * @param byteCounts of the pieces, the first of which begins at `offset`
	 * @param arrived told each piece, in order
	 * @throws unavailable when the object is not there, or is shorter
	 */
	readPieces(path: string, offset: number, byteCounts: number[], arrived: (index: number, bytes: Uint8Array) => void): Promise<void>;
	remove(paths: string[]): Promise<void>;
	/** A multipart upload; parts but the last have one size, at least 5 MiB. @returns the upload's id */
	beginUpload(path: string): Promise<string>;
	uploadPart(part: { path: string; uploadId: string; number: number; bytes: Uint8Array }): Promise<UploadedPart>;
	completeUpload(upload: { path: string; uploadId: string; parts: UploadedPart[] }): Promise<void>;
	abortUpload(upload: { path: string; uploadId: string }): Promise<void>;
}
export interface UploadedPart {
	partNumber: number;
	etag: string;
}

export interface Ports {
	/** Milliseconds since 1970; advances only with I/O in production. */
	now(): number;
	catalog: CatalogPort;
	optimizer: OptimizerPort;
	signals: SignalPort;
	objects: ObjectPort;
	/** Pure work, but a port all the same: tests of the protocol replace it by one whose files they read in a glance. */
	encodeDataFile: DataFileEncoder;
	/** Work that goes on behind the answer (`waitUntil`); its errors are nobody's. */
	background(work: Promise<void>): void;
	/** `location` is a hint for an object that does not exist yet. */
	shard(tenantId: TenantId, ordinal: ShardOrdinal, location?: string | null): ShardRpc;
}

type PortWrapper = (ports: Ports) => Ports;
let wrapper: PortWrapper = (ports) => ports;

/** For tests: every port opened from now on goes through `wrap`. */
export function installPortWrapper(wrap: PortWrapper): void {
	wrapper = wrap;
}

/** @param context whose `waitUntil` holds what goes on behind an answer; without it, such work may be cut off */
export function openPorts(env: Env, trace?: CallTrace, context?: { waitUntil(work: Promise<unknown>): void }): Ports {
	// Shards and the object store are traced by their callers; catalog and optimizer trace themselves.
	const traced = <Port extends object>(port: Port, target: string, attributes: Record<string, number> = {}): Port =>
		trace === undefined ? port : tracedPort(port, { traceparent: trace.traceparent, target, attributes });
	const ports = wrapper({
		now: () => Date.now(),
		catalog: pick<CatalogPort>(() => (trace === undefined ? env.CATALOG : tracedCatalog(env.CATALOG, trace)), PORT_STEPS.catalog),
		optimizer: pick<OptimizerPort>(() => env.OPTIMIZER, PORT_STEPS.optimizer),
		signals: {
			async send(signal) {
				await env.SIGNALS.send(signal);
			},
		},
		objects: traced(objectPort(env.DATA), "R2"),
		encodeDataFile,
		background(work) {
			const quiet = work.catch(() => {});
			context?.waitUntil(quiet);
		},
		shard(tenantId, ordinal, location) {
			const id = env.SHARDS.idFromName(shardName(tenantId, ordinal));
			const options = location === undefined || location === null ? {} : { locationHint: location as DurableObjectLocationHint };
			return traced(
				pick<ShardRpc>(() => env.SHARDS.get(id, options), PORT_STEPS.shard),
				"TenantShard",
				{ "littoral.shard": ordinal },
			);
		},
	});
	return {
		...ports,
		catalog: withDeadline("catalog", ports.catalog),
		optimizer: withDeadline("optimizer", ports.optimizer),
		signals: withDeadline("signals", ports.signals),
		objects: withDeadline("objects", ports.objects),
		shard: (...which) => withDeadline("shard", ports.shard(...which)),
	};
}

/** Plain methods over an RPC stub, whose own are not enumerable. A stub that broke is never used again: each call takes a new one. */
function pick<Port>(target: () => unknown, steps: readonly (keyof Port & string)[]): Port {
	const methods = steps.map((step) => [
		step,
		(...input: unknown[]) => (target() as Record<string, (...input: unknown[]) => unknown>)[step]?.(...input),
	]);
	return Object.fromEntries(methods) as Port;
}

/** The runtime's own: one answer for the whole view, as far as the stream goes. */
interface FillingReader {
	readAtLeast(byteCountMin: number, view: Uint8Array): Promise<{ value?: Uint8Array; done: boolean }>;
	cancel(): Promise<void>;
}

/** @returns as many of the view's bytes as the stream has; its memory has moved into the answer */
async function fill(stream: ReadableStream, view: Uint8Array): Promise<Uint8Array> {
	const reader = stream.getReader({ mode: "byob" }) as unknown as FillingReader;
	const { value, done } = await reader.readAtLeast(view.byteLength, view);
	if (!done) await reader.cancel();
	return value ?? new Uint8Array(0);
}

function objectPort(bucket: R2Bucket): ObjectPort {
	return {
		async putNew(path, bytes) {
			const stored = await bucket.put(path, bytes, { onlyIf: { etagDoesNotMatch: "*" } });
			return stored === null ? "exists" : "stored";
		},
		async read(path, offset, byteCount, into) {
			const object = await bucket.get(path, { range: { offset, length: byteCount } });
			if (object === null) throw new Error(`the object ${path} is gone`);
			const bytes =
				into === undefined ? new Uint8Array(await object.arrayBuffer()) : await fill(object.body, new Uint8Array(into, 0, byteCount));
			if (bytes.byteLength !== byteCount) throw new Error(`${path}: asked for ${byteCount} bytes, got ${bytes.byteLength}`);
			return bytes;
		},
		async readPieces(path, offset, byteCounts, arrived) {
			const length = byteCounts.reduce((sum, byteCount) => sum + byteCount, 0);
			const object = await bucket.get(path, { range: { offset, length } });
			if (object === null) throw new Error(`the object ${path} is gone`);
			const reader = object.body.getReader({ mode: "byob" }) as unknown as FillingReader;
			for (const [index, byteCount] of byteCounts.entries()) {
				const { value } = await reader.readAtLeast(byteCount, new Uint8Array(byteCount));
				if (value?.byteLength !== byteCount) throw new Error(`${path}: asked for ${byteCount} bytes, got ${value?.byteLength ?? 0}`);
				arrived(index, value);
			}
			await reader.cancel();
		},
		async remove(paths) {
			if (paths.length > 0) await bucket.delete(paths);
		},
		async beginUpload(path) {
			return (await bucket.createMultipartUpload(path)).uploadId;
		},
		async uploadPart({ path, uploadId, number, bytes }) {
			const { partNumber, etag } = await bucket.resumeMultipartUpload(path, uploadId).uploadPart(number, bytes);
			return { partNumber, etag };
		},
		async completeUpload({ path, uploadId, parts }) {
			await bucket.resumeMultipartUpload(path, uploadId).complete(parts);
		},
		async abortUpload({ path, uploadId }) {
			await bucket.resumeMultipartUpload(path, uploadId).abort();
		},
	};
}
