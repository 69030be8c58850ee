/** Monitoring: what every isolate counts, merged; health history; the text that Prometheus scrapes. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { hashString } from "#shared/base/hash.ts";
import type { MetricSample, MetricsPush } from "#shared/contracts/metrics.ts";
import type { HealthRecord, MonitoringRpc } from "#shared/contracts/rpc.ts";
import { serviceApp } from "#shared/observability/service-app.ts";
import type { Env } from "./env.ts";
import { exposeText } from "./exposition/prometheus.ts";
import type { MetricsHub } from "./hub/metrics-hub.ts";
import { addSample } from "./hub/series.ts";

export { MetricsHub } from "./hub/metrics-hub.ts";

/** Hubs that share the load; isolates are spread by a hash of their id. */
const HUB_COUNT = 4;

export class MonitoringService extends WorkerEntrypoint<Env> implements MonitoringRpc {
	async push(push: MetricsPush): Promise<void> {
		await this.#hub(hashString(push.isolateId) % HUB_COUNT).push(push);
	}

	async recordHealth(records: HealthRecord[]): Promise<void> {
		await this.#hub(0).recordHealth(records);
	}

	async healthHistory(limit: number): Promise<HealthRecord[]> {
		return await this.#hub(0).healthHistory(limit);
	}

	/** @param service keeps only series with this `service` label */
	async scrape(service?: string): Promise<string> {
		const answers = await Promise.all(Array.from({ length: HUB_COUNT }, (_, index) => this.#hub(index).series()));
		const merged = new Map<string, MetricSample>();
		for (const sample of answers.flatMap((answer) => answer.samples)) {
			if (service !== undefined && sample.labels["service"] !== service) continue;
			const key = `${sample.name}|${JSON.stringify(sample.labels)}`;
			const total = merged.get(key);
			if (total === undefined) merged.set(key, sample);
			else addSample(total, sample);
		}
		const droppedSampleCount = answers.reduce((sum, answer) => sum + answer.droppedSampleCount, 0);
		return exposeText([
			...merged.values(),
			{ name: "littoral_metrics_dropped_samples_total", labels: {}, kind: "counter", value: droppedSampleCount },
		]);
	}

	async ready(): Promise<void> {
		await this.#hub(0).series();
	}

	#hub(index: number): DurableObjectStub<MetricsHub> {
		return this.env.METRICS_HUB.get(this.env.METRICS_HUB.idFromName(`hub-${index}`));
	}
}

const app = serviceApp<Env>("monitoring");
export default app;
