/** The bare peer's second hop, where the tenant Worker stands, and its Durable Object: it stores the bytes as they came, in SQLite, and answers. */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

interface Env {
	LOGS: DurableObjectNamespace<BareLog>;
}

/** Bodies for this name are read, and go no further. */
const NO_OBJECT = "/none";

export class BareLog extends DurableObject<Env> {
	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS log (sequence INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
	}

	/** The output gate holds the answer back until the row is durable, as it does a shard's. */
	async append(bytes: ArrayBuffer): Promise<number> {
		return this.ctx.storage.sql.exec("INSERT INTO log (bytes) VALUES (?) RETURNING sequence", bytes).one()["sequence"] as number;
	}
}

export class BareService extends WorkerEntrypoint<Env> {
	async append(name: string, body: ReadableStream<Uint8Array>): Promise<number> {
		const bytes = await new Response(body).arrayBuffer();
		if (name === NO_OBJECT) return 0;
		return await this.env.LOGS.getByName(name).append(bytes);
	}
}

export default {
	fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<Env>;
