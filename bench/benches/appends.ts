/** Acknowledged appends of 1 and of 100 rows, beside a bare Durable Object behind as many hops that stores the same bytes. */
import { join } from "node:path";
import { ROOT } from "../../scripts/fleet.ts";
import type { LittoralClient } from "../../scripts/client.ts";
import { type Bench, expectAnswer } from "../runner/bench.ts";
import { load, type LoadFigures } from "../runner/load.ts";
import type { Measured, Session } from "../runner/session.ts";
import { EVENTS_DDL, EVENTS_TOTAL, eventsJson, eventsTotal } from "../world/events.ts";
import { post, startBareObject } from "../world/peers.ts";
import { type BenchServer, startLittoralServer } from "../world/server.ts";

/** At least this share of the bare object's rate. */
const RATE_SHARE = 0.6;
/** The limit is raised by configuration; where it counts is production's way, see there. */
const LOCAL_LIMITER = join(ROOT, "bench/workers/gateway-with-local-limiter.ts");
/** Recorded beside it: the binding's local stand-in, which production does not have. */
const STAND_IN = "littoral, the limiter's stand-in";
/** One client measures latency; sixteen measure the rate. */
const CLIENT_COUNTS = [1, 16];

export const appendsBench: Bench = {
	name: "appends",
	title:
		"Appends over HTTP, each acknowledged when durable; the bare peer is two Workers and a Durable Object that stores the body's bytes in SQLite",
	async run(session) {
		const [littoral, standIn, bare] = [
			await startLittoralServer({ rateLimitRequestCount: null, entryPoints: { gateway: LOCAL_LIMITER } }),
			await startLittoralServer(),
			await startBareObject(),
		];
		try {
			for (const rowCount of [1, 100]) {
				for (const clientCount of CLIENT_COUNTS) {
					const peers: LittoralPeer[] = [];
					for (const [name, server] of [["littoral", littoral] as const, [STAND_IN, standIn] as const]) {
						const client = await server.tenant(`appends-${rowCount}-${clientCount}`);
						await client.execute(EVENTS_DDL);
						peers.push({ name, server, client, sent: 0 });
					}
					await measure(session, { rowCount, clientCount, peers, bare });
				}
			}
		} finally {
			await Promise.all([littoral.stop(), standIn.stop(), bare.stop()]);
		}
	},
};

interface LittoralPeer {
	name: string;
	server: BenchServer;
	client: LittoralClient;
	/** Appends so far. */
	sent: number;
}

async function measure(
	session: Session,
	setting: { rowCount: number; clientCount: number; peers: LittoralPeer[]; bare: BenchServer },
): Promise<void> {
	const { rowCount, clientCount, peers, bare } = setting;
	const requestCount = session.sized({ full: clientCount === 1 ? 300 : 2000, smoke: 20 });
	const what = `${rowCount === 1 ? "1 row" : `${rowCount} rows`}, ${clientCount === 1 ? "1 client" : `${clientCount} clients`}`;
	const path = `/${rowCount}-${clientCount}`;
	let sentBare = 0;
	/** Bodies of the next round, made before the clock starts. */
	let bodies: string[] = [];
	const prepareBodies = (first: number): void => {
		bodies = Array.from({ length: requestCount }, (_, index) => eventsJson((first + index) * rowCount, rowCount));
	};
	const measured = await session.interleave<LoadFigures>({
		what,
		warmUpCount: 1,
		peers: [
			...peers.map((peer) => ({
				name: peer.name,
				cpuMs: () => peer.server.cpuMs(),
				prepare: async () => prepareBodies(peer.sent),
				run: async () => {
					const figures = await load(requestCount, clientCount, async (index) => {
						const { accepted } = await peer.client.append("events", bodies[index] as string);
						expectAnswer("accepted rows", accepted, rowCount);
					});
					peer.sent += requestCount;
					return figures;
				},
			})),
			{
				name: "bare",
				cpuMs: bare.cpuMs,
				prepare: async () => prepareBodies(sentBare),
				run: async () => {
					const figures = await load(requestCount, clientCount, async (index) => void (await post(bare, path, bodies[index] as string)));
					sentBare += requestCount;
					return figures;
				},
			},
		],
		check: async (_, name) => {
			const peer = peers.find((candidate) => candidate.name === name);
			if (peer !== undefined) {
				const [row] = (await peer.client.query(EVENTS_TOTAL)).rows;
				expectAnswer("rows after appends", row?.map(String), eventsTotal(peer.sent * rowCount));
			} else {
				const { sequence } = (await post(bare, path, "one more")) as { sequence: number };
				expectAnswer("appends that the bare object has", sequence, ++sentBare);
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
	const { bare: floor, ...own } = measured as Record<string, Measured>;
	for (const [name, { figures, cpuMs }] of Object.entries(own)) {
		const share = (figures["perSecond"] as number) / (floor?.figures["perSecond"] as number);
		const shareOf = `${what}, ${name}: share of the bare object's rate`;
		if (name === STAND_IN) session.figure(shareOf, share, "x");
		else session.bar({ what: shareOf, value: share, atLeast: RATE_SHARE, unit: "x" });
		session.figure(`${what}, ${name}: the bare object's processor time over its own`, (floor?.cpuMs as number) / cpuMs, "x");
	}
}
