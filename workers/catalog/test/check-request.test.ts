/** What is no commit at all, whoever sends it. */
import { expect, test } from "vitest";
import { COMMIT_FILE_COUNT_MAX } from "#shared/base/limits.ts";
import type { CommitId, TableId, TenantId } from "#shared/base/ids.ts";
import type { CommitChange, DataFile } from "#shared/contracts/snapshot.ts";
import { checkRequest } from "../src/commit/check-request.ts";

const path = (name: string) => `data/T/t/${name}`;
const file = (change: Partial<DataFile>): DataFile => ({
	path: path("a-1.parquet"),
	rowCount: 1,
	byteCount: 1,
	schemaVersion: 1,
	columns: [],
	...change,
});
const bulk = (...files: DataFile[]): CommitChange => ({ kind: "bulk", files });
const replace = (removed: string[], ...files: DataFile[]): CommitChange => ({ kind: "replace", removed, files });
const flush = (shard: number, from: number, to: number): CommitChange => ({ kind: "flush", shard, from, to, files: [] });
const many = (count: number) => Array.from({ length: count }, (_, index) => path(`${index}-1.parquet`));

const PREFIX = "a file lies below its table's prefix";
const RANGE = "a flush names a shard and a range of sequence numbers";

test.each<[CommitChange, string | null]>([
	[bulk(), null],
	[bulk(file({})), null],
	[flush(0, 0, 1), null],
	[replace(many(COMMIT_FILE_COUNT_MAX), file({})), null],
	[flush(-1, 0, 1), RANGE],
	[flush(0, 0.5, 1), RANGE],
	[flush(0, 0, Number.NaN), RANGE],
	[flush(0, 2, 2), "a flush moves its watermark forward"],
	[replace(many(COMMIT_FILE_COUNT_MAX + 1)), "a commit has a bounded number of files"],
	[bulk(...many(COMMIT_FILE_COUNT_MAX + 1).map((name) => file({ path: name }))), "a commit has a bounded number of files"],
	[bulk(file({}), file({})), "a commit names a file once"],
	[replace([path("a-1.parquet")], file({})), "a commit names a file once"],
	[bulk(file({ path: "data/U/t/a-1.parquet" })), PREFIX],
	[bulk(file({ path: "data/T/u/a-1.parquet" })), PREFIX],
	[bulk(file({ path: path("x/a-1.parquet") })), PREFIX],
	[bulk(file({ path: path("a-1.txt") })), PREFIX],
	[bulk(file({ path: path(".parquet") })), PREFIX],
	[replace(["manifests/T/t/a.lman"]), PREFIX],
	[bulk(file({ rowCount: -1 })), "a file's counts are whole numbers"],
	[bulk(file({ byteCount: 1.5 })), "a file's counts are whole numbers"],
	[
		bulk(file({ columns: [{ fieldId: 1, nullCount: Number.NaN, minimum: null, maximum: null, hasNaN: false }] })),
		"a file's counts are whole numbers",
	],
])("case %#", (change, rule) => {
	const request = { tenantId: "T" as TenantId, tableId: "t" as TableId, commitId: "c" as CommitId, change };
	if (rule === null) expect(checkRequest(request)).toBeUndefined();
	else expect(() => checkRequest(request)).toThrow(`not a commit: ${rule}`);
});

test("a commit has an id", () => {
	const request = { tenantId: "T" as TenantId, tableId: "t" as TableId, commitId: "" as CommitId, change: bulk() };
	expect(() => checkRequest(request)).toThrow("not a commit: a commit has an id");
});
