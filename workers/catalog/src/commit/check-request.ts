/** What a commit may be, before anything is written. A request that fails here is a bug of the caller or forged, never a race. */
import { LittoralError } from "#shared/base/errors.ts";
import { COMMIT_FILE_COUNT_MAX, TABLE_SKETCHES_BYTES_MAX } from "#shared/base/limits.ts";
import type { CommitRequest, DataFile } from "#shared/contracts/snapshot.ts";

const NAME = /^[^/]+\.parquet$/;

/**
 * Every path lies below the tenant's and the table's own prefix (invariant T1), none is named twice, counts are whole and bounded.
 *
 * @throws LittoralError malformed_request
 */
export function checkRequest(request: CommitRequest): void {
	const { change } = request;
	refuse(request.commitId.length === 0, "a commit has an id");
	refuse((request.sketches?.byteLength ?? 0) > TABLE_SKETCHES_BYTES_MAX, "a commit's sketches are bounded");
	if (change.kind === "flush") {
		const { shard, from, to } = change;
		refuse(!isCount(shard) || !isCount(from) || !isCount(to), "a flush names a shard and a range of sequence numbers");
		refuse(to <= from, "a flush moves its watermark forward");
	}
	const removed = change.kind === "replace" ? change.removed : [];
	refuse(change.files.length > COMMIT_FILE_COUNT_MAX || removed.length > COMMIT_FILE_COUNT_MAX, "a commit has a bounded number of files");
	const paths = [...change.files.map((file) => file.path), ...removed];
	refuse(new Set(paths).size !== paths.length, "a commit names a file once");
	const prefix = `data/${request.tenantId}/${request.tableId}/`;
	refuse(!paths.every((path) => path.startsWith(prefix) && NAME.test(path.slice(prefix.length))), "a file lies below its table's prefix");
	refuse(!change.files.every(isWhole), "a file's counts are whole numbers");
}

function isWhole(file: DataFile): boolean {
	return [file.rowCount, file.byteCount, file.schemaVersion, ...file.columns.map((column) => column.nullCount)].every(isCount);
}

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;

function refuse(condition: boolean, rule: string): void {
	if (condition) throw new LittoralError("malformed_request", `not a commit: ${rule}`);
}
