/**
 * Loki's push API, in JSON. Streams are few: a label is the service or the level, and all else is in the line, where Loki's `| json` finds it.
 * @see https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
 */
import type { LogRecord } from "#shared/contracts/telemetry.ts";
import type { FromService } from "./otlp.ts";

/** The body of a request to `/loki/api/v1/push`. */
export function lokiPush(logs: readonly FromService<LogRecord>[]): object {
	const streams = Map.groupBy(logs, ({ service, item }) => `${service} ${item.level}`);
	return {
		streams: [...streams.values()].map((group) => {
			const { service, item } = group[0] as FromService<LogRecord>;
			return {
				stream: { app: "littoral", service, level: item.level },
				values: group.map((log) => [
					`${Math.round(log.item.atMs)}000000`,
					JSON.stringify({ message: log.item.message, ...log.item.fields }),
				]),
			};
		}),
	};
}
