/** A small client of the HTTP API, for the demo, the tests and the benches. */

export interface SqlResult {
	query_id: string;
	columns: { name: string; type: string; nullable: boolean }[];
	rows: unknown[][];
	row_count: number;
	statistics: {
		elapsed_ms: number;
		rows_scanned: number;
		bytes_scanned: number;
		files_scanned: number;
		files_pruned: number;
		estimated_cost_usd: number;
		arena_peak_bytes: number;
		spilled_bytes: number;
	};
}

export interface CommandResult {
	query_id: string;
	command: string;
	row_count: number;
	bookmark: string;
	duplicate?: boolean;
}

export interface AppendResult {
	accepted: number;
	bookmark: string;
	duplicate: boolean;
}

/** RFC 9457, as the API answers it. */
export interface Problem {
	type: string;
	title: string;
	status: number;
	code: string;
	detail: string;
	request_id: string;
	sqlstate?: string;
	position?: number;
	hint?: string;
	line?: number;
	errors?: { row: number; line?: number; column: string; code: string; detail: string }[];
	error_count?: number;
}

/** An answer other than 2xx. */
export class ApiError extends Error {
	readonly problem: Problem;
	readonly retryAfterSeconds: number | null;

	constructor(problem: Problem, retryAfter: string | null) {
		super(`${problem.status} ${problem.code}: ${problem.detail}`);
		this.problem = problem;
		this.retryAfterSeconds = retryAfter === null ? null : Number(retryAfter);
	}
}

export type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

export class LittoralClient {
	readonly url: string;
	readonly credential: string;
	readonly #headers: Record<string, string>;

	/** @param headers of every request */
	constructor(url: string, credential: string, headers: Record<string, string> = {}) {
		this.url = url;
		this.credential = credential;
		this.#headers = headers;
	}

	/** The same credential at another address: a server that was started again. */
	at(url: string): LittoralClient {
		return new LittoralClient(url, this.credential, this.#headers);
	}

	/** Any call, whatever its status. */
	async request(
		path: string,
		init: { method?: string; headers?: Record<string, string>; body?: Body; signal?: AbortSignal } = {},
	): Promise<Response> {
		const headers = { Authorization: `Bearer ${this.credential}`, ...this.#headers, ...init.headers };
		const options: RequestInit & { duplex?: "half" } = { method: init.method ?? (init.body === undefined ? "GET" : "POST"), headers };
		if (init.body !== undefined) options.body = init.body;
		if (init.body instanceof ReadableStream) options.duplex = "half";
		if (init.signal) options.signal = init.signal;
		return await fetch(`${this.url}${path}`, options);
	}

	/** @throws ApiError for an answer other than 2xx */
	async json<Answer>(path: string, init: Parameters<LittoralClient["request"]>[1] = {}): Promise<Answer> {
		const response = await this.request(path, init);
		if (!response.ok) throw new ApiError((await response.json()) as Problem, response.headers.get("Retry-After"));
		return (response.status === 204 ? null : await response.json()) as Answer;
	}

	async query(sql: string, options: { params?: unknown[]; settings?: Record<string, unknown> } = {}): Promise<SqlResult> {
		return await this.json("/v1/sql", { headers: { "Content-Type": "application/json" }, body: JSON.stringify({ sql, ...options }) });
	}

	async execute(sql: string, options: { params?: unknown[]; idempotencyKey?: string } = {}): Promise<CommandResult> {
		const headers: Record<string, string> = { "Content-Type": "application/json" };
		if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
		return await this.json("/v1/sql", { headers, body: JSON.stringify({ sql, ...(options.params ? { params: options.params } : {}) }) });
	}

	async append(table: string, body: Body, contentType = "application/json", headers: Record<string, string> = {}): Promise<AppendResult> {
		return await this.json(`/v1/tables/${encodeURIComponent(table)}/rows`, {
			method: "POST",
			headers: { "Content-Type": contentType, ...headers },
			body,
		});
	}
}
