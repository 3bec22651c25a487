/** Headers as all layers pass them. */

/** Flat list: name, value, name, value, … Names are lower case; strings hold one octet per character (latin1). */
export type HeaderList = readonly string[];
