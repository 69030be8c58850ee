/**
 * Every step of the catalog's ports fails before it is done, with its answer lost, and late (it fails, then happens while the repetition runs): once,
 * and as often as a call is tried. The table below is total over the ports' steps, so a new step without a scenario does not compile.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";
import { DATABASE_STEPS, OBJECT_STEPS, QUEUE_STEPS } from "../src/ports.ts";
import { dataFile, type Failure, migrate, newTable, otherIsolate, outcomeOf, type Step, testEnv, FaultyPorts } from "./fixture.ts";
import {
	bulk,
	flushScenario,
	sketchesScenario,
	foldScenario,
	createScenario,
	viewScenario,
	dropScenario,
	readScenario,
	assignmentScenario,
	deleteScenario,
	rebuildScenario,
	redriveScenario,
	type Scenario,
	leftOvers,
} from "./commit-scenarios.ts";
import {
	compactScenario,
	smallMerge,
	largeMerge,
	buryScenario,
	resendScenario,
	collectScenario,
	manifestsScenario,
	LARGE_COUNT,
} from "./upkeep-scenarios.ts";

beforeAll(migrate);

const scenarios: Record<Step, Scenario> = {
	commit: flushScenario,
	read_sketches: sketchesScenario,
	commit_outcome: { ...flushScenario, after: "commit" },
	create_table: createScenario,
	create_table_outcome: { ...createScenario, after: "create_table" },
	create_view: viewScenario,
	create_view_outcome: { ...viewScenario, after: "create_view" },
	drop_table: dropScenario,
	drop_table_outcome: { ...dropScenario, after: "drop_table" },
	read_snapshots: readScenario,
	read_tables: readScenario,
	read_fold: foldScenario,
	fold: foldScenario,
	fold_outcome: { ...foldScenario, after: "fold" },
	read_assignment: assignmentScenario,
	write_assignment: assignmentScenario,
	drop_tables_of_tenant: deleteScenario,
	delete_rows: deleteScenario,
	read_manifests: manifestsScenario,
	merge_manifests: manifestsScenario,
	merge_manifests_outcome: { ...manifestsScenario, after: "merge_manifests" },
	put_manifest: foldScenario,
	get_manifest: readScenario,
	read_checkpoint: createScenario,
	mark_backed_up: flushScenario,
	read_restored: rebuildScenario,
	restore_objects: rebuildScenario,
	restore_table: rebuildScenario,
	put_backup: flushScenario,
	get_backup: rebuildScenario,
	list_backup: rebuildScenario,
	delete_backup: {
		...dropScenario,
		act: async (fixture) => {
			await dropScenario.act(fixture);
			await fixture.ports.settle();
		},
	},
	list_objects: deleteScenario,
	delete_objects: deleteScenario,
	read_jobs: redriveScenario,
	redrive_job: redriveScenario,
	send_job: smallMerge,
	read_due: smallMerge,
	read_plan: smallMerge,
	plan_jobs: smallMerge,
	plan_jobs_outcome: { ...smallMerge, after: "plan_jobs" },
	resend_job: resendScenario,
	claim_job: smallMerge,
	end_job: smallMerge,
	bury_job: buryScenario,
	read_data: smallMerge,
	put_data: smallMerge,
	begin_upload: largeMerge,
	upload_part: largeMerge,
	complete_upload: largeMerge,
	head_data: { ...largeMerge, after: "complete_upload" },
	abort_upload: compactScenario(LARGE_COUNT, ({ ports }) => ports.fail("upload_part", "before", RPC_ATTEMPT_COUNT_MAX)),
	announce: collectScenario,
	read_garbage_due: collectScenario,
	expire: collectScenario,
	condemn: collectScenario,
	read_condemned: collectScenario,
	mark_deleted: collectScenario,
	read_swept: collectScenario,
	sweep: collectScenario,
	reschedule: collectScenario,
	list_garbage: collectScenario,
	delete_garbage: collectScenario,
};

const steps = [...DATABASE_STEPS, ...OBJECT_STEPS, ...QUEUE_STEPS];

describe.each(steps)("%s", (step) => {
	test.each<[Failure, number]>([
		["before", 1],
		["lost", 1],
		["late", 1],
		["before", RPC_ATTEMPT_COUNT_MAX],
		["lost", RPC_ATTEMPT_COUNT_MAX],
		["late", RPC_ATTEMPT_COUNT_MAX],
	])("fails %s, %i times", async (failure, times) => {
		const { prepare, after, databaseCount, act, check } = scenarios[step];
		const fixture = await newTable(databaseCount === 2 ? new FaultyPorts([testEnv.CATALOG_0, testEnv.CATALOG_1]) : new FaultyPorts());
		await prepare?.(fixture);
		await fixture.ports.settle();
		if (after) fixture.ports.fail(after, "lost", times);
		fixture.ports.fail(step, failure, times);
		let outcome = "";
		for (let attempt = 0; attempt < 3 && outcome !== "ok"; attempt++) {
			outcome = await outcomeOf(act(fixture));
			if (outcome !== "ok") expect(outcome).toBe("unavailable: the catalog's storage does not answer; repeat the request");
		}
		expect(outcome).toBe("ok");
		expect(fixture.ports.unused(step)).toBeLessThan(times);
		await fixture.ports.settle();
		await check(fixture);
	});
});

test("a commit whose every answer is lost is unavailable to its caller, and known by its id", async () => {
	const fixture = await newTable();
	fixture.ports.fail("commit", "lost");
	fixture.ports.fail("commit_outcome", "before", RPC_ATTEMPT_COUNT_MAX);
	expect(await outcomeOf(bulk(fixture, "a", 1))).toBe("unavailable: the catalog's storage does not answer; repeat the request");
	expect(await otherIsolate().commitStatus(fixture.tenantId, "a")).toMatchObject({ version: 1, repeated: true });
	expect(await bulk(fixture, "a", 1)).toMatchObject({ version: 1, repeated: true });
});

test("a lost answer found again is the call's own commit, not a repetition", async () => {
	const fixture = await newTable();
	fixture.ports.fail("commit", "lost");
	expect(await bulk(fixture, "a", 1)).toMatchObject({ version: 1, repeated: false });
});

test("a deleted tenant can be deleted again, and a commit under way cannot bring it back", async () => {
	const fixture = await newTable();
	await bulk(fixture, "a", 1);
	const [, outcome] = await Promise.all([
		deleteScenario.act(fixture),
		outcomeOf(
			otherIsolate().commit({
				tenantId: fixture.tenantId,
				tableId: fixture.tableId,
				commitId: "b" as never,
				change: { kind: "bulk", files: [dataFile(fixture, "b")] },
			}),
		),
	]);
	expect(outcome).toMatch(/^(ok|undefined_table: relation ".*" does not exist)$/);
	await deleteScenario.act(fixture);
	expect(await leftOvers(fixture.tenantId)).toEqual([]);
});
