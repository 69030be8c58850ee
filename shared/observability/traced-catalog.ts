/** The catalog as one request sees it: every call carries the caller's span and request id, so that its log lines share the request's trace. */
import type { CallTrace, CatalogRpc } from "#shared/contracts/rpc.ts";

export function tracedCatalog(catalog: CatalogRpc, trace: CallTrace): CatalogRpc {
	return {
		createTable: (tenantId, request) => catalog.createTable(tenantId, request, trace),
		createView: (tenantId, request) => catalog.createView(tenantId, request, trace),
		dropRelations: (tenantId, request) => catalog.dropRelations(tenantId, request, trace),
		dropTable: (tenantId, request) => catalog.dropTable(tenantId, request, trace),
		listTables: (tenantId, page) => catalog.listTables(tenantId, page, trace),
		describeTable: (tenantId, name) => catalog.describeTable(tenantId, name, trace),
		readSnapshots: (tenantId, requests) => catalog.readSnapshots(tenantId, requests, trace),
		tableNames: (tenantId) => catalog.tableNames(tenantId, trace),
		commit: (request) => catalog.commit(request, trace),
		commitStatus: (tenantId, commitId) => catalog.commitStatus(tenantId, commitId, trace),
		shardWatermarks: (tenantId, shard) => catalog.shardWatermarks(tenantId, shard, trace),
		tableState: (tenantId, tableId) => catalog.tableState(tenantId, tableId, trace),
		announceObjects: (tenantId, tableId) => catalog.announceObjects(tenantId, tableId, trace),
		rebuild: (cursor) => catalog.rebuild(cursor, trace),
		deleteTenant: (tenantId) => catalog.deleteTenant(tenantId, trace),
		jobs: (tenantId, page) => catalog.jobs(tenantId, page, trace),
		deadLetters: (page) => catalog.deadLetters(page, trace),
		redrive: (id) => catalog.redrive(id, trace),
		ready: () => catalog.ready(),
	};
}
