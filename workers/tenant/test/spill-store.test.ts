import { expect, test } from "vitest";
import { LittoralError } from "#shared/base/errors.ts";
import { newTenantId } from "#shared/base/ids.ts";
import { openPorts } from "../src/ports.ts";
import { spillStore } from "../src/query/spill-store.ts";
import { MemoryCatalog } from "./memory-catalog.ts";
import { testEnv } from "./world.ts";

test("spilled blocks are objects of their query, two runs of which never meet, until they are dropped", async () => {
	const query = { tenantId: newTenantId(), queryId: "q1" };
	const ports = { ...openPorts(testEnv), catalog: new MemoryCatalog() };
	const [first, second] = [spillStore(ports, query), spillStore(ports, query)];
	const handles = await Promise.all([
		first.write("0", new Uint8Array([1, 2])),
		first.write("0", new Uint8Array([3])),
		second.write("0", new Uint8Array([4])),
	]);
	expect(await Promise.all(handles.map((handle) => first.read(handle)))).toEqual([
		new Uint8Array([1, 2]),
		new Uint8Array([3]),
		new Uint8Array([4]),
	]);
	const listed = async () => (await testEnv.DATA.list({ prefix: `spill/${query.tenantId}/q1/` })).objects.length;
	expect(await listed()).toBe(3);
	await first.drop(handles.slice(0, 2));
	expect(await listed()).toBe(1);
	await second.drop(handles.slice(2));
	expect(await listed()).toBe(0);
});

test("before a query's first block is written the catalog has been told of the tenant; once, and no block without it", async () => {
	const query = { tenantId: newTenantId(), queryId: "q1" };
	const steps: string[] = [];
	let reachable = true;
	const ports = {
		objects: {
			...openPorts(testEnv).objects,
			putNew: async () => {
				steps.push("write");
				return "stored" as const;
			},
		},
		catalog: {
			announceObjects: async (...announced: unknown[]) => {
				if (!reachable) throw new LittoralError("internal_error", "no catalog");
				await new Promise((resolve) => setTimeout(resolve, 5));
				steps.push(`announce ${JSON.stringify(announced)}`);
			},
		},
	};
	const store = spillStore(ports, query);
	await Promise.all([store.write("0", new Uint8Array(1)), store.write("1", new Uint8Array(1))]);
	await store.write("0", new Uint8Array(1));
	expect(steps).toEqual([`announce ["${query.tenantId}",null]`, "write", "write", "write"]);

	reachable = false;
	await expect(spillStore(ports, query).write("0", new Uint8Array(1))).rejects.toThrow("no catalog");
	expect(steps).toHaveLength(4);
});
