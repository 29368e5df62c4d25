/** What is larger takes long enough to read that it does so in slices; less is done before a slice would end. */
export const LARGE_BODY_BYTES = 64 * 1024;
