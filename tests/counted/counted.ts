/**
 * Counts the operations of the Worker that imports this first, at its bindings: `env` of `cloudflare:workers` is what every handler and every object gets.
 * The clock runs ahead as tests tell it to, and alarms ring by that clock.
 */
import { type DurableObject, env } from "cloudflare:workers";
import type { CountedAnswer, CountedCommand, OperationCounts } from "./operations.ts";
import { COUNTED_PATH } from "./operations.ts";

const counts: OperationCounts = {};
let delayMs = 0;

function count(name: string, by = 1): void {
	counts[name] = (counts[name] ?? 0) + by;
}

/** One operation over the network: counted, and as late as tests want it. */
async function operation<Answer>(name: string, run: () => Promise<Answer>): Promise<Answer> {
	count(name);
	if (delayMs > 0) await scheduler.wait(delayMs);
	return await run();
}

// The clock
const RealDate = Date;
let aheadMs = 0;
class AheadDate extends RealDate {
	constructor(...input: [] | [number | string | Date]) {
		if (input.length === 0) super(RealDate.now() + aheadMs);
		else super(input[0]);
	}
	static override now(): number {
		return RealDate.now() + aheadMs;
	}
}
globalThis.Date = AheadDate as DateConstructor;

// D1: what it answers says what it read and wrote.
interface D1Answer {
	meta?: { rows_read?: number; rows_written?: number };
}
type Fetch = (...input: Parameters<typeof fetch>) => Promise<Response>;

function countDatabase(database: D1Database): void {
	const inner = database as unknown as { fetcher: { fetch: Fetch }; alwaysPrimarySession: { fetcher: { fetch: Fetch } } };
	const { fetcher } = inner;
	const counting = {
		fetch: (...input: Parameters<typeof fetch>) =>
			operation("d1.calls", async () => {
				const response = await fetcher.fetch(...input);
				const answers = (await response.clone().json()) as D1Answer | D1Answer[];
				for (const { meta } of [answers].flat()) {
					count("d1.statements");
					count("d1.rows_read", meta?.rows_read ?? 0);
					count("d1.rows_written", meta?.rows_written ?? 0);
				}
				return response;
			}),
	};
	inner.fetcher = counting;
	inner.alwaysPrimarySession.fetcher = counting;
}

/** Class A, class B, and what is free, as R2 bills its methods. */
const BUCKET_METHODS: Record<string, string> = {
	put: "r2.class_a",
	list: "r2.class_a",
	createMultipartUpload: "r2.class_a",
	uploadPart: "r2.class_a",
	complete: "r2.class_a",
	get: "r2.class_b",
	head: "r2.class_b",
	delete: "r2.free",
	abort: "r2.free",
};

type Method = (...input: unknown[]) => unknown;

/** The object with the methods that are named counted; an upload that it makes or resumes is counted as well. */
function countMethods<Target extends object>(target: Target, names: Record<string, string>): Target {
	return new Proxy(target, {
		get(object, property) {
			const value: unknown = Reflect.get(object, property);
			if (typeof value !== "function") return value;
			const method = (...input: unknown[]): unknown => (value as Method).apply(object, input);
			if (property === "resumeMultipartUpload") return (...input: unknown[]) => countMethods(method(...input) as object, names);
			const name = names[property as string];
			if (name === undefined) return method;
			return (...input: unknown[]) => operation(name, async () => wrapUpload(await method(...input), names));
		},
	});
}

function wrapUpload(answer: unknown, names: Record<string, string>): unknown {
	return typeof answer === "object" && answer !== null && "uploadPart" in answer ? countMethods(answer, names) : answer;
}

const namespaces: DurableObjectNamespace[] = [];
const bindings = env as unknown as Record<string, unknown>;
for (const [name, binding] of Object.entries(bindings)) {
	const kind = (binding as object).constructor?.name;
	if (kind === "D1Database") countDatabase(binding as D1Database);
	else if (kind === "R2Bucket") bindings[name] = countMethods(binding as R2Bucket, BUCKET_METHODS);
	else if (kind === "DurableObjectNamespace") namespaces.push(binding as DurableObjectNamespace);
	else if (kind === "WorkerQueue") bindings[name] = countMethods(binding as Queue, { send: "queue.sent", sendBatch: "queue.sent" });
}

// Objects
/** When the alarm of an object is due, by class and object id. Nothing of it is stored, and no real alarm is set. */
const alarms = new Map<string, number>();

type ObjectClass = new (ctx: DurableObjectState, env: never) => DurableObject & { alarm?: () => Promise<void> };

/** Wall time of an object's requests, which keep it awake; of those that overlap, each its own. It ends before the output gate, which waits until what was written is durable. */
async function timed<Answer>(name: string, run: () => Answer | Promise<Answer>): Promise<Answer> {
	const startedMs = performance.now();
	try {
		return await run();
	} finally {
		count(`${name}.wall_ms`, performance.now() - startedMs);
	}
}

/** @param name of the class, under which it is counted */
export function countedObject<Class extends ObjectClass>(Product: Class, name: string): Class {
	class Counted extends (Product as ObjectClass) {
		constructor(ctx: DurableObjectState, objectEnv: never) {
			const key = `${name} ${ctx.id.toString()}`;
			count(`${name}.wakes`);
			const { storage } = ctx;
			Object.assign(storage, {
				setAlarm: async (dueMs: number) => {
					// Billed as a row written.
					count(`${name}.rows_written`);
					alarms.set(key, dueMs);
				},
				getAlarm: async () => alarms.get(key) ?? null,
				deleteAlarm: async () => void alarms.delete(key),
			});
			const execute = storage.sql.exec.bind(storage.sql);
			const exec = (...input: Parameters<SqlStorage["exec"]>) => countRows(execute(...input), name);
			Object.assign(storage.sql, { exec });
			super(ctx, objectEnv);
		}

		async ringAlarm(): Promise<void> {
			count(`${name}.alarms`);
			await timed(name, () => this.alarm?.());
		}
	}
	for (const method of Object.getOwnPropertyNames(Product.prototype)) {
		if (method === "constructor" || method === "alarm") continue;
		const own = Product.prototype[method as never] as Method;
		const counted = function (this: unknown, ...input: unknown[]): unknown {
			return operation(`${name}.requests`, async () => timed(name, () => own.apply(this, input)));
		};
		Object.defineProperty(Counted.prototype, method, { value: counted, configurable: true });
	}
	return Counted as unknown as Class;
}

/** Rows are read as the cursor goes on. */
function countRows<Cursor extends SqlStorageCursor<Record<string, SqlStorageValue>>>(cursor: Cursor, name: string): Cursor {
	count(`${name}.rows_written`, cursor.rowsWritten);
	let counted = 0;
	const note = <Value>(value: Value): Value => {
		count(`${name}.rows_read`, cursor.rowsRead - counted);
		counted = cursor.rowsRead;
		return value;
	};
	note(null);
	return new Proxy(cursor, {
		get(target, property) {
			const value: unknown = Reflect.get(target, property);
			return typeof value === "function" ? (...input: unknown[]) => note((value as Method).apply(target, input)) : value;
		},
	});
}

interface Handlers {
	fetch?: (...input: never[]) => unknown;
	scheduled?: (...input: never[]) => unknown;
	queue?: (batch: MessageBatch, ...rest: never[]) => unknown;
}

/** The Worker's handlers, with a door for {@link CountedCommand} in front, and what arrives from outside counted. */
export function countedHandlers(worker: object): Record<string, unknown> {
	const { fetch: serve, scheduled, queue: consume } = worker as Handlers;
	return {
		fetch: async (request: Request, ...rest: never[]) => {
			if (new URL(request.url).pathname === COUNTED_PATH) return Response.json(await obey((await request.json()) as CountedCommand));
			count("worker.requests");
			return await serve?.call(worker, request as never, ...rest);
		},
		...(scheduled === undefined ? {} : { scheduled: scheduled.bind(worker) }),
		...(consume === undefined
			? {}
			: {
					queue: async (batch: MessageBatch, ...rest: never[]) => {
						count("queue.delivered", batch.messages.length);
						await consume.call(worker, batch, ...rest);
					},
				}),
	};
}

async function obey(command: CountedCommand): Promise<CountedAnswer> {
	switch (command.kind) {
		case "read":
			break;
		case "reset":
			for (const name of Object.keys(counts)) delete counts[name];
			break;
		case "clock":
			({ aheadMs } = command);
			break;
		case "alarms":
			await ringDue();
			break;
		case "delay":
			delayMs = command.ms;
	}
	const standing: Record<string, number> = {};
	for (const key of alarms.keys()) {
		const name = key.split(" ")[0] as string;
		standing[name] = (standing[name] ?? 0) + 1;
	}
	return { counts, alarms: standing };
}

async function ringDue(): Promise<void> {
	for (;;) {
		const due = [...alarms].filter(([, dueMs]) => dueMs <= Date.now()).map(([key]) => key);
		if (due.length === 0) return;
		for (const key of due) {
			alarms.delete(key);
			await stubOf(key.split(" ")[1] as string).ringAlarm();
		}
	}
}

/** Through a stub: an object's storage answers only within its own requests. */
function stubOf(id: string): { ringAlarm(): Promise<void> } {
	for (const namespace of namespaces) {
		try {
			return namespace.get(namespace.idFromString(id)) as unknown as { ringAlarm(): Promise<void> };
		} catch {
			// An id of another namespace.
		}
	}
	throw new Error(`no namespace has the object ${id}`);
}
