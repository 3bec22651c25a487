/** What went wrong, by kind, with the first few texts of each. */

const TEXTS_MAX = 5;

export class Problems {
  byKind = new Map();

  get isClean() {
    return this.byKind.size === 0;
  }

  report(kind, text) {
    const found = this.byKind.get(kind) ?? { count: 0, texts: [] };
    found.count += 1;
    if (found.texts.length < TEXTS_MAX) found.texts.push(text);
    this.byKind.set(kind, found);
  }

  get lines() {
    return [...this.byKind].flatMap(([kind, { count, texts }]) => [
      `  ${kind}: ${count}`,
      ...texts.map((text) => `    ${text}`),
    ]);
  }
}
