/** The ports over Cloudflare's bindings. */
import type { JobPointer } from "#shared/contracts/job.ts";
import type { CatalogDatabase, JobQueue, ObjectStore, Row } from "../ports.ts";

/** `CATALOG_0`, `CATALOG_1`, ... in order, as far as they are bound without a gap. */
export function databaseBindings(env: object): D1Database[] {
	const bindings = env as Record<string, D1Database | undefined>;
	const found: D1Database[] = [];
	for (let next = bindings["CATALOG_0"]; next !== undefined; next = bindings[`CATALOG_${found.length}`]) found.push(next);
	return found;
}

/** Always reads the primary: what the catalog reads goes into caches that are checked against minimum versions. */
export function d1Database(database: D1Database): CatalogDatabase {
	return {
		async batch(_step, statements) {
			const session = database.withSession("first-primary");
			const results = await session.batch<Row>(statements.map(({ sql, parameters }) => session.prepare(sql).bind(...parameters)));
			return results.map((result) => result.results);
		},
	};
}

export function r2Objects(bucket: R2Bucket): ObjectStore {
	return {
		async get(_step, path) {
			const object = await bucket.get(path);
			return object === null ? null : new Uint8Array(await object.arrayBuffer());
		},
		async read(_step, path, offset, byteCount) {
			const object = await bucket.get(path, { range: { offset, length: byteCount } });
			if (object === null) throw new Error(`the object ${path} is gone`);
			const bytes = new Uint8Array(await object.arrayBuffer());
			if (bytes.byteLength !== byteCount) throw new Error(`${path}: asked for ${byteCount} bytes, got ${bytes.byteLength}`);
			return bytes;
		},
		async head(_step, path) {
			return (await bucket.head(path))?.size ?? null;
		},
		async beginUpload(_step, path) {
			return (await bucket.createMultipartUpload(path)).uploadId;
		},
		async uploadPart(_step, { path, uploadId, number, bytes }) {
			const { partNumber, etag } = await bucket.resumeMultipartUpload(path, uploadId).uploadPart(number, bytes);
			return { partNumber, etag };
		},
		async completeUpload(_step, { path, uploadId, parts }) {
			await bucket.resumeMultipartUpload(path, uploadId).complete(parts);
		},
		async abortUpload(_step, { path, uploadId }) {
			await bucket.resumeMultipartUpload(path, uploadId).abort();
		},
		async put(_step, path, bytes) {
			await bucket.put(path, bytes, { onlyIf: { etagDoesNotMatch: "*" } });
		},
		async list(_step, prefix, limit, after) {
			return (await bucket.list({ prefix, limit, ...(after === undefined ? {} : { startAfter: after }) })).objects.map(
				(object) => object.key,
			);
		},
		async listObjects(_step, prefix, limit, after) {
			const { objects, truncated } = await bucket.list({ prefix, limit, startAfter: after });
			return {
				objects: objects.map(({ key, size, uploaded }) => ({ path: key, byteCount: size, uploadedAtMs: uploaded.getTime() })),
				more: truncated,
			};
		},
		async delete(_step, paths) {
			await bucket.delete(paths);
		},
	};
}

export function jobQueue(queue: Queue<JobPointer>): JobQueue {
	return {
		async send(_step, pointer) {
			await queue.send(pointer);
		},
	};
}
