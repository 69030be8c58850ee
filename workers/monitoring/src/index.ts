/** Monitoring: what every isolate counts, merged; health history; the text that Prometheus scrapes. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { hashString } from "#shared/base/hash.ts";
import type { MetricSample, MetricsPush } from "#shared/contracts/metrics.ts";
import type { HealthRecord, MonitoringRpc } from "#shared/contracts/rpc.ts";
import { addSample, seriesKey } from "#shared/observability/bounded-series.ts";
import { serviceApp } from "#shared/observability/service-app.ts";
import type { Env } from "./env.ts";
import { exposeText, zeroSamples } from "./exposition/prometheus.ts";
import type { MetricsHub } from "./hub/metrics-hub.ts";

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
		return exposeText(
			merged([...answers.flat(), ...zeroSamples()].filter(({ labels }) => service === undefined || labels["service"] === service)),
		);
	}

	async ready(): Promise<void> {
		await this.#hub(0).ready();
	}

	#hub(index: number): DurableObjectStub<MetricsHub> {
		return this.env.METRICS_HUB.get(this.env.METRICS_HUB.idFromName(`hub-${index}`));
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
