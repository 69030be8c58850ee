/** `npm start` as a supervisor sees it: what it prints, how it ends, what it leaves behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { LittoralClient } from "../../scripts/client.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { freePort } from "../../scripts/local/process.ts";

const stateDir = mkdtempSync(join(tmpdir(), "littoral-start-"));
const port = await freePort();
const children: ChildProcess[] = [];

afterAll(() => {
	for (const child of children) child.kill("SIGKILL");
	rmSync(stateDir, { recursive: true, force: true });
});

/** One run of the script; resolves with all of its stdout once that says ready. */
async function start(): Promise<{ child: ChildProcess; stdout: () => string }> {
	const { ADMIN_KEY: _, ...environment } = process.env;
	const child = spawn(process.execPath, [join(ROOT, "scripts/start.ts")], {
		env: { ...environment, PORT: String(port), STATE_DIR: stateDir },
		stdio: ["ignore", "pipe", "inherit"],
	});
	children.push(child);
	let stdout = "";
	await new Promise<void>((resolve, reject) => {
		child.stdout?.on("data", (chunk: Buffer) => {
			stdout += chunk.toString();
			if (stdout.includes("littoral ready at")) resolve();
		});
		child.once("exit", () => reject(new Error(`the server ended before it was ready: ${stdout}`)));
	});
	return { child, stdout: () => stdout };
}

async function listens(): Promise<boolean> {
	const socket = connect(port, "127.0.0.1");
	return await new Promise((resolve) => {
		socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
	}).then((answer) => {
		socket.destroy();
		return answer as boolean;
	});
}

test("one line when ready; SIGKILL of the process alone takes workerd with it; a restart has the state; SIGTERM ends with 0", async () => {
	const first = await start();
	const [, adminKey] = /^ADMIN_KEY=(\S+)\nlittoral ready at http:\/\/127\.0\.0\.1:\d+\n$/.exec(first.stdout()) ?? [];
	const admin = new LittoralClient(`http://127.0.0.1:${port}`, adminKey as string);
	await admin.json("/v1/tenants", { headers: { "Content-Type": "application/json" }, body: '{"id":"acme"}' });
	first.child.kill("SIGKILL");
	await once(first.child, "exit");
	while (await listens()) await new Promise((wake) => setTimeout(wake, 10));

	const second = await start();
	expect(second.stdout()).toBe(`littoral ready at http://127.0.0.1:${port}\n`);
	const listed = await admin.request("/v1/tenants", { method: "GET" });
	expect(await listed.json()).toMatchObject({ tenants: [{ tenant: "acme", status: "active" }] });
	const exit = once(second.child, "exit");
	second.child.kill("SIGTERM");
	expect(await exit).toEqual([0, null]);
	expect(await listens()).toBe(false);
});

test("npm's shell makes way for the one process, so that a signal to npm reaches it", () => {
	const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } };
	expect(scripts.start).toBe("exec node scripts/start.ts");
});
