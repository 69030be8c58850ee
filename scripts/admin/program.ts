/** The commands, their options and help. */
import { Command, InvalidArgumentError, Option } from "commander";
import { LittoralClient } from "../client.ts";
import { rebuildCatalog } from "./catalog.ts";
import { listDeadLetters, listJobs, redrive } from "./jobs.ts";
import { setBounds, showScaling } from "./scaling.ts";
import { deleteTenant, listShards, listTenants, setShards, setTenantState } from "./tenants.ts";

export interface Connection {
	client: LittoralClient;
	asJson: boolean;
}

const HELP = `
Exit codes: 0 done, 1 refused or not reached, 2 wrong usage, 3 done in part.

Examples:
  npm run -s admin -- tenants list
  npm run -s admin -- --json jobs list --tenant acme
  npm run -s admin -- --url https://littoral.example.com catalog rebuild`;

export function adminProgram(): Command {
	const program = new Command("admin")
		.description("Platform administration of a Littoral deployment.")
		.addOption(new Option("--url <url>", "where the gateway answers").env("LITTORAL_URL").default("http://127.0.0.1:8787"))
		.addOption(new Option("--admin-key <key>", "platform administration's key").env("ADMIN_KEY"))
		.option("--json", "print JSON for programs")
		.addHelpText("after", HELP)
		.exitOverride()
		.showHelpAfterError("(--help says more)");

	/** Options may stand before or after the command. */
	const connection = (command: Command): Connection => {
		const { url, adminKey, json } = command.optsWithGlobals<{ url: string; adminKey?: string; json?: boolean }>();
		if (adminKey === undefined) command.error("error: ADMIN_KEY is not set; give it in the environment or by --admin-key");
		if (!URL.canParse(url)) command.error(`error: --url ${url} is no URL`);
		return { client: new LittoralClient(url.replace(/\/+$/, ""), adminKey), asJson: json ?? false };
	};

	const tenants = program.command("tenants").description("list tenants and change their state");
	tenants
		.command("list")
		.description("all tenants")
		.action(async (_, command: Command) => listTenants(connection(command)));
	for (const verb of ["suspend", "resume"] as const) {
		tenants
			.command(verb)
			.argument("<tenant>")
			.description(verb === "suspend" ? "its credentials get 403 within 5 s" : "lift a suspension")
			.action(async (tenant: string, _, command: Command) => setTenantState(connection(command), tenant, verb));
	}
	tenants
		.command("delete")
		.argument("<tenant>")
		.requiredOption("--confirm <tenant>", "the tenant's name once more: everything of it is deleted for good")
		.description("delete a tenant with all its data, and wait until nothing is left")
		.action(async (tenant: string, { confirm }: { confirm: string }, command: Command) => {
			if (confirm !== tenant) command.error(`error: --confirm ${confirm} is not ${tenant}`);
			await deleteTenant(connection(command), tenant);
		});

	const shards = program.command("shards").description("the shards of a tenant");
	shards
		.command("list")
		.argument("<tenant>")
		.description("its active and draining shards")
		.action(async (tenant: string, _, command: Command) => listShards(connection(command), tenant));
	shards
		.command("set")
		.argument("<tenant>")
		.argument("<count>", "active shards", wholeNumber)
		.description("pin the number of active shards")
		.action(async (tenant: string, count: number, _, command: Command) => setShards(connection(command), tenant, count));

	const scaling = program.command("scaling").description("autoscaling of a tenant");
	scaling
		.command("show")
		.argument("<tenant>")
		.description("its decisions with their inputs, newest first, and what the policy would do now")
		.action(async (tenant: string, _, command: Command) => showScaling(connection(command), tenant));
	scaling
		.command("bounds")
		.argument("<tenant>")
		.argument("<min>", "least shards", wholeNumber)
		.argument("<max>", "most shards", wholeNumber)
		.description("set the bounds between which autoscaling moves, and free a pinned tenant")
		.action(async (tenant: string, min: number, max: number, _, command: Command) => setBounds(connection(command), tenant, { min, max }));

	program
		.command("jobs")
		.description("background jobs")
		.command("list")
		.option("--tenant <tenant>", "only this tenant's")
		.description("newest first")
		.action(async ({ tenant }: { tenant?: string }, command: Command) => listJobs(connection(command), tenant));

	const letters = program.command("dead-letters").description("messages that were given up");
	letters
		.command("list")
		.description("newest first")
		.action(async (_, command: Command) => listDeadLetters(connection(command)));
	letters
		.command("redrive")
		.argument("<id...>", "ids of the list, or `all`")
		.description("try again")
		.action(async (ids: string[], _, command: Command) => redrive(connection(command), ids));

	program
		.command("catalog")
		.description("the catalog's database")
		.command("rebuild")
		.description("restore, from the backup in R2, every table that D1 has lost; tables that it has are left alone")
		.action(async (_, command: Command) => rebuildCatalog(connection(command)));
	return program;
}

function wholeNumber(text: string): number {
	if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError("a whole number from 1");
	return Number(text);
}
