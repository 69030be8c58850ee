/**
 * Which database of the list holds a tenant. The choice for a new tenant is a pure function of its id and the list; it is written to the first
 * database before the tenant's first table, since the list grows. A tenant without a row has no tables. While the list has one database, only that is read, and a query
 * of a tenant that the isolate does not know needs one round trip less.
 */
import { assert } from "#shared/base/assert.ts";
import { rendezvous } from "#shared/base/hash.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { ASSIGNMENT_CACHE_COUNT_MAX } from "#shared/base/limits.ts";
import { sql } from "drizzle-orm";
import type { CatalogDatabase, CatalogPorts } from "../ports.ts";
import { repeated } from "./attempts.ts";
import { numberOf, statement } from "./statement.ts";

/** Index in the list of the database that a tenant without a stored assignment gets. */
export function chosenDatabase(tenantId: TenantId, databaseCount: number): number {
	return rendezvous(
		tenantId,
		Array.from({ length: databaseCount }, (_, index) => index),
	);
}

export class DatabaseAssignment {
	/** Assignments never change, so they are kept until the bound; the oldest goes first. */
	readonly #known = new Map<TenantId, number>();

	/** The tenant's database, stored for good if it was not. */
	async assign(ports: CatalogPorts, tenantId: TenantId): Promise<CatalogDatabase> {
		const known = this.#known.get(tenantId);
		if (known !== undefined) return databaseAt(ports, known);
		return await this.#write(ports, tenantId, chosenDatabase(tenantId, ports.databases.length));
	}

	/** The tenant's database, stored as `database` where the row was lost. */
	async restore(ports: CatalogPorts, tenantId: TenantId, database: number): Promise<CatalogDatabase> {
		return await this.#write(ports, tenantId, database);
	}

	/** The tenant's database, null while it has none and so no tables. Where there is but one database it is that one, whether the tenant has anything in it or not. */
	async find(ports: CatalogPorts, tenantId: TenantId): Promise<CatalogDatabase | null> {
		if (ports.databases.length === 1) return databaseAt(ports, 0);
		const known = this.#known.get(tenantId);
		if (known !== undefined) return databaseAt(ports, known);
		const [rows] = await repeated(ports, () =>
			databaseAt(ports, 0).batch("read_assignment", [
				statement(sql`SELECT "database" FROM tenant_assignment WHERE tenant_id = ${tenantId}`),
			]),
		);
		const row = rows?.[0];
		return row === undefined ? null : this.#remember(ports, tenantId, numberOf(row, "database"));
	}

	/** The tenant's database, or the one that a tenant without any would get, not stored: for a note that is gone again by itself. */
	async findOrChoose(ports: CatalogPorts, tenantId: TenantId): Promise<CatalogDatabase> {
		return (await this.find(ports, tenantId)) ?? databaseAt(ports, chosenDatabase(tenantId, ports.databases.length));
	}

	forget(tenantId: TenantId): void {
		this.#known.delete(tenantId);
	}

	async #write(ports: CatalogPorts, tenantId: TenantId, chosen: number): Promise<CatalogDatabase> {
		const results = await repeated(ports, () =>
			databaseAt(ports, 0).batch("write_assignment", [
				statement(sql`INSERT INTO tenant_assignment (tenant_id, "database") VALUES (${tenantId}, ${chosen}) ON CONFLICT DO NOTHING`),
				statement(sql`SELECT "database" FROM tenant_assignment WHERE tenant_id = ${tenantId}`),
			]),
		);
		const row = results[1]?.[0];
		assert(row !== undefined, "an assignment that was written can be read");
		return this.#remember(ports, tenantId, numberOf(row, "database"));
	}

	#remember(ports: CatalogPorts, tenantId: TenantId, index: number): CatalogDatabase {
		if (this.#known.size >= ASSIGNMENT_CACHE_COUNT_MAX) {
			for (const oldest of this.#known.keys()) {
				this.#known.delete(oldest);
				break;
			}
		}
		this.#known.set(tenantId, index);
		return databaseAt(ports, index);
	}
}

function databaseAt(ports: CatalogPorts, index: number): CatalogDatabase {
	const database = ports.databases[index];
	assert(database !== undefined, `database ${index} of the catalog is bound`);
	return database;
}
