import { expect, test } from "vitest";
import { newTenantId } from "#shared/base/ids.ts";
import { openPorts } from "../src/ports.ts";
import { spillStore } from "../src/query/spill-store.ts";
import { testEnv } from "./world.ts";

test("spilled blocks are objects of their query, two runs of which never meet, until they are dropped", async () => {
	const query = { tenantId: newTenantId(), queryId: "q1" };
	const { objects } = openPorts(testEnv);
	const [first, second] = [spillStore(objects, query), spillStore(objects, query)];
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
