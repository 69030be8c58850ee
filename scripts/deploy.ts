/**
 * `npm run deploy -- [--env NAME] [--dry-run]`: creates what is missing, migrates, deploys all six bottom-up.
 *
 * Needs CLOUDFLARE_API_TOKEN (or `wrangler login`) and, on the first deployment of an environment, ADMIN_KEY. A dry run needs neither: it builds
 * all six and prints each command it would run.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { environmentConfig } from "./deploy/config.ts";
import { type Command, planDeployment } from "./deploy/plan.ts";
import { FLEET, type FleetMember, ROOT } from "./fleet.ts";

const { values: options } = parseArgs({ options: { env: { type: "string" }, "dry-run": { type: "boolean", default: false } } });
const environment = options.env ?? null;
if (environment !== null && !/^[a-z][a-z0-9-]{0,20}$/.test(environment))
	fail(`--env ${environment}: lower-case letters, digits and hyphens`);
const outDir = join(ROOT, "dist/deploy", environment ?? "production");
const configPath = (member: FleetMember): string => join(outDir, `${member.name}.json`);
const contractDir = (member: FleetMember): string => join(ROOT, "workers", member.name, "migrations-contract");

function fail(message: string): never {
	process.stderr.write(`deploy: ${message}\n`);
	process.exit(1);
}

/** Runs wrangler. @returns its stdout; ends the deployment when it fails */
function wrangler(args: string[], input?: string): string {
	const result = spawnSync("wrangler", args, { cwd: ROOT, encoding: "utf8", input: input ?? "", stdio: ["pipe", "pipe", "inherit"] });
	if (result.status !== 0) fail(`wrangler ${args.join(" ")} ended with ${result.status}\n${result.stdout}`);
	return result.stdout;
}

function writeConfigs(databaseIds: Record<string, string>): void {
	mkdirSync(outDir, { recursive: true });
	for (const member of FLEET) {
		const config = environmentConfig(member, environment, databaseIds);
		writeFileSync(configPath(member), JSON.stringify(config, null, "\t"));
		if (!member.database || !existsSync(contractDir(member))) continue;
		const databases = (config["d1_databases"] as object[]).map((database) => ({ ...database, migrations_dir: contractDir(member) }));
		writeFileSync(`${configPath(member)}.contract.json`, JSON.stringify({ ...config, d1_databases: databases }, null, "\t"));
	}
}

/** Names of what exists in the account, by kind. */
function existing(): Record<"d1" | "r2" | "queue" | "secret", (name: string) => boolean> {
	const databases = JSON.parse(wrangler(["d1", "list", "--json"])) as { name: string }[];
	const buckets = wrangler(["r2", "bucket", "list"]);
	const queues = wrangler(["queues", "list"]);
	const mentioned = (text: string, name: string): boolean => new RegExp(`(^|[^\\w-])${name}($|[^\\w-])`, "m").test(text);
	return {
		d1: (name) => databases.some((database) => database.name === name),
		r2: (name) => mentioned(buckets, name),
		queue: (name) => mentioned(queues, name),
		secret: (name) => {
			const gateway = FLEET.find((member) => member.name === "gateway") as FleetMember;
			return (JSON.parse(wrangler(["secret", "list", "--config", configPath(gateway)])) as { name: string }[]).some(
				(secret) => secret.name === name,
			);
		},
	};
}

function databaseIds(): Record<string, string> {
	const databases = JSON.parse(wrangler(["d1", "list", "--json"])) as { name: string; uuid: string }[];
	return Object.fromEntries(databases.map(({ name, uuid }) => [name, uuid]));
}

function dryRun(commands: Command[]): void {
	for (const member of FLEET) {
		wrangler(["deploy", "--dry-run", "--config", configPath(member), "--outdir", join(outDir, "bundles", member.name)]);
		process.stdout.write(`built ${member.name}\n`);
	}
	for (const command of commands) {
		const condition = command.unlessExists ? `   # unless ${command.unlessExists.kind} ${command.unlessExists.name} exists` : "";
		process.stdout.write(`${command.phase}: wrangler ${command.arguments.join(" ").replaceAll(`${ROOT}/`, "")}${condition}\n`);
	}
}

function deploy(commands: Command[]): void {
	const exists = existing();
	for (const command of commands) {
		const { unlessExists } = command;
		if (unlessExists && exists[unlessExists.kind](unlessExists.name)) continue;
		if (command.phase !== "create") writeConfigs(databaseIds());
		const secret = unlessExists?.kind === "secret" ? process.env[unlessExists.name] : undefined;
		if (unlessExists?.kind === "secret" && !secret)
			fail(`set ${unlessExists.name} in the environment: the first deployment stores it as a secret`);
		process.stdout.write(`${command.phase}: wrangler ${command.arguments.join(" ")}\n`);
		wrangler(command.arguments, secret);
	}
}

writeConfigs({});
const commands = planDeployment({ environment, configPath, hasContractMigrations: (member) => existsSync(contractDir(member)) });
if (options["dry-run"]) dryRun(commands);
else deploy(commands);
