/** What of node:zlib is used; workerd gives it through nodejs_compat. */
declare module "node:zlib" {
	/** @throws RangeError (ERR_BUFFER_TOO_LARGE) when the output is larger than `maxOutputLength` */
	export function gunzipSync(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
	export function zstdDecompressSync(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}
