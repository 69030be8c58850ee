/** Acknowledged appends of 1 and of 100 rows, beside a bare Durable Object behind as many hops that stores the same bytes. */
import type { LittoralClient } from "../../scripts/client.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import { load, type LoadFigures } from "../runner/load.ts";
import type { Session } from "../runner/session.ts";
import { EVENTS_DDL, EVENTS_TOTAL, eventsJson, eventsTotal } from "../world/events.ts";
import { post, startBareObject } from "../world/peers.ts";
import { type BenchServer, startLittoralServer } from "../world/server.ts";

/** At least this share of the bare object's rate. */
const RATE_SHARE = 0.6;
/** One client measures latency; sixteen measure the rate. */
const CLIENT_COUNTS = [1, 16];

export const appendsBench: Bench = {
	name: "appends",
	title:
		"Appends over HTTP, each acknowledged when durable; the bare peer is two Workers and a Durable Object that stores the body's bytes in SQLite",
	async run(session) {
		const [littoral, bare] = [await startLittoralServer(), await startBareObject()];
		try {
			for (const rowCount of [1, 100]) {
				for (const clientCount of CLIENT_COUNTS) {
					const client = await littoral.tenant(`appends-${rowCount}-${clientCount}`);
					await client.execute(EVENTS_DDL);
					await measure(session, { rowCount, clientCount, littoral, client, bare });
				}
			}
		} finally {
			await Promise.all([littoral.stop(), bare.stop()]);
		}
	},
};

async function measure(
	session: Session,
	setting: { rowCount: number; clientCount: number; littoral: BenchServer; client: LittoralClient; bare: BenchServer },
): Promise<void> {
	const { rowCount, clientCount, littoral, client, bare } = setting;
	const requestCount = session.sized({ full: clientCount === 1 ? 300 : 2000, smoke: 20 });
	const what = `${rowCount === 1 ? "1 row" : `${rowCount} rows`}, ${clientCount === 1 ? "1 client" : `${clientCount} clients`}`;
	const path = `/${rowCount}-${clientCount}`;
	const sent = { littoral: 0, bare: 0 };
	/** Bodies of the round after those sent, made before the clock starts. */
	let bodies: string[] = [];
	const prepareBodies = (first: number): void => {
		bodies = Array.from({ length: requestCount }, (_, index) => eventsJson((first + index) * rowCount, rowCount));
	};
	const measured = await session.interleave<LoadFigures>({
		what,
		warmUpCount: 1,
		peers: [
			{
				name: "littoral",
				cpuMs: littoral.cpuMs,
				prepare: async () => prepareBodies(sent.littoral),
				run: async () => {
					const figures = await load(requestCount, clientCount, async (index) => {
						const { accepted } = await client.append("events", bodies[index] as string);
						expectAnswer("accepted rows", accepted, rowCount);
					});
					sent.littoral += requestCount;
					return figures;
				},
			},
			{
				name: "bare",
				cpuMs: bare.cpuMs,
				prepare: async () => prepareBodies(sent.bare),
				run: async () => {
					const figures = await load(requestCount, clientCount, async (index) => void (await post(bare, path, bodies[index] as string)));
					sent.bare += requestCount;
					return figures;
				},
			},
		],
		check: async (_, peer) => {
			if (peer === "littoral") {
				const [row] = (await client.query(EVENTS_TOTAL)).rows;
				expectAnswer("rows after appends", row?.map(String), eventsTotal(sent.littoral * rowCount));
			} else {
				const { sequence } = (await post(bare, path, "one more")) as { sequence: number };
				expectAnswer("appends that the bare object has", sequence, ++sent.bare);
			}
		},
		figures: (figures) => ({ ...figures }),
	});
	for (const [name, { figures, cpuMs }] of Object.entries(measured)) {
		session.figure(`${what}, ${name}: appends a second`, figures["perSecond"] as number, "1/s");
		session.figure(`${what}, ${name}: p50`, figures["p50Ms"] as number, "ms");
		session.figure(`${what}, ${name}: p99`, figures["p99Ms"] as number, "ms");
		session.figure(`${what}, ${name}: processor time of an append`, cpuMs / requestCount, "ms");
	}
	const rate = (name: string): number => measured[name]?.figures["perSecond"] as number;
	session.bar({ what: `${what}: share of the bare object's rate`, value: rate("littoral") / rate("bare"), atLeast: RATE_SHARE, unit: "x" });
}
