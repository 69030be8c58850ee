/** What of node:crypto is used; workerd gives it through nodejs_compat. */
declare module "node:crypto" {
	interface Hash {
		update(data: Uint8Array | string): Hash;
		digest(): Uint8Array;
		digest(encoding: "hex"): string;
	}
	export function createHash(algorithm: "md5" | "sha224" | "sha256" | "sha384" | "sha512"): Hash;
}
