import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { reportError } from "./sentry.ts";

test("a bug goes to Sentry in the background, with its tags; without a DSN nothing is sent", async () => {
	const bodies: string[] = [];
	const server = createServer((request, response) => {
		request.on("data", (chunk: Buffer) => bodies.push(chunk.toString()));
		request.on("end", () => response.end("{}"));
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	const background: Promise<unknown>[] = [];
	const context = { waitUntil: (promise: Promise<unknown>) => void background.push(promise) };
	reportError({}, context, new Error("silent"), {});
	reportError({ SENTRY_DSN: `http://key@127.0.0.1:${port}/1` }, context, new Error("a bug of ours"), { service: "tenant" });
	await Promise.all(background);
	await expect.poll(() => bodies.join("")).toContain("a bug of ours");
	expect(bodies.join("")).toContain('"service":"tenant"');
	expect(bodies.join("")).not.toContain("silent");
	server.close();
});
