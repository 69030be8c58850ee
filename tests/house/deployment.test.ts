/** The deployment's commands, and the rules that every wrangler.toml keeps. */
import { readFileSync } from "node:fs";
import { unstable_readConfig as readConfig } from "wrangler";
import { expect, test } from "vitest";
import { COMPACTION_ATTEMPT_COUNT_MAX, RATE_LIMIT_PERIOD_SECONDS, RATE_LIMIT_REQUEST_COUNT } from "#shared/base/limits.ts";
import { environmentConfig } from "../../scripts/deploy/config.ts";
import { planDeployment } from "../../scripts/deploy/plan.ts";
import { FLEET } from "../../scripts/fleet.ts";

const plan = (environment: string | null, contract: string[] = []) =>
	planDeployment({
		environment,
		configPath: (member) => `${member.name}.json`,
		hasContractMigrations: (member) => contract.includes(member.name),
	}).map((command) => `${command.phase}: ${command.arguments.join(" ")}`);

test("a deployment creates, expands, deploys bottom-up, sets secrets, contracts", () => {
	expect(plan("staging", ["catalog"])).toEqual([
		"create: d1 create littoral-staging-catalog",
		"create: d1 create littoral-staging-optimizer",
		"create: d1 create littoral-staging-operations",
		"create: d1 create littoral-staging-identity",
		"create: r2 bucket create littoral-staging-data",
		"create: queues create littoral-staging-signals",
		"create: queues create littoral-staging-signals-dead",
		"create: queues create littoral-staging-compaction",
		"create: queues create littoral-staging-compaction-dead",
		"expand: d1 migrations apply littoral-staging-catalog --remote --config catalog.json",
		"expand: d1 migrations apply littoral-staging-optimizer --remote --config optimizer.json",
		"expand: d1 migrations apply littoral-staging-operations --remote --config operations.json",
		"expand: d1 migrations apply littoral-staging-identity --remote --config gateway.json",
		"deploy: deploy --config monitoring.json",
		"deploy: deploy --config catalog.json",
		"deploy: deploy --config optimizer.json",
		"deploy: deploy --config tenant.json",
		"deploy: deploy --config operations.json",
		"deploy: deploy --config gateway.json",
		"secrets: secret put ADMIN_KEY --config gateway.json",
		"contract: d1 migrations apply littoral-staging-catalog --remote --config catalog.json.contract.json",
	]);
});

test("every queue, bucket and database that a Worker names is created", () => {
	const created = plan(null).filter((command) => command.startsWith("create: "));
	for (const member of FLEET) {
		const { queues, r2_buckets, d1_databases } = readConfig({ config: member.configPath }) as unknown as {
			queues: { producers?: { queue: string }[]; consumers?: { queue: string; dead_letter_queue?: string }[] };
			r2_buckets: { bucket_name: string }[];
			d1_databases: { database_name: string }[];
		};
		const names = [
			...(queues.producers ?? []).map(({ queue }) => `queues create ${queue}`),
			...(queues.consumers ?? []).flatMap(({ queue, dead_letter_queue }) => [
				`queues create ${queue}`,
				...(dead_letter_queue === undefined ? [] : [`queues create ${dead_letter_queue}`]),
			]),
			...r2_buckets.map(({ bucket_name }) => `r2 bucket create ${bucket_name}`),
			...d1_databases.map(({ database_name }) => `d1 create ${database_name}`),
		];
		for (const name of names) expect(created, member.name).toContain(`create: ${name}`);
	}
});

test("an environment shares no resource with another", () => {
	for (const member of FLEET) {
		const text = JSON.stringify(environmentConfig(member, "staging", { "littoral-staging-catalog": "id-1" }));
		expect(text.match(/"littoral-(?!staging-)[a-z-]+"/g) ?? [], member.name).toEqual([]);
	}
	const catalog = environmentConfig(FLEET[1] as (typeof FLEET)[number], "staging", { "littoral-staging-catalog": "id-1" });
	expect(catalog["d1_databases"]).toMatchObject([{ database_name: "littoral-staging-catalog", database_id: "id-1" }]);
});

test("only the gateway is public, and calls go down", () => {
	const order = FLEET.map((member) => member.name as string);
	for (const member of FLEET) {
		const config = readConfig({ config: member.configPath });
		if (member.name !== "gateway") {
			expect(config.workers_dev, member.name).toBe(false);
			expect(config.preview_urls, member.name).toBe(false);
		}
		expect(config.routes ?? [], member.name).toEqual([]);
		expect(config.compatibility_date, member.name).toBe("2026-08-15");
		for (const service of config.services ?? []) {
			expect(order.indexOf(service.service.replace("littoral-", "")), `${member.name} -> ${service.service}`).toBeLessThan(
				order.indexOf(member.name),
			);
		}
		expect(readFileSync(member.configPath, "utf8"), member.name).not.toMatch(/SECRET|ADMIN_KEY\s*=/);
	}
});

test("the gateway's rate limit is the one of limits.ts", () => {
	const config = readConfig({ config: (FLEET.at(-1) as (typeof FLEET)[number]).configPath }) as unknown as {
		ratelimits: { simple: object }[];
	};
	expect(config.ratelimits.map(({ simple }) => simple)).toEqual([{ limit: RATE_LIMIT_REQUEST_COUNT, period: RATE_LIMIT_PERIOD_SECONDS }]);
});

test("the queue gives a compaction job as many attempts as limits.ts says, one at a time", () => {
	const catalog = FLEET.find((member) => member.name === "catalog") as (typeof FLEET)[number];
	const { queues } = readConfig({ config: catalog.configPath }) as unknown as {
		queues: { consumers: { queue: string; max_batch_size: number; max_retries: number; dead_letter_queue?: string }[] };
	};
	expect(queues.consumers.map(({ queue, dead_letter_queue }) => [queue, dead_letter_queue])).toEqual([
		["littoral-compaction", "littoral-compaction-dead"],
		["littoral-compaction-dead", undefined],
	]);
	const [jobs] = queues.consumers;
	expect([jobs?.max_batch_size, jobs?.max_retries]).toEqual([1, COMPACTION_ATTEMPT_COUNT_MAX - 1]);
});
