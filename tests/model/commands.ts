/** The commands of the model: each changes the plain model and the real system, then compares every table. */
import fc from "fast-check";
import { expect } from "vitest";
import {
	CATALOG_CACHE_AGE_MS_MAX,
	FLUSH_AGE_MS,
	GRACE_PERIOD_MS,
	ORPHAN_AGE_MS,
	QUERY_LIFETIME_MS_MAX,
	SNAPSHOT_CACHE_AGE_MS_MAX,
	SNAPSHOT_RETAINED_MS,
} from "#shared/base/limits.ts";
import type { CommitRequest } from "#shared/contracts/snapshot.ts";
import { rowText } from "./rows.ts";
import { expectLiveObjectsThere } from "./storage.ts";
import type { System } from "./system.ts";
import { type Crash, world } from "./world.ts";

const HOUR_MS = 3_600_000;
const TABLE_NAMES = ["t", "u"];
/** How long a query may still read the files of a snapshot that some cache gave out. */
const READABLE_MS = CATALOG_CACHE_AGE_MS_MAX + SNAPSHOT_CACHE_AGE_MS_MAX + QUERY_LIFETIME_MS_MAX;

/** A table's rows: those that were acknowledged, and those of appends whose client went away and may never know. */
export interface ModelTable {
	rows: Map<string, number>;
	perhaps: Map<string, number>;
}

export interface Model {
	tables: Map<string, ModelTable>;
	appendCount: number;
	/** Appends whose file is written and whose commit is still to be sent. */
	late: { name: string; append: { id: string; rowCount: number; bulk: boolean }; request: CommitRequest }[];
	shardCount: number;
}

export interface Real {
	system: System;
	/** Snapshots that queries may be reading. */
	readable: { paths: string[]; untilMs: number }[];
}

/** Steps taken in all runs of this process. */
export const progress = { stepCount: 0, byCommand: new Map<string, number>() };

type Command = fc.AsyncCommand<Model, Real>;

abstract class Step implements Command {
	abstract check(model: Readonly<Model>): boolean;
	abstract act(model: Model, real: Real): Promise<void>;
	abstract toString(): string;

	async run(model: Model, real: Real): Promise<void> {
		progress.stepCount++;
		const name = this.constructor.name;
		progress.byCommand.set(name, (progress.byCommand.get(name) ?? 0) + 1);
		await this.act(model, real);
		await world.settle();
		if (world.isDown) world.restart();
		world.crash = null;
		await compare(model, real);
	}
}

export async function compare(model: Model, real: Real): Promise<void> {
	const keys = await expectLiveObjectsThere(real.system.id);
	for (const [name, table] of model.tables) {
		const { paths, rows } = await real.system.read(name);
		// The snapshot was cached up to now, and may be for its whole age.
		real.readable.push({ paths, untilMs: world.clockMs + READABLE_MS });
		const seen = new Set(rows.map((row) => row.slice(0, row.lastIndexOf("/"))));
		for (const [id, rowCount] of table.perhaps) {
			if (!seen.has(id)) continue;
			// Seen once, it stays.
			table.rows.set(id, rowCount);
			table.perhaps.delete(id);
		}
		const expected = [...table.rows].flatMap(([id, rowCount]) => Array.from({ length: rowCount }, (_, part) => rowText(id, part)));
		expect(rows, `rows of ${name}`).toEqual(expected.toSorted());
	}
	real.readable = real.readable.filter(({ untilMs }) => untilMs >= world.clockMs);
	for (const { paths } of real.readable) {
		const gone = paths.filter((path) => !keys.has(path));
		expect(gone, "files of a snapshot that a query may be reading").toEqual([]);
	}
}

abstract class TableStep extends Step {
	readonly name: string;
	readonly crash: Crash | null;

	constructor(name: string, crash: Crash | null) {
		super();
		this.name = name;
		this.crash = crash;
	}
}

class Create extends TableStep {
	check = (model: Readonly<Model>) => !model.tables.has(this.name);
	async act(model: Model, { system }: Real): Promise<void> {
		world.crash = this.crash && { ...this.crash };
		await system.untilDone(() => system.createTable(this.name));
		model.tables.set(this.name, { rows: new Map(), perhaps: new Map() });
	}
	toString = () => `create ${this.name}${showCrash(this.crash)}`;
}

class Drop extends TableStep {
	check = (model: Readonly<Model>) => model.tables.has(this.name);
	async act(model: Model, { system }: Real): Promise<void> {
		world.crash = this.crash && { ...this.crash };
		await system.untilDone(() => system.dropTable(this.name));
		model.tables.delete(this.name);
	}
	toString = () => `drop ${this.name}${showCrash(this.crash)}`;
}

/** `givesUp`: the client does not ask again after a crash. */
class Append extends Step {
	readonly options: { name: string; rowCount: number; bulk: boolean; givesUp: boolean; crash: Crash | null };

	constructor(options: { name: string; rowCount: number; bulk: boolean; givesUp: boolean; crash: Crash | null }) {
		super();
		this.options = options;
	}
	check = (model: Readonly<Model>) => model.tables.has(this.options.name);
	async act(model: Model, { system }: Real): Promise<void> {
		const { name, rowCount, bulk, givesUp, crash } = this.options;
		const table = model.tables.get(name) as ModelTable;
		const append = { id: `a${model.appendCount++}`, rowCount, bulk };
		world.crash = crash && { ...crash };
		if (givesUp) {
			const done = await system.append(name, append).then(
				() => true,
				() => false,
			);
			(done ? table.rows : table.perhaps).set(append.id, rowCount);
			return;
		}
		await system.untilDone(() => system.append(name, append));
		table.rows.set(append.id, rowCount);
	}
	toString = () => `append ${JSON.stringify(this.options)}`;
}

/** The file of a bulk append, whose author pauses before his commit. */
class WriteLate extends Step {
	readonly name: string;

	constructor(name: string) {
		super();
		this.name = name;
	}
	check = (model: Readonly<Model>) => model.tables.has(this.name);
	async act(model: Model, { system }: Real): Promise<void> {
		const append = { id: `a${model.appendCount++}`, rowCount: 2, bulk: true };
		model.late.push({ name: this.name, append, request: await system.writeLate(this.name, append) });
	}
	toString = () => `a file for ${this.name}, to be committed late`;
}

class CommitLate extends Step {
	check = (model: Readonly<Model>) => model.late.length > 0;
	async act(model: Model, { system }: Real): Promise<void> {
		const { name, append, request } = model.late.shift() as Model["late"][number];
		if (await system.commitLate(request)) model.tables.get(name)?.rows.set(append.id, append.rowCount);
	}
	toString = () => "late commit";
}

/** Work of the platform: nothing that a client can see changes, however it ends. */
const WORK = {
	flush: (system: System) => system.flush(),
	compact: (system: System) => system.compact(),
	collect: (system: System) => system.collect(),
	work: (system: System) => system.work(),
} as const;

class Work extends Step {
	readonly kinds: (keyof typeof WORK)[];
	readonly crash: Crash | null;

	constructor(kinds: (keyof typeof WORK)[], crash: Crash | null) {
		super();
		this.kinds = kinds;
		this.crash = crash;
	}
	check = () => true;
	async act(_: Model, { system }: Real): Promise<void> {
		world.crash = this.crash && { ...this.crash };
		await Promise.all(this.kinds.map((kind) => unlessCrashed(WORK[kind](system))));
	}
	toString = () => `${this.kinds.join(" beside ")}${showCrash(this.crash)}`;
}

/** Work on one table's files. */
class Rewrite extends Step {
	readonly options: { kind: "merge" | "fold"; name: string; pick: number; beside: (keyof typeof WORK)[]; crash: Crash | null };

	constructor(options: { kind: "merge" | "fold"; name: string; pick: number; beside: (keyof typeof WORK)[]; crash: Crash | null }) {
		super();
		this.options = options;
	}
	check = (model: Readonly<Model>) => model.tables.has(this.options.name);
	async act(_: Model, { system }: Real): Promise<void> {
		const { kind, name, pick, beside, crash } = this.options;
		const { snapshot } = await system.read(name);
		world.crash = crash && { ...crash };
		const own = kind === "merge" ? system.merge(name, pick) : system.fold(snapshot.schema.tableId);
		await Promise.all([unlessCrashed(own), ...beside.map((other) => unlessCrashed(WORK[other](system)))]);
	}
	toString = () => `rewrite ${JSON.stringify(this.options)}`;
}

class ChangeShards extends Step {
	readonly count: number;
	readonly crash: Crash | null;

	constructor(count: number, crash: Crash | null) {
		super();
		this.count = count;
		this.crash = crash;
	}
	check = () => true;
	async act(model: Model, { system }: Real): Promise<void> {
		world.crash = this.crash && { ...this.crash };
		await system.untilDone(() => system.changeShards(this.count));
		model.shardCount = this.count;
	}
	toString = () => `${this.count} shards${showCrash(this.crash)}`;
}

class Pass extends Step {
	readonly milliseconds: number;

	constructor(milliseconds: number) {
		super();
		this.milliseconds = milliseconds;
	}
	check = () => true;
	async act(): Promise<void> {
		world.clockMs += this.milliseconds;
	}
	toString = () => `${Math.round(this.milliseconds / 1000)} s pass`;
}

async function unlessCrashed(work: Promise<unknown>): Promise<void> {
	try {
		await work;
	} catch (error) {
		if (!world.isDown) throw error;
	}
}

const showCrash = (crash: Crash | null) => (crash === null ? "" : ` (crash at call ${crash.countdown}${crash.answerLost ? ", made" : ""})`);

const crash: fc.Arbitrary<Crash | null> = fc.option(
	fc.record({ countdown: fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: 25 })), answerLost: fc.boolean() }),
	{ freq: 2 },
);
const name = fc.constantFrom(...TABLE_NAMES);
const kinds = fc.uniqueArray(fc.constantFrom(...(Object.keys(WORK) as (keyof typeof WORK)[])), { minLength: 1, maxLength: 3 });
const append = fc
	.record({ name, rowCount: fc.integer({ min: 1, max: 4 }), bulk: fc.boolean(), givesUp: fc.boolean(), crash })
	.map((options): Command => new Append(options));
const work = fc.tuple(kinds, crash).map(([some, at]): Command => new Work(some, at));
const rewrite = fc
	.record({
		kind: fc.constantFrom("merge" as const, "fold" as const),
		name,
		pick: fc.nat({ max: 20 }),
		beside: fc.uniqueArray(fc.constantFrom("collect" as const, "flush" as const, "compact" as const), { maxLength: 2 }),
		crash,
	})
	.map((options): Command => new Rewrite(options));
/** Just before, and just after, what the protocol waits for. */
const pass = fc
	.constantFrom(
		1000,
		FLUSH_AGE_MS,
		READABLE_MS - 1000,
		GRACE_PERIOD_MS + 1000,
		HOUR_MS,
		ORPHAN_AGE_MS,
		ORPHAN_AGE_MS + 3 * HOUR_MS,
		SNAPSHOT_RETAINED_MS,
	)
	.map((milliseconds): Command => new Pass(milliseconds));

export const commands: fc.Arbitrary<Command>[] = [
	fc.tuple(name, crash).map(([table, at]): Command => new Create(table, at)),
	fc.tuple(name, crash).map(([table, at]): Command => new Drop(table, at)),
	fc.tuple(fc.integer({ min: 1, max: 3 }), crash).map(([count, at]): Command => new ChangeShards(count, at)),
	append,
	append,
	append,
	append,
	name.map((table): Command => new WriteLate(table)),
	fc.constant(null).map((): Command => new CommitLate()),
	work,
	work,
	work,
	rewrite,
	rewrite,
	pass,
	pass,
];
