/** The tenant Worker with the work left out: what remains of a request's processor time is the gateway's. */
import type { CallContext } from "#shared/contracts/principal.ts";
import type { AppendAnswer, IngestRequest, QueryAnswer } from "#shared/contracts/rpc.ts";
import { TenantService as ProductService } from "../../workers/tenant/src/index.ts";

export { default, TenantShard } from "../../workers/tenant/src/index.ts";

export class TenantService extends ProductService {
	override async ingest(_: CallContext, request: IngestRequest): Promise<AppendAnswer> {
		await new Response(request.body).arrayBuffer();
		return { accepted: 1, bookmark: "", duplicate: false };
	}

	override async query(): Promise<QueryAnswer> {
		return { kind: "command", command: "NOTHING", rowCount: 0, bookmark: "" };
	}
}
