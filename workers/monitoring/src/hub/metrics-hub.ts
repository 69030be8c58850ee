/**
 * A hub: totals of the isolates that hash to it, in memory, stored as one value by an alarm some seconds after a change. A hub that is lost between two
 * alarms loses what came since the last: metrics may, billed usage never comes from here (design, section 9).
 *
 * Hub 0 also keeps the health history and evaluates the alerts, over the sums of all hubs: once a minute while anything is counted anywhere, once more
 * after that, and as long as an alert is pending or firing or a notification waits. Then it has no alarm, as no idle hub has: every other hub tells it,
 * when it stores, that something was counted, and nobody else wakes it.
 */
import { DurableObject } from "cloudflare:workers";
import type { MetricSample, MetricsPush } from "#shared/contracts/metrics.ts";
import type { HealthRecord, PlatformStatus } from "#shared/contracts/rpc.ts";
import { log } from "#shared/observability/log.ts";
import { evaluateAlerts, summaryOf } from "../alerts/evaluate.ts";
import { addMeasurements, measure, type Measurements } from "../alerts/measure.ts";
import { ALERT_RULES } from "../alerts/rules.ts";
import { type Env, webhookTarget } from "../env.ts";
import { NotificationQueue } from "../webhook/notifications.ts";
import { loadAlerts, type StoredAlerts, storeAlerts } from "./alert-store.ts";
import { HealthHistory } from "./health-history.ts";
import { allHubs, chiefHub, isChief } from "./hubs.ts";
import { applyPush, type HubState, hubSamples } from "./series.ts";
import { loadTotals, storeTotals } from "./totals-store.ts";

const STORE_DELAY_MS = 10_000;
const EVALUATION_INTERVAL_MS = 60_000;

/** What only hub 0 has. */
interface Chief {
	health: HealthHistory;
	stored: StoredAlerts;
	notifications: NotificationQueue;
	/** Something was counted or probed since the last evaluation. */
	isActive: boolean;
}

export class MetricsHub extends DurableObject<Env> {
	readonly #state: HubState;
	readonly #chief: Chief | null;
	/** Something was counted since it was last stored. */
	#isDirty = false;
	/** Due time of the alarm, as far as this instance knows. */
	#armedAtMs: number | null = null;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		const { sql } = ctx.storage;
		this.#state = loadTotals(sql);
		this.#chief = isChief(env, ctx.id)
			? { health: new HealthHistory(sql), stored: loadAlerts(sql), notifications: new NotificationQueue(sql), isActive: false }
			: null;
		void ctx.blockConcurrencyWhile(async () => {
			this.#armedAtMs = await ctx.storage.getAlarm();
			if (this.#armedAtMs === null) await this.#rearm();
		});
	}

	/** @returns false when it was counted before */
	async push(push: MetricsPush): Promise<boolean> {
		if (!applyPush(this.#state, push)) return false;
		await this.#changed();
		return true;
	}

	/**
	 * What it has counted, stored first: a counter that has been shown must not fall when this object is lost, or Prometheus would take its whole
	 * value for an increase.
	 */
	async series(): Promise<MetricSample[]> {
		this.#store();
		return [...hubSamples(this.#state), ...(this.#chief?.health.gauges(Date.now()) ?? [])];
	}

	/** What the alerts need of its series. */
	async measurements(): Promise<Measurements> {
		return measure([...hubSamples(this.#state), ...(this.#chief?.health.gauges(Date.now()) ?? [])]);
	}

	async ready(): Promise<void> {}

	/** Hub 0: another hub has counted something. */
	async wake(): Promise<void> {
		await this.#expectEvaluation();
	}

	/** Hub 0. */
	async recordHealth(records: HealthRecord[]): Promise<void> {
		this.#chief?.health.record(records);
		await this.#expectEvaluation();
	}

	/** Hub 0. */
	async status(): Promise<PlatformStatus> {
		const episodes = this.#chief?.stored.alerts.episodes ?? {};
		const alerts = ALERT_RULES.flatMap((rule) => {
			const episode = episodes[rule.name];
			if (episode?.state !== "firing") return [];
			const { name, severity } = rule;
			return [{ name, severity, sinceMs: episode.sinceMs, summary: summaryOf(rule, episode.value) }];
		});
		return { alerts, history: this.#chief?.health.all() ?? [] };
	}

	override async alarm(): Promise<void> {
		this.#armedAtMs = null;
		try {
			const hadChanged = this.#isDirty;
			this.#store();
			if (this.#chief !== null) await this.#runChief(this.#chief);
			else if (hadChanged) await chiefHub(this.env).wake();
		} catch (error) {
			// An alarm that throws is given up after some attempts: the next change, or the time below, tries again.
			log("error", "hub alarm", { service: "monitoring", error: String(error) });
		}
		await this.#rearm();
	}

	async #runChief(chief: Chief): Promise<void> {
		const { evaluateAtMs } = chief.stored;
		if (evaluateAtMs !== null && evaluateAtMs <= Date.now()) await this.#evaluate(chief);
		const target = webhookTarget(this.env);
		if (target === null) return;
		await chief.notifications.deliver(target, { now: () => Date.now() }, (outcome) => this.#count(outcome));
	}

	async #evaluate(chief: Chief): Promise<void> {
		// Noted before the hubs are asked: what comes meanwhile is for the next evaluation. The time stands first: a failure below tries again then.
		const wasActive = chief.isActive;
		chief.isActive = false;
		chief.stored = { ...chief.stored, evaluateAtMs: Date.now() + EVALUATION_INTERVAL_MS };
		const others = allHubs(this.env).slice(1);
		const measurements = addMeasurements([await this.measurements(), ...(await Promise.all(others.map((hub) => hub.measurements())))]);
		const nowMs = Date.now();
		const { after, transitions } = evaluateAlerts(chief.stored.alerts, measurements, nowMs);
		const goesOn = wasActive || chief.isActive || Object.keys(after.episodes).length > 0;
		this.ctx.storage.transactionSync(() => {
			chief.stored = { alerts: after, evaluateAtMs: goesOn ? nowMs + EVALUATION_INTERVAL_MS : null };
			storeAlerts(this.ctx.storage.sql, chief.stored);
			if (webhookTarget(this.env) === null) return;
			for (let dropped = chief.notifications.add(transitions, nowMs); dropped > 0; dropped--) this.#count("dropped");
		});
		for (const { kind, rule, episode } of transitions) {
			const summary = summaryOf(rule, episode.value);
			log(kind === "firing" ? "warn" : "info", `alert ${kind}`, {
				service: "monitoring",
				alert: rule.name,
				severity: rule.severity,
				summary,
			});
		}
	}

	#count(outcome: string): void {
		const sample = this.#state.series.find("counter", "littoral_alert_notifications_total", { service: "monitoring", outcome });
		if (sample) sample.value++;
		this.#isDirty = true;
	}

	async #changed(): Promise<void> {
		this.#isDirty = true;
		await this.#arm(Date.now() + STORE_DELAY_MS);
		await this.#expectEvaluation();
	}

	/** An evaluation is due within a minute of what has just happened. */
	async #expectEvaluation(): Promise<void> {
		if (this.#chief === null) return;
		this.#chief.isActive = true;
		const { stored } = this.#chief;
		if (stored.evaluateAtMs !== null) return;
		const lastMs = stored.alerts.snapshots.at(-1)?.atMs ?? 0;
		const nowMs = Date.now();
		const evaluateAtMs = Math.min(Math.max(nowMs + STORE_DELAY_MS, lastMs + EVALUATION_INTERVAL_MS), nowMs + EVALUATION_INTERVAL_MS);
		this.#chief.stored = { ...stored, evaluateAtMs };
		storeAlerts(this.ctx.storage.sql, this.#chief.stored);
		await this.#arm(evaluateAtMs);
	}

	async #rearm(): Promise<void> {
		const notificationDueMs = webhookTarget(this.env) === null ? null : (this.#chief?.notifications.dueMs() ?? null);
		const due = [this.#chief?.stored.evaluateAtMs ?? null, notificationDueMs, this.#isDirty ? Date.now() + STORE_DELAY_MS : null];
		for (const atMs of due) if (atMs !== null) await this.#arm(atMs);
	}

	/** The alarm stands at the earliest of what was asked for. */
	async #arm(atMs: number): Promise<void> {
		if (this.#armedAtMs !== null && this.#armedAtMs <= atMs) return;
		this.#armedAtMs = atMs;
		await this.ctx.storage.setAlarm(atMs);
	}

	#store(): void {
		if (!this.#isDirty) return;
		storeTotals(this.ctx.storage, this.#state);
		this.#isDirty = false;
	}
}
