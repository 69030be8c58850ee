/** Processor time of the gateway by request: the system with a tenant Worker that does nothing, less two bare Workers that pass the same body on. */
import { join } from "node:path";
import { ROOT } from "../../scripts/fleet.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import { load } from "../runner/load.ts";
import { eventsJson } from "../world/events.ts";
import { post, startBareObject } from "../world/peers.ts";
import { startLittoralServer } from "../world/server.ts";

const CLIENT_COUNT = 16;
const STUB = { tenant: join(ROOT, "bench/workers/stub-tenant.ts") };
/** The bare peer's path whose bodies go no further than its second Worker. */
const NO_OBJECT = "/none";

export const gatewayBench: Bench = {
	name: "gateway",
	title:
		"Processor time of the gateway's own work: credential, role, rate limit (its local stand-in is an object), routing, metrics, log, problem or answer",
	async run(session) {
		const requestCount = session.sized({ full: 2000, smoke: 20 });
		const [littoral, unlimited, bare] = [
			await startLittoralServer({ entryPoints: STUB }),
			await startLittoralServer({ entryPoints: STUB, rateLimitRequestCount: null }),
			await startBareObject(),
		];
		try {
			const body = eventsJson(0, 1);
			const peerOf = async (name: string, server: typeof littoral) => {
				const client = await server.tenant("gateway");
				return {
					name,
					cpuMs: () => server.cpuMs(),
					run: () =>
						load(requestCount, CLIENT_COUNT, async () => expectAnswer("rows accepted", (await client.append("events", body)).accepted, 1)),
				};
			};
			const measured = await session.interleave({
				what: `${requestCount.toLocaleString("en")} requests`,
				warmUpCount: 1,
				peers: [
					await peerOf("gateway", littoral),
					await peerOf("gateway without a limiter", unlimited),
					{
						name: "two bare Workers",
						cpuMs: bare.cpuMs,
						run: () => load(requestCount, CLIENT_COUNT, async () => void (await post(bare, NO_OBJECT, body))),
					},
				],
				check: () => {},
				figures: (figures) => ({ ...figures }),
			});
			const cpu = (name: string): number => (measured[name]?.cpuMs as number) / requestCount;
			for (const name of Object.keys(measured)) session.figure(`${name}: processor time of a request`, cpu(name), "ms");
			for (const name of ["gateway", "gateway without a limiter"]) {
				session.figure(`${name}: of it the gateway's own`, cpu(name) - cpu("two bare Workers"), "ms");
			}
		} finally {
			await Promise.all([littoral.stop(), unlimited.stop(), bare.stop()]);
		}
	},
};
