/** `/v1/tenants/{id}/shards` and `/scaling`: how many shards a tenant has, why, and between which bounds autoscaling may move. */
import { z } from "@hono/zod-openapi";
import { LittoralError } from "#shared/base/errors.ts";
import { SHARD_COUNT_MAX } from "#shared/base/limits.ts";
import type { LoadSample, ScalingDecision, ScalingDescription, ScalingInputs } from "#shared/contracts/scaling.ts";
import { readJson } from "../request/body.ts";
import { page } from "../request/page.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";
import { PageQuery } from "./page-query.ts";
import { BODY_ERRORS, idParameter, tenantId } from "./tenant-path.ts";

const ShardCountSchema = z.strictObject({ count: z.int().min(1).max(SHARD_COUNT_MAX) }).openapi("ShardCount");
const ShardsSchema = z
	.object({ epoch: z.int(), shards: z.array(z.object({ name: z.string(), state: z.enum(["active", "draining"]) })) })
	.openapi("Shards");

const bound = z.int().min(1).max(SHARD_COUNT_MAX);
const BoundsSchema = z.strictObject({ min_shards: bound, max_shards: bound }).openapi("ScalingBounds");
const REASONS = [
	"overloaded",
	"busy",
	"quiet",
	"below_minimum",
	"above_maximum",
	"manual",
	"steady",
	"cooldown",
	"at_maximum",
] as const satisfies readonly ScalingDecision["reason"][];
const InputsSchema = z
	.object({
		load: z.number().openapi({ description: "Now, in shards: 1.5 keeps one and a half of them busy." }),
		peak_load: z.number().openapi({ description: "Highest load that shrinking looks back at." }),
		hottest_busy_fraction: z.number().nullable().openapi({ description: "Of the busiest shard the least of its last reports." }),
		samples: z.int(),
		last_change_at: z.iso.datetime().nullable(),
		min_shards: z.int(),
		max_shards: z.int(),
	})
	.openapi("ScalingInputs");
const SampleSchema = z
	.object({
		shard: z.string(),
		epoch: z.int(),
		from: z.iso.datetime(),
		to: z.iso.datetime(),
		appends_per_second: z.number(),
		bytes_per_second: z.number(),
		busy_fraction: z.number(),
		tail_bytes: z.int(),
		refused: z.int().openapi({ description: "Appends refused because the tail was full." }),
		overloaded: z.boolean(),
	})
	.openapi("LoadSample");
const DecisionSchema = z
	.object({
		number: z.int(),
		from: z.int(),
		to: z.int(),
		reason: z.enum(REASONS),
		trigger: z.enum(["cron", "signal", "manual"]),
		inputs: InputsSchema.nullable(),
		outcome: z.enum(["applying", "applied", "failed", "superseded"]),
		epoch: z.int().nullable(),
		decided_at: z.iso.datetime(),
		finished_at: z.iso.datetime().nullable(),
	})
	.openapi("ScalingDecision");
const ScalingSchema = z
	.object({
		shards: z.int(),
		epoch: z.int(),
		min_shards: z.int(),
		max_shards: z.int(),
		verdict: z
			.object({ to: z.int(), reason: z.enum(REASONS), inputs: InputsSchema })
			.openapi({ description: "What the policy would do now." }),
		samples: z.array(SampleSchema).openapi({ description: "Newest first. Only shards at work report." }),
		decisions: z.array(DecisionSchema).openapi({ description: "Newest first." }),
		next_cursor: z.string().nullable(),
	})
	.openapi("Scaling");

const TAG = "Platform";

export function scalingRoutes(app: App): void {
	serve(
		app,
		{
			method: "get",
			path: "/v1/tenants/{id}/shards",
			access: "platform",
			tag: TAG,
			summary: "List a tenant's shards",
			request: idParameter,
			answers: { 200: jsonAnswer("The shard set in force.", ShardsSchema) },
			errors: ["tenant_not_found", "unavailable"],
		},
		async (context) => {
			const { tenantId: internalId } = await context.env.OPERATIONS.getTenant(tenantId(context));
			const { epoch, history, draining } = await context.env.TENANT.directory(internalId);
			const named = (ordinals: readonly number[], state: "active" | "draining") =>
				ordinals.map((ordinal) => ({ name: `shard-${ordinal}`, state }));
			const answer: z.infer<typeof ShardsSchema> = {
				epoch,
				shards: [...named(history.at(-1)?.active ?? [], "active"), ...named(draining, "draining")],
			};
			return json(answer);
		},
	);
	serve(
		app,
		{
			method: "post",
			path: "/v1/tenants/{id}/shards",
			access: "platform",
			tag: TAG,
			summary: "Set the number of a tenant's active shards",
			description: "Pins it: autoscaling leaves the number alone until `POST /v1/tenants/{id}/scaling` gives it other bounds.",
			request: { ...idParameter, body: { required: true, content: { "application/json": { schema: ShardCountSchema } } } },
			answers: { 200: jsonAnswer("The shard set now in force.", ShardsSchema) },
			errors: [...BODY_ERRORS, "tenant_not_found", "conflict", "unavailable"],
		},
		async (context) => {
			const id = tenantId(context);
			const { count } = await readJson(context.req.raw, ShardCountSchema);
			const { epoch, shards } = await context.env.OPERATIONS.changeShards(id, count);
			const answer: z.infer<typeof ShardsSchema> = { epoch, shards: shards.map(({ name, state }) => ({ name, state })) };
			return json(answer);
		},
	);
	serve(
		app,
		{
			method: "get",
			path: "/v1/tenants/{id}/scaling",
			access: "platform",
			tag: TAG,
			summary: "How many shards a tenant has, and why",
			request: { ...idParameter, query: PageQuery },
			answers: { 200: jsonAnswer("Set, bounds, reports, and a page of decisions.", ScalingSchema) },
			errors: ["malformed_request", "tenant_not_found", "unavailable"],
		},
		async (context) => json(shownScaling(await context.env.OPERATIONS.scaling(tenantId(context), page(context.req.url)))),
	);
	serve(
		app,
		{
			method: "post",
			path: "/v1/tenants/{id}/scaling",
			access: "platform",
			tag: TAG,
			summary: "Set the bounds between which autoscaling moves",
			description: "A number of shards outside them is brought to the nearer one at once. Equal bounds pin it.",
			request: { ...idParameter, body: { required: true, content: { "application/json": { schema: BoundsSchema } } } },
			answers: { 200: jsonAnswer("As it stands now, with the newest decision.", ScalingSchema) },
			errors: [...BODY_ERRORS, "tenant_not_found", "conflict", "unavailable"],
		},
		async (context) => {
			const id = tenantId(context);
			const { min_shards: shardCountMin, max_shards: shardCountMax } = await readJson(context.req.raw, BoundsSchema);
			if (shardCountMin > shardCountMax) throw new LittoralError("malformed_request", "min_shards is above max_shards");
			return json(shownScaling(await context.env.OPERATIONS.setScaling(id, { shardCountMin, shardCountMax })));
		},
	);
}

function shownScaling(scaling: ScalingDescription): z.infer<typeof ScalingSchema> {
	const { shardCount, epoch, shardCountMin, shardCountMax, verdict, samples, decisions, nextCursor } = scaling;
	return {
		shards: shardCount,
		epoch,
		min_shards: shardCountMin,
		max_shards: shardCountMax,
		verdict: { to: verdict.to, reason: verdict.reason, inputs: shownInputs(verdict.inputs) },
		samples: samples.map(shownSample),
		decisions: decisions.map(shownDecision),
		next_cursor: nextCursor,
	};
}

function shownInputs(inputs: ScalingInputs): z.infer<typeof InputsSchema> {
	return {
		load: inputs.load,
		peak_load: inputs.peakLoad,
		hottest_busy_fraction: inputs.hottestBusyFraction,
		samples: inputs.sampleCount,
		last_change_at: inputs.lastChangeAtMs === null ? null : time(inputs.lastChangeAtMs),
		min_shards: inputs.shardCountMin,
		max_shards: inputs.shardCountMax,
	};
}

function shownSample(sample: LoadSample): z.infer<typeof SampleSchema> {
	const seconds = (sample.toMs - sample.fromMs) / 1000;
	return {
		shard: `shard-${sample.shard}`,
		epoch: sample.epoch,
		from: time(sample.fromMs),
		to: time(sample.toMs),
		appends_per_second: sample.appendCount / seconds,
		bytes_per_second: sample.appendedBytes / seconds,
		busy_fraction: sample.busyFraction,
		tail_bytes: sample.tailBytes,
		refused: sample.refusedCount,
		overloaded: sample.overloaded,
	};
}

function shownDecision(decision: ScalingDecision): z.infer<typeof DecisionSchema> {
	const { number, from, to, reason, trigger, inputs, outcome, epoch, decidedAt, finishedAt } = decision;
	return {
		number,
		from,
		to,
		reason,
		trigger,
		inputs: inputs && shownInputs(inputs),
		outcome,
		epoch,
		decided_at: decidedAt,
		finished_at: finishedAt,
	};
}

function time(ms: number): string {
	return new Date(ms).toISOString();
}
