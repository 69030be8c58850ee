/** Monitoring: what every isolate counts, merged; health history and alerts; the text that Prometheus scrapes. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { hashString } from "#shared/base/hash.ts";
import type { MetricSample, MetricsPush } from "#shared/contracts/metrics.ts";
import type { TelemetrySettings } from "#shared/contracts/telemetry.ts";
import type { HealthRecord, MonitoringRpc, PlatformStatus } from "#shared/contracts/rpc.ts";
import { addSample, seriesKey } from "#shared/observability/bounded-series.ts";
import { schedulePush } from "#shared/observability/metrics.ts";
import { serviceApp } from "#shared/observability/service-app.ts";
import type { Env } from "./env.ts";
import { exposeText, zeroSamples } from "./exposition/prometheus.ts";
import { drainSinks, offerTelemetry, telemetrySettings } from "./sinks/exporter.ts";
import { allHubs, chiefHub, hub, HUB_COUNT } from "./hub/hubs.ts";

export { MetricsHub } from "./hub/metrics-hub.ts";

export class MonitoringService extends WorkerEntrypoint<Env> implements MonitoringRpc {
	/** Answers once the hub has counted: what a sink makes of spans and log lines is nobody's wait. */
	async push(push: MetricsPush): Promise<TelemetrySettings> {
		const isNew = await this.#count(push);
		const settings = telemetrySettings(this.env);
		if (isNew) offerTelemetry(this.env, push);
		if (settings.logs || settings.traceRatio > 0) this.ctx.waitUntil(this.#export());
		return settings;
	}

	async recordHealth(records: HealthRecord[]): Promise<void> {
		await chiefHub(this.env).recordHealth(records);
	}

	async status(): Promise<PlatformStatus> {
		return await chiefHub(this.env).status();
	}

	/** @param service keeps only series with this `service` label */
	async scrape(service?: string): Promise<string> {
		const answers = await Promise.all(allHubs(this.env).map((each) => each.series()));
		return exposeText(
			merged([...answers.flat(), ...zeroSamples()].filter(({ labels }) => service === undefined || labels["service"] === service)),
		);
	}

	async ready(): Promise<void> {
		await chiefHub(this.env).ready();
	}

	async #count({ isolateId, sequence, service, samples }: MetricsPush): Promise<boolean> {
		return await hub(this.env, hashString(isolateId) % HUB_COUNT).push({ isolateId, sequence, service, samples });
	}

	/** Sends what the sinks hold, and counts how that went like everybody else: by a push. */
	async #export(): Promise<void> {
		await drainSinks(this.env);
		schedulePush("monitoring", {
			waitUntil: (promise) => this.ctx.waitUntil(promise),
			push: async (push) => {
				if (await this.#count(push)) offerTelemetry(this.env, push);
				return telemetrySettings(this.env);
			},
		});
	}
}

/** One series per name and labels. A hub bounds its own; their sum is bounded by HUB_COUNT times that. */
function merged(samples: MetricSample[]): MetricSample[] {
	const totals = new Map<string, MetricSample>();
	for (const sample of samples) {
		const key = `${sample.name}|${seriesKey(sample.labels)}`;
		const total = totals.get(key);
		if (total === undefined) totals.set(key, sample);
		else addSample(total, sample);
	}
	return [...totals.values()];
}

const app = serviceApp<Env>("monitoring");
export default app;
