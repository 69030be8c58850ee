/** Version of everything in `contracts/`; a house test compares the hash of the folder with the one recorded for this version. */
export const CONTRACT_VERSION = 1;
