/**
 * Commits, folds and faults at random against a plain model: groups of operations run at once, each from an isolate of its own with a fault of its own.
 *
 * After a group, the commits that held are put in the order of their versions: each must have been allowed at its place. Those that failed must be
 * forbidden for ever by the state that the group left. Then the newest and every older version must hold what the model holds. At the end D1 is lost,
 * and what is rebuilt from the backup must hold the newest version and know every commit.
 */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { hasCode } from "#shared/base/errors.ts";
import type { CommitId } from "#shared/base/ids.ts";
import { filePaths } from "#shared/contracts/file-page.ts";
import type { CommitAnswer, CommitChange, TableSnapshot, Watermarks } from "#shared/contracts/snapshot.ts";
import { Catalog, CatalogCaches } from "../src/catalog.ts";
import { fold } from "../src/manifest/fold.ts";
import {
	dataFile,
	type Failure,
	FaultyPorts,
	type Fixture,
	migrate,
	loseRows,
	newTable,
	otherIsolate,
	readVersion,
	rebuildAll,
	type Step,
	testEnv,
} from "./fixture.ts";

beforeAll(migrate);

/** An operation; `pick`s choose among what the model holds when the group begins. */
interface Operation {
	kind: "flush" | "bulk" | "replace" | "condemned" | "repeat" | "fold";
	pick: number;
	/** Added to the watermark that a flush says it begins at. */
	skew: number;
	fileCount: number;
	/** Runs twice at once. */
	twin: boolean;
	fault: { step: Step; failure: Failure } | null;
}

const operation: fc.Arbitrary<Operation> = fc.record({
	kind: fc.constantFrom("flush", "flush", "bulk", "bulk", "replace", "replace", "condemned", "repeat", "fold", "fold"),
	pick: fc.nat({ max: 1000 }),
	skew: fc.constantFrom(0, 0, 0, 0, 1, -1),
	fileCount: fc.integer({ min: 1, max: 3 }),
	twin: fc.boolean(),
	fault: fc.option(
		fc.record({
			step: fc.constantFrom<Step>("commit", "commit_outcome", "fold", "fold_outcome", "put_manifest", "put_backup", "mark_backed_up"),
			failure: fc.constantFrom<Failure>("before", "lost", "late"),
		}),
	),
});

interface Version {
	/** Path to rows. */
	files: Map<string, number>;
	watermarks: Watermarks;
}

interface Known {
	change: CommitChange;
	answer: CommitAnswer;
}

class Model {
	readonly versions: Version[] = [{ files: new Map(), watermarks: {} }];
	readonly commits = new Map<string, Known>();
	readonly condemned = new Set<string>();
	nextId = 0;

	get newest(): Version {
		return this.versions.at(-1) as Version;
	}

	allowed(change: CommitChange): boolean {
		const { files, watermarks } = this.newest;
		if (change.files.some((file) => this.condemned.has(file.path))) return false;
		if (change.kind === "flush") return (watermarks[change.shard] ?? 0) === change.from;
		return change.kind === "bulk" || change.removed.every((path) => files.has(path));
	}

	apply(change: CommitChange): void {
		const files = new Map(this.newest.files);
		for (const path of change.kind === "replace" ? change.removed : []) files.delete(path);
		for (const file of change.files) files.set(file.path, file.rowCount);
		const { watermarks } = this.newest;
		this.versions.push({ files, watermarks: change.kind === "flush" ? { ...watermarks, [change.shard]: change.to } : watermarks });
	}
}

/** What the operation asks for; null where the model has nothing to choose from. */
async function requestOf(
	model: Model,
	fixture: Fixture,
	{ kind, pick, skew, fileCount }: Operation,
): Promise<[string, CommitChange] | null> {
	const id = `commit ${model.nextId++}`;
	const files = Array.from({ length: fileCount }, (_, index) => dataFile(fixture, `${model.nextId}.${index}`, (pick + index) % 7));
	switch (kind) {
		case "flush": {
			const shard = pick % 3;
			const from = Math.max(0, (model.newest.watermarks[shard] ?? 0) + skew);
			return [id, { kind: "flush", shard, from, to: from + fileCount, files }];
		}
		case "bulk":
			return [id, { kind: "bulk", files }];
		case "replace": {
			const live = [...model.newest.files.keys()];
			if (live.length === 0) return null;
			const removed = [...new Set([live[pick % live.length], live[(pick * 7) % live.length]])] as string[];
			return [id, { kind: "replace", removed, files: files.slice(1) }];
		}
		case "condemned": {
			const { path } = files[0] as { path: string };
			model.condemned.add(path);
			await testEnv.CATALOG_0.prepare(
				"INSERT INTO object (path, tenant_id, table_id, kind, state, row_count, byte_count, added_version) VALUES (?, ?, ?, 'data', 'condemned', 0, 0, 0)",
			)
				.bind(path, fixture.tenantId, fixture.tableId)
				.run();
			return [id, { kind: "bulk", files }];
		}
		case "repeat": {
			const known = [...model.commits];
			const [commitId, { change }] = known[pick % known.length] ?? ["", { change: null }];
			return change && [commitId, { ...change, files }];
		}
		case "fold":
			return null;
	}
}

/** The answer; null where the commit was refused for a final cause. */
async function attempt(fixture: Fixture, catalog: Catalog, commitId: string, change: CommitChange): Promise<CommitAnswer | null> {
	try {
		return await catalog.commit({ tenantId: fixture.tenantId, tableId: fixture.tableId, commitId: commitId as CommitId, change });
	} catch (error) {
		const codes = ["commit_precondition_failed", "commit_object_condemned", "conflict"] as const;
		if (codes.some((code) => hasCode(error, code))) return null;
		throw error;
	}
}

async function runGroup(model: Model, fixture: Fixture, operations: readonly Operation[]): Promise<void> {
	const asked: { commitId: string; change: CommitChange; answer: CommitAnswer | null }[] = [];
	const { watermarks } = model.newest;
	const ports: FaultyPorts[] = [];
	const running: Promise<void>[] = [];
	const newPorts = (fault: Operation["fault"]) => {
		const own = new FaultyPorts();
		if (fault) own.fail(fault.step, fault.failure);
		ports.push(own);
		return own;
	};
	for (const one of operations) {
		const request = await requestOf(model, fixture, one);
		for (let copy = one.twin ? 2 : 1; copy > 0; copy--) {
			const own = newPorts(copy === 1 ? one.fault : null);
			const [database] = own.databases;
			if (one.kind === "fold" && database) {
				running.push(fold(own, database, fixture, { inlineFileCountMax: 1, manifestFileCountMax: 2 }).then(() => undefined));
			}
			if (request === null) continue;
			const [commitId, change] = request;
			running.push(
				attempt(fixture, new Catalog(own, new CatalogCaches()), commitId, change).then((answer) => {
					asked.push({ commitId, change, answer });
				}),
			);
		}
	}
	await Promise.all(running);
	for (const own of ports) await own.settle();

	const held = asked.filter(({ answer }) => answer?.repeated === false);
	for (const { commitId, change, answer } of held.toSorted((left, right) => (left.answer?.version ?? 0) - (right.answer?.version ?? 0))) {
		expect(model.commits.has(commitId)).toBe(false);
		expect(model.allowed(change)).toBe(true);
		model.apply(change);
		expect(answer).toEqual({ version: model.versions.length - 1, paths: change.files.map((file) => file.path), repeated: false });
		if (answer) model.commits.set(commitId, { change, answer });
	}
	for (const { commitId, change, answer } of asked) {
		// A flush ahead of its watermark is the one refusal that a later commit can make wrong; no shard sends one.
		if (answer === null && change.kind === "flush" && change.from > (watermarks[change.shard] ?? 0)) continue;
		if (answer === null) expect([model.commits.has(commitId), model.allowed(change)]).toEqual([false, false]);
		else if (answer.repeated) expect(answer).toEqual({ ...model.commits.get(commitId)?.answer, repeated: true });
	}
}

function expectVersion(snapshot: TableSnapshot | null | undefined, number: number, version: Version): void {
	expect(snapshot?.version).toBe(number);
	expect(snapshot?.watermarks).toEqual(version.watermarks);
	const found = (snapshot?.pages ?? []).flatMap((page) => filePaths(page).map((path, index) => [path, page.rowCounts[index]]));
	expect(found.length).toBe(version.files.size);
	expect(new Map(found as [string, number][])).toEqual(version.files);
}

test("every interleaving leaves the versions that the model has", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), { minLength: 3, maxLength: 10 }), async (groups) => {
			const model = new Model();
			const fixture = await newTable();
			const reader = otherIsolate();
			const { tenantId, tableId } = fixture;
			for (const operations of groups) {
				await runGroup(model, fixture, operations);
				const [fresh] = await otherIsolate().readSnapshots(tenantId, [{ table: { tableId } }]);
				expectVersion(fresh, model.versions.length - 1, model.newest);
				// A reader with a cache gets some version at or above its minimum, and that version whole.
				const minimumSnapshotVersion = Math.floor(model.versions.length / 2);
				const [cached] = await reader.readSnapshots(tenantId, [{ table: { tableId }, minimumSnapshotVersion }]);
				const number = cached?.version ?? -1;
				expect(number).toBeGreaterThanOrEqual(minimumSnapshotVersion);
				expectVersion(cached, number, model.versions[number] as Version);
			}
			for (const [number, version] of model.versions.entries()) expectVersion(await readVersion(fixture, number), number, version);
			const expectCommits = async (catalog: Catalog) => {
				for (const [commitId, { answer }] of model.commits) {
					expect(await catalog.commitStatus(tenantId, commitId)).toEqual({ ...answer, repeated: true });
				}
			};
			await expectCommits(reader);
			await loseRows(tenantId);
			expect(await rebuildAll(otherIsolate(), tenantId)).toMatchObject([{ tableId, outcome: "restored", problem: null }]);
			const [rebuilt] = await otherIsolate().readSnapshots(tenantId, [{ table: { tableId } }]);
			expect(rebuilt?.version).toBeGreaterThan(model.versions.length - 1);
			expectVersion(rebuilt, rebuilt?.version ?? -1, model.newest);
			await expectCommits(otherIsolate());
		}),
		{ numRuns: 10 },
	);
}, 120_000);
