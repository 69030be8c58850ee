import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { reportError } from "./sentry.ts";

const background: Promise<unknown>[] = [];
const context = { waitUntil: (promise: Promise<unknown>) => void background.push(promise) };
let server: Server;
let env: { SENTRY_DSN: string };
/** Events that Sentry has got. */
let bodies: string[] = [];

beforeEach(async () => {
	bodies = [];
	server = createServer((request, response) => {
		let body = "";
		request.on("data", (chunk: Buffer) => (body += chunk.toString()));
		request.on("end", () => {
			bodies.push(body);
			response.end("{}");
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	env = { SENTRY_DSN: `http://key@127.0.0.1:${(server.address() as { port: number }).port}/1` };
});

afterEach(() => {
	server.close();
});

test("a bug goes to Sentry in the background, with its tags; without a DSN nothing is sent", async () => {
	reportError({}, context, new Error("silent"), {});
	reportError(env, context, Object.assign(new Error("silent, too"), { retryable: true }), {});
	reportError(env, context, new Error("a bug of ours"), { service: "tenant" });
	await Promise.all(background);
	await expect.poll(() => bodies.join("")).toContain("a bug of ours");
	expect(bodies.join("")).toContain('"service":"tenant"');
	expect(bodies.join("")).not.toContain("silent");
});

test("one that passes through several Workers is sent once", async () => {
	const error = new Error("of the catalog");
	reportError(env, context, error, { service: "catalog" });
	// What RPC makes of it: another object, with its own properties.
	const carried = Object.assign(new Error(error.message), error);
	reportError(env, context, carried, { service: "tenant" });
	reportError(env, context, carried, { service: "gateway" });
	reportError(env, context, new Error("the last"), {});
	await Promise.all(background);
	await expect.poll(() => bodies.join("")).toContain("the last");
	expect(bodies).toHaveLength(2);
	expect(bodies[0]).toContain('"service":"catalog"');
});

test("no secret, statement or value goes along", async () => {
	const key = `lit_${"a".repeat(16)}_${"B".repeat(43)}`;
	const message = `near "SELECT secret_column": 'a value' with ${key}, Bearer ${"c".repeat(20)} and eyJhbGciOi.eyJzdWIi.c2ln`;
	reportError(env, context, new Error(message), { service: "tenant" });
	await Promise.all(background);
	await expect.poll(() => bodies.join("")).toContain("near");
	const [body = ""] = bodies;
	const event = JSON.parse(body.split("\n").find((line) => line.includes('"exception"')) ?? "{}") as {
		exception: { values: { value: string }[] };
		request?: unknown;
	};
	expect(event.exception.values[0]?.value).toBe('near "…": "…" with [secret], [secret] and [secret]');
	expect(event.request).toBeUndefined();
	for (const secret of [key, "secret_column", "a value", "c".repeat(20), "eyJhbGciOi"]) expect(body).not.toContain(secret);
});

test("a DSN that is none holds up nothing", () => {
	expect(() => reportError({ SENTRY_DSN: "not a url" }, context, new Error("a bug"), {})).not.toThrow();
	expect(() => reportError(env, context, Object.freeze(new Error("frozen")), {})).not.toThrow();
	expect(() => reportError(env, context, "a thrown string", {})).not.toThrow();
});
