/** What a deployment runs, in order: pure, so that `--dry-run` prints and a test asserts the very commands. */
import { FLEET, type FleetMember } from "../fleet.ts";

export interface Command {
	/** Why it is run; the heading it is printed under. */
	phase: "create" | "expand" | "deploy" | "secrets" | "contract";
	/** Arguments of wrangler. */
	arguments: string[];
	/** Skipped when this resource exists already. */
	unlessExists?: { kind: "d1" | "r2" | "queue" | "secret"; name: string };
}

export interface DeploymentOptions {
	/** Suffix of every name (`--env staging` -> `littoral-staging-data`); null is production. */
	environment: string | null;
	/** Path of a Worker's generated configuration. */
	configPath: (member: FleetMember) => string;
	/** Workers with migrations that remove what the former code still used; they run after the deployment. */
	hasContractMigrations: (member: FleetMember) => boolean;
}

const QUEUES = ["littoral-signals", "littoral-signals-dead", "littoral-compaction", "littoral-compaction-dead"];
const BUCKETS = ["littoral-data"];
/** Secrets of the gateway that a deployment sets from the caller's environment when they are not there yet. */
const SECRETS = ["ADMIN_KEY"];

/** `littoral-x` in an environment is `littoral-<environment>-x`. */
export function nameIn(environment: string | null, name: string): string {
	return environment === null ? name : name.replace(/^littoral-/, `littoral-${environment}-`);
}

/**
 * Creates what is missing, expands schemas, deploys bottom-up (no Worker before those it calls), sets secrets, contracts schemas.
 * Code of either version runs on the expanded schema, since the six are not replaced at once.
 */
export function planDeployment(options: DeploymentOptions): Command[] {
	const named = (name: string): string => nameIn(options.environment, name);
	const commands: Command[] = [];
	for (const { database } of FLEET) {
		if (database)
			commands.push({
				phase: "create",
				arguments: ["d1", "create", named(database.name)],
				unlessExists: { kind: "d1", name: named(database.name) },
			});
	}
	for (const bucket of BUCKETS) {
		commands.push({
			phase: "create",
			arguments: ["r2", "bucket", "create", named(bucket)],
			unlessExists: { kind: "r2", name: named(bucket) },
		});
	}
	for (const queue of QUEUES) {
		commands.push({ phase: "create", arguments: ["queues", "create", named(queue)], unlessExists: { kind: "queue", name: named(queue) } });
	}
	for (const member of FLEET) {
		if (member.database)
			commands.push({
				phase: "expand",
				arguments: ["d1", "migrations", "apply", named(member.database.name), "--remote", "--config", options.configPath(member)],
			});
	}
	for (const member of FLEET) commands.push({ phase: "deploy", arguments: ["deploy", "--config", options.configPath(member)] });
	const gateway = FLEET.find((member) => member.name === "gateway") as FleetMember;
	for (const secret of SECRETS) {
		commands.push({
			phase: "secrets",
			arguments: ["secret", "put", secret, "--config", options.configPath(gateway)],
			unlessExists: { kind: "secret", name: secret },
		});
	}
	for (const member of FLEET) {
		if (!member.database || !options.hasContractMigrations(member)) continue;
		commands.push({
			phase: "contract",
			arguments: [
				"d1",
				"migrations",
				"apply",
				named(member.database.name),
				"--remote",
				"--config",
				`${options.configPath(member)}.contract.json`,
			],
		});
	}
	return commands;
}
